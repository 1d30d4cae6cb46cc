/* writer.c: a queue, and a thread that empties it. */
#include "http/writer.h"

#include <errno.h>

/* NULL: there is none, and will be none. */
static struct writing *take(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (STAILQ_EMPTY(&writer->waiting) && !writer->stop)
        pthread_cond_wait(&writer->changed, &writer->lock);
    struct writing *first = STAILQ_FIRST(&writer->waiting);
    if (first != NULL)
        STAILQ_REMOVE_HEAD(&writer->waiting, next);
    pthread_mutex_unlock(&writer->lock);
    return first;
}

static void *run(void *arg)
{
    struct writer *writer = arg;
    pthread_setname_np(pthread_self(), WRITER_NAME);
    for (struct writing *writing = take(writer); writing != NULL; writing = take(writer))
        writing->write(writing);
    return NULL;
}

static void free_locks(struct writer *writer)
{
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
}

bool writer_start(struct writer *writer)
{
    *writer = (struct writer){.is_running = true};
    STAILQ_INIT(&writer->waiting);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->changed, NULL);
    const int error = pthread_create(&writer->thread, NULL, run, writer);
    if (error == 0)
        return true;
    writer->is_running = false;
    free_locks(writer);
    errno = error;
    return false;
}

void writer_add(struct writer *writer, struct writing *writing)
{
    pthread_mutex_lock(&writer->lock);
    STAILQ_INSERT_TAIL(&writer->waiting, writing, next);
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
}

void writer_stop(struct writer *writer)
{
    if (!writer->is_running)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_signal(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    free_locks(writer);
}
