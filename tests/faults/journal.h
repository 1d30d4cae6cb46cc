/* journal.h: what one client sent and was told, of orders that nobody else writes.
 *
 * An order's last acknowledged state is what it must be in at the end, to the etag, which a second
 * application of anything would have moved. Once a write of it was given up without an answer, the order is
 * left alone: it must be in the state before or in the one behind that write. Used by one thread.
 */
#ifndef FAULTS_JOURNAL_H
#define FAULTS_JOURNAL_H

#include "base/status.h"
#include "orders/v1/orders.pb-c.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { JOURNAL_TEXT = 48 };

/* An order as far as a client can tell it. */
struct state {
    bool present;
    char etag[JOURNAL_TEXT]; /* "" while no answer told it */
    int64_t amount;
    Orders__V1__OrderStatus status;
};

struct entry {
    char order_id[JOURNAL_TEXT];
    struct state acknowledged;
    bool in_doubt;
    struct state doubtful;         /* what it is in if the write without an answer was made */
    char request_id[JOURNAL_TEXT]; /* of that write */
    size_t part;                   /* that the order is of it, from 0 on */
};

struct journal {
    struct entry *entries; /* owned */
    size_t n, room;
    FILE *log; /* owned: a line for each attempt; NULL: none is kept */
    uint64_t requests, acknowledged;
};

/* log_path may be NULL. Ends the process when it cannot. */
void journal_open(struct journal *journal, const char *log_path);
void journal_close(struct journal *journal);

/* A new order, absent. Entries move as they are added: keep the index. */
size_t journal_add(struct journal *journal, const char *order_id);

/* One line: what was sent and what was answered. */
void journal_note(struct journal *journal, const char *what, const struct entry *entry,
                  const char *request_id, const struct state *sent, enum status_code code,
                  const char *message, bool replayed);

#endif
