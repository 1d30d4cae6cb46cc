/* scrape.h: a cache of the text of /metrics, which needs no key. It is made ten times a second at most, and
 * shared by all answers, as is its gzip form: so neither frequent scrapes nor slow readers cost more than
 * that. */
#ifndef HTTP_SCRAPE_H
#define HTTP_SCRAPE_H

#include "base/metrics.h"
#include "http/answer.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* One text. */
struct scrape {
    const char *text;
    size_t length;
    struct arena arena; /* owns the text, and its gzip */
    unsigned holders;   /* guarded by the lock of all, as is all below */
    const char *gzip;   /* NULL: nobody asked for it yet */
    size_t gzip_length;
};

/* Safe from any thread. */
struct scrapes {
    struct metrics *metrics;
    pthread_mutex_t lock;  /* guards all below */
    struct scrape *latest; /* which this holds; NULL: none was made yet */
    uint64_t made_ns;
    unsigned held; /* texts that there are. While they are many, no newer one is made */
};

void scrapes_init(struct scrapes *scrapes, struct metrics *metrics);

/* When nobody holds any. */
void scrapes_free(struct scrapes *scrapes);

/* A text of this moment, or of a tenth of a second ago; to be given back with scrape_release. */
struct scrape *scrape_take(struct scrapes *scrapes);

/* The text as gzip, made when it is first asked for, and there for as long as the text. NULL: no memory for
 * it. */
const char *scrape_gzip(struct scrapes *scrapes, struct scrape *scrape, size_t *length);

/* Answers with a text that was taken, coded as an Accept-Encoding (NULL: none) wants it. It is to be released
 * when the answer was sent. */
struct scrape *scrape_answer(struct scrapes *scrapes, const char *accept_encoding, struct answer *answer);

/* NULL does nothing. */
void scrape_release(struct scrapes *scrapes, struct scrape *scrape);

#endif
