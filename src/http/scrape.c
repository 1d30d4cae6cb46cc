/* scrape.c: a text goes with the last who holds it. */
#include "http/scrape.h"

#include "base/metrics_text.h"
#include "base/time.h"
#include "http/coding.h"

#include <stdlib.h>

enum {
    FRESH_MS = 100,
    MOST_TEXTS = 64, /* some MiB with their gzip */
};

void scrapes_init(struct scrapes *scrapes, struct metrics *metrics)
{
    *scrapes = (struct scrapes){.metrics = metrics};
    pthread_mutex_init(&scrapes->lock, NULL);
}

/* With the lock held. */
static void let_go(struct scrapes *scrapes, struct scrape *scrape)
{
    if (scrape == NULL || --scrape->holders > 0)
        return;
    scrapes->held--;
    arena_free(&scrape->arena);
    free(scrape);
}

void scrapes_free(struct scrapes *scrapes)
{
    let_go(scrapes, scrapes->latest);
    pthread_mutex_destroy(&scrapes->lock);
}

/* What is made on the way to the text goes at once. */
static struct scrape *make(struct metrics *metrics)
{
    struct scrape *scrape = calloc(1, sizeof *scrape);
    struct arena making;
    if (scrape == NULL)
        abort(); /* as the arena does */
    arena_init(&making);
    arena_init(&scrape->arena);
    const char *text = metrics_text(metrics, &making, &scrape->length);
    scrape->text = arena_copy(&scrape->arena, text, scrape->length);
    scrape->holders = 1;
    arena_free(&making);
    return scrape;
}

struct scrape *scrape_take(struct scrapes *scrapes)
{
    pthread_mutex_lock(&scrapes->lock);
    const uint64_t now_ns = time_monotonic_ns();
    const bool is_fresh = now_ns - scrapes->made_ns < (uint64_t)FRESH_MS * NS_PER_MS;
    if (scrapes->latest == NULL || (!is_fresh && scrapes->held < MOST_TEXTS)) {
        let_go(scrapes, scrapes->latest);
        scrapes->latest = make(scrapes->metrics);
        scrapes->made_ns = now_ns;
        scrapes->held++;
    }
    struct scrape *taken = scrapes->latest;
    taken->holders++;
    pthread_mutex_unlock(&scrapes->lock);
    return taken;
}

/* With the lock held. */
static void make_gzip(struct scrape *scrape)
{
    struct arena making;
    size_t length;
    arena_init(&making);
    const char *gzip = coding_gzip(scrape->text, scrape->length, CODING_EACH, &making, &length);
    if (gzip != NULL) {
        scrape->gzip = arena_copy(&scrape->arena, gzip, length);
        scrape->gzip_length = length;
    }
    arena_free(&making);
}

const char *scrape_gzip(struct scrapes *scrapes, struct scrape *scrape, size_t *length)
{
    pthread_mutex_lock(&scrapes->lock);
    if (scrape->gzip == NULL)
        make_gzip(scrape);
    const char *gzip = scrape->gzip;
    *length = scrape->gzip_length;
    pthread_mutex_unlock(&scrapes->lock);
    return gzip;
}

/* Anybody may ask for it: so neither what is sent, nor its gzip, is made for each. */
struct scrape *scrape_answer(struct scrapes *scrapes, const char *accept_encoding, struct answer *answer)
{
    struct scrape *scrape = scrape_take(scrapes);
    size_t length;
    const char *gzip = coding_takes_gzip(accept_encoding) ? scrape_gzip(scrapes, scrape, &length) : NULL;
    answer->type = METRICS_TEXT_TYPE;
    answer->is_coded = true;
    answer_header(answer, "Vary", "Accept-Encoding");
    if (gzip != NULL)
        answer_header(answer, "Content-Encoding", "gzip");
    answer->body = gzip != NULL ? gzip : scrape->text;
    answer->length = gzip != NULL ? length : scrape->length;
    return scrape;
}

void scrape_release(struct scrapes *scrapes, struct scrape *scrape)
{
    pthread_mutex_lock(&scrapes->lock);
    let_go(scrapes, scrape);
    pthread_mutex_unlock(&scrapes->lock);
}
