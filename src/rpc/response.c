/* response.c: a status, and what is to be known of it besides. */
#include "rpc/response.h"

#include "base/message.h"
#include "rpc/frame.h"

enum { METADATA_MOST = 3 }; /* what is replayed was not refused */

static void add_metadata(Rpc__V1__Response *response, struct arena *arena, const char *key, const char *value)
{
    Rpc__V1__Response__MetadataEntry *entry = arena_alloc(arena, sizeof *entry);
    if (response->metadata == NULL)
        response->metadata = arena_calloc(arena, METADATA_MOST, sizeof *response->metadata);
    rpc__v1__response__metadata_entry__init(entry);
    entry->key = message_text(key);
    entry->value = message_text(value);
    response->metadata[response->n_metadata++] = entry;
}

static void add_limit(Rpc__V1__Response *response, struct arena *arena, const struct status_limit *limit)
{
    add_metadata(response, arena, FRAME_RETRY_AFTER, arena_printf(arena, "%u", limit->retry_after_s));
    add_metadata(response, arena, FRAME_RATELIMIT_POLICY, limit->policy);
    add_metadata(response, arena, FRAME_RATELIMIT, limit->state);
}

void response_init(Rpc__V1__Response *response, struct call *call)
{
    rpc__v1__response__init(response);
    response->code = (Rpc__V1__Code)call->status.code;
    response->message = message_text(call->status.message);
    response->n_violations = call->status.n_violations;
    if (response->n_violations > 0)
        response->violations = frame_violations(&call->status, &call->arena);
    if (call->replayed)
        add_metadata(response, &call->arena, FRAME_REPLAYED, "true");
    if (call->status.limit != NULL)
        add_limit(response, &call->arena, call->status.limit);
}
