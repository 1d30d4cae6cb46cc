/* import_upsert.c: a job for each row that is not done with. Each writes under request_ids that follow from
 * the run and the row's line, so that an import that goes on makes no write a second time. */
#include "import_upsert.h"

#include "import_row.h"
#include "order_jobs.h"
#include "upsert.h"

#include <errno.h>
#include <string.h>

/* Rows that are not done with. */
struct rest {
    struct import_upsert *upsert;
    size_t *rows; /* by the job: their places in the batch */
};

static const struct rest *rest_of(const struct order_job *job)
{
    return job->jobs->arg;
}

static size_t row_of(const struct order_job *job)
{
    return rest_of(job)->rows[job->index];
}

/* Whether an earlier run may have come to a batch: it was answered so before; or it has no row that the
 * service keeps an answer of. */
static bool may_have_been(const struct import_upsert *import)
{
    const struct batch_result *batch = import->batch;
    bool kept = false;
    for (size_t i = 0; i < batch->n; i++)
        kept |= batch->response->results[i]->code != RPC__V1__CODE__INVALID_ARGUMENT;
    return batch->replayed || (import->resumed && !kept);
}

static struct upsert upsert_of(const struct import_upsert *import, size_t row)
{
    return (struct upsert){.order = import->batch->orders[row],
                           .fields = import->batch->sources[row].fields,
                           .validate_only = import->terms->validate_only,
                           .run = import->terms->run,
                           .place = import->batch->sources[row].line,
                           .again = import->again};
}

static void import_upsert_begin(struct order_job *job)
{
    const struct import_upsert *import = rest_of(job)->upsert;
    const Orders__V1__BatchCreateResult *created = import->batch->response->results[row_of(job)];
    struct upsert *upsert = arena_alloc(&job->arena, sizeof *upsert);
    *upsert = upsert_of(import, row_of(job));
    upsert->creation = STATUS_INIT;
    status_set(&upsert->creation, &job->arena, (enum status_code)created->code, "%s", created->message);
    job->state = upsert;
    upsert_go_on(job);
}

/* A copy, as the job's goes with it. */
static struct order_changes keep_changes(const struct order_changes *changes, struct arena *arena)
{
    if (changes->n == 0)
        return (struct order_changes){0};
    return (struct order_changes){changes->n, arena_strdup(arena, changes->json),
                                  arena_strdup(arena, changes->text)};
}

/* A violation names its field; what the service says of one in a batch does so already. */
static const char *describe(const struct status *status, struct arena *arena)
{
    return status->n_violations > 0
               ? import_row_describe(arena, status)
               : arena_printf(arena, "%s: %s", status_code_name(status->code), status->message);
}

static void import_upsert_take(struct order_job *job)
{
    struct import_upsert *import = rest_of(job)->upsert;
    const struct upsert *upsert = job->state;
    struct row_outcome *row = &import->rows[row_of(job)];
    if (job->status.code == STATUS_OK)
        *row = (struct row_outcome){.kind = upsert->kind,
                                    .changes = keep_changes(&upsert->changes, import->arena)};
    else
        row->refusal = describe(&job->status, import->arena);
    if (job->jobs->stopped && job->status.code != STATUS_OK && import->failure.code == STATUS_OK) {
        status_set(&import->failure, import->arena, job->status.code, "%s", job->status.message);
        import->unreachable = job->reply != NULL && job->reply->unreachable;
    }
}

static void import_upsert_run(struct import_upsert *import, struct rest *rest, size_t n)
{
    struct order_jobs jobs = {.session = import->session,
                              .interrupt = import->interrupt,
                              .to_the_end = true,
                              .n = n,
                              .begin = import_upsert_begin,
                              .take = import_upsert_take,
                              .arg = rest};
    if (!order_jobs_run(&jobs))
        status_set(&import->failure, import->arena, STATUS_RESOURCE_EXHAUSTED, "%s", strerror(errno));
    if (!jobs.stopped && import->failure.code != STATUS_RESOURCE_EXHAUSTED)
        import->failure = STATUS_INIT;
}

void import_upsert(struct import_upsert *import)
{
    const struct batch_result *batch = import->batch;
    struct rest rest = {.upsert = import, .rows = arena_calloc(import->arena, batch->n, sizeof *rest.rows)};
    size_t n = 0;
    import->rows = arena_calloc(import->arena, batch->n, sizeof *import->rows);
    import->failure = STATUS_INIT;
    import->again = may_have_been(import);
    for (size_t i = 0; i < batch->n; i++) {
        const Orders__V1__BatchCreateResult *created = batch->response->results[i];
        const enum status_code code = (enum status_code)created->code;
        const struct upsert upsert = upsert_of(import, i);
        if (upsert_is_to_go_on(&upsert, code))
            rest.rows[n++] = i;
        else if (code != STATUS_OK)
            import->rows[i].refusal =
                arena_printf(import->arena, "%s: %s", status_code_name(code), created->message);
    }
    if (n > 0)
        import_upsert_run(import, &rest, n);
}
