/* order_run.c: reports failures as they come, in the order of the selection. */
#include "order_run.h"

#include "plural.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A run under way. */
struct running {
    struct order_run *run;
    enum exit_code code;
};

static struct running *running_of(const struct order_job *job)
{
    return job->jobs->arg;
}

struct order_run *order_run_of(const struct order_job *job)
{
    return running_of(job)->run;
}

const struct selected *order_run_order(const struct order_job *job)
{
    return &order_run_of(job)->selection->orders[job->index];
}

/* --- how it ends --- */

/* What somebody has to see to first stands first. */
static const enum exit_code ranks[] = {
    EXIT_DENIED,  EXIT_UNAVAILABLE,      EXIT_EXHAUSTED,      EXIT_OTHER,
    EXIT_ABORTED, EXIT_INVALID_ARGUMENT, EXIT_ALREADY_EXISTS, EXIT_NOT_FOUND,
};

static enum exit_code more_telling(enum exit_code a, enum exit_code b)
{
    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++) {
        if (ranks[i] == a || ranks[i] == b)
            return ranks[i];
    }
    return a;
}

static enum exit_code tell_failure(const struct order_run *run, struct order_job *job)
{
    struct arena *arena = &job->arena;
    struct status status = job->status;
    const bool unreachable = job->reply != NULL && job->reply->unreachable;
    if (!run->alone)
        status.message = arena_printf(arena, "%s: %s", order_run_order(job)->order_id, status.message);
    return report_status_details(&status, session_details(run->session, &status, unreachable, arena));
}

static void order_run_take(struct order_job *job)
{
    struct running *running = running_of(job);
    struct order_run *run = running->run;
    if (job->status.code != STATUS_OK) {
        running->code = more_telling(running->code, tell_failure(run, job));
        run->n_failed++;
        return;
    }
    run->n_done++;
    if (run->take != NULL)
        run->take(job);
}

const char *order_run_counts(const struct order_run *run, struct arena *arena)
{
    const size_t rest = run->selection->n - run->n_done - run->n_failed;
    const char *text = arena_printf(arena, "%zu order%s %s", run->n_done, plural(run->n_done), run->done);
    if (run->n_failed > 0)
        text = arena_printf(arena, "%s, %zu failed", text, run->n_failed);
    return rest > 0 ? arena_printf(arena, "%s, %zu not tried", text, rest) : text;
}

void order_run_tell(const struct order_run *run)
{
    struct arena arena;
    if (run->alone || (!run->cut && (run->is_counted || run->n_failed == 0)))
        return;
    arena_init(&arena);
    fflush(stdout); /* whose orders they are */
    const char *counts = order_run_counts(run, &arena);
    if (run->cut)
        report("%s: %s", run->signal_number != 0 ? "interrupted" : "stopped", counts);
    else
        report("%s", counts);
    arena_free(&arena);
}

/* --- all of it --- */

enum exit_code order_run(struct order_run *run)
{
    struct interrupt interrupt = {.fd = -1};
    struct running running = {.run = run, .code = EXIT_OK};
    struct order_jobs jobs = {.session = run->session,
                              .interrupt = run->alone ? NULL : &interrupt,
                              .n = run->selection->n,
                              .begin = run->begin,
                              .take = order_run_take,
                              .arg = &running};
    run->n_done = run->n_failed = 0;
    if (!run->alone && !interrupt_open(&interrupt, NULL, NULL)) {
        report("cannot wait for signals: %s", strerror(errno));
        return EXIT_OTHER;
    }
    if (!order_jobs_run(&jobs)) {
        report("cannot start: %s", strerror(errno));
        running.code = EXIT_OTHER;
    }
    run->signal_number = interrupt.signal_number;
    run->cut = jobs.taken < jobs.n;
    if (interrupt.fd >= 0)
        interrupt_close(&interrupt);
    if (running.code == EXIT_OK && run->selection->n_unreadable > 0)
        running.code = EXIT_ORDERS_UNREADABLE;
    return run->cut && run->signal_number != 0 ? EXIT_SIGNAL + (enum exit_code)run->signal_number
                                               : running.code;
}
