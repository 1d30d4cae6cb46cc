/* run.h: a number of requests kept in flight for a number of seconds.
 *
 * Each request in flight has a slot, which sends the next one when the last was answered. A slot is touched
 * by one thread at a time: whichever has its answer. What is sent in the first moments only warms up, and is
 * not counted.
 */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "histogram.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run {
    uint64_t start_ns; /* CLOCK_MONOTONIC: requests sent from here on are counted */
    uint64_t end_ns;   /* and none is sent after it */
    atomic_size_t running;
    sem_t finished;
    atomic_flag first_failure;
    atomic_bool failed;
    char error[512]; /* the first; written by whoever set first_failure */
};

struct load_slot {
    struct run *run;
    uint64_t sent_ns;
    uint64_t last_answer_ns;
    uint64_t sent; /* all, those of the warming up too */
    uint64_t refused;
    uint64_t errors;
    struct histogram latencies;
};

/* Begins a run of n slots, which are to be zeroed, now. */
void run_begin(struct run *run, size_t n, double seconds);

/* Notes that a slot's next request is sent now. False: the slot is done and sends none. */
bool slot_send(struct load_slot *slot);

/* Notes that the request was answered well. */
void slot_answered(struct load_slot *slot);

/* Notes that the request failed; the slot may send again. */
void slot_error(struct load_slot *slot, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the run, which then has failed; the slot sends no more. */
void slot_failed(struct load_slot *slot, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Waits for every slot. False: the run failed. */
bool run_wait(struct run *run);

/* Prints what came of it as one line of JSON; slots lie `stride` bytes apart. */
void run_print(const struct run *run, const struct load_slot *first, size_t n, size_t stride,
               size_t reply_bytes);

#endif
