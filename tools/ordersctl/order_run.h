/* order_run.h: a command's work on all orders of a selection: each stands or falls by itself, and what became
 * of them is counted and told. */
#ifndef ORDERSCTL_ORDER_RUN_H
#define ORDERSCTL_ORDER_RUN_H

#include "order_jobs.h"
#include "selection.h"

struct order_run {
    struct session *session;
    const struct selection *selection;
    bool alone;          /* it is one order, which is not named in what is told, nor are there counts */
    bool is_counted;     /* the counts are told on stdout; else on stderr, when not all went well */
    const char *done;    /* what becomes of an order: "deleted" */
    order_job_fn *begin; /* as of order_jobs.h; the job's jobs have the run as arg */
    order_job_fn *take;  /* of an order with which all went well; NULL: nothing more is done with it */
    void *arg;           /* the command's */

    /* Out. */
    size_t n_done, n_failed;
    bool cut;          /* by a signal or a failure that would be that of all: the others were not tried */
    int signal_number; /* the signal; 0: there was none */
};

/* Runs it: a failure is reported with the order's id. Returns the most telling exit code of all. */
enum exit_code order_run(struct order_run *run);

/* Tells the counts on stderr where they are to be: behind what the command itself writes. */
void order_run_tell(const struct order_run *run);

/* The run that a job is of, and its order. */
struct order_run *order_run_of(const struct order_job *job);
const struct selected *order_run_order(const struct order_job *job);

/* "2 orders deleted, 1 failed, 3 not tried". */
const char *order_run_counts(const struct order_run *run, struct arena *arena);

#endif
