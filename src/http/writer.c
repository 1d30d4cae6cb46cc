/* writer.c: a queue by principal, and a thread that empties it. */
#include "http/writer.h"

#include "base/bit_set.h"
#include "base/hash.h"

#include <errno.h>

enum { PERTURB_WRITINGS = 64 }; /* how many are written while two principals may share a flow */

static void add(struct writer *writer, struct writing *writing)
{
    const unsigned index = hash_mix(writing->principal, writer->salt) % WRITER_FLOWS;
    STAILQ_INSERT_TAIL(&writer->flows[index], writing, next);
    writer->waiting |= bit_set_of(index);
}

static struct writing *take_of(struct writer *writer, unsigned index)
{
    struct writing *first = STAILQ_FIRST(&writer->flows[index]);
    STAILQ_REMOVE_HEAD(&writer->flows[index], next);
    if (STAILQ_EMPTY(&writer->flows[index]))
        writer->waiting &= ~bit_set_of(index);
    return first;
}

/* Those who share a flow part. */
static void perturb(struct writer *writer)
{
    struct writing_list all = STAILQ_HEAD_INITIALIZER(all);
    while (writer->waiting != 0) {
        struct writing *first = take_of(writer, bit_set_next(writer->waiting, 0));
        STAILQ_INSERT_TAIL(&all, first, next);
    }
    writer->salt += UINT32_C(0x9e3779b9);
    while (!STAILQ_EMPTY(&all)) {
        struct writing *first = STAILQ_FIRST(&all);
        STAILQ_REMOVE_HEAD(&all, next);
        add(writer, first);
    }
}

/* With something waiting. */
static struct writing *take_next(struct writer *writer)
{
    if (++writer->taken >= PERTURB_WRITINGS) {
        writer->taken = 0;
        perturb(writer);
    }
    const unsigned index = bit_set_next(writer->waiting, writer->next);
    writer->next = index + 1;
    return take_of(writer, index);
}

/* NULL: there is none, and will be none. */
static struct writing *take(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->waiting == 0 && !writer->stop)
        pthread_cond_wait(&writer->changed, &writer->lock);
    struct writing *first = writer->waiting != 0 ? take_next(writer) : NULL;
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
    for (unsigned i = 0; i < WRITER_FLOWS; i++)
        STAILQ_INIT(&writer->flows[i]);
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
    add(writer, writing);
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
