/* call_log.c: each side of a call is one text, so that lines of several calls under way do not mix. */
#include "call_log.h"

#include "base/time.h"
#include "base/utf8.h"
#include "printable.h"
#include "progress.h"
#include "rpc/v1/keys.pb-c.h"
#include "json/mapping.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 4096 /* of a message */ };

/* What is written at once. */
struct text {
    struct arena arena;
    FILE *stream;
    char *bytes;
    size_t size;
};

/* False: no memory; then nothing is shown. */
static bool begin_text(struct text *text)
{
    text->stream = open_memstream(&text->bytes, &text->size);
    arena_init(&text->arena);
    return text->stream != NULL;
}

static void write_text(struct text *text)
{
    if (fclose(text->stream) == 0) {
        progress_hide();
        fputs(text->bytes, stderr);
    }
    free(text->bytes);
    arena_free(&text->arena);
}

static void add_metadata(struct text *text, char mark, const char *name, const char *value)
{
    fprintf(text->stream, "%c %s: %s\n", mark, printable(&text->arena, name), printable(&text->arena, value));
}

/* A key is a secret wherever it stands. */
static void hide_secrets(json_t *json, const ProtobufCMessageDescriptor *type)
{
    if (type == &rpc__v1__issued_key__descriptor)
        json_object_set_new(json, "key", json_string("(not shown)"));
}

static void add_message(struct text *text, char mark, const ProtobufCMessage *message)
{
    json_t *json = json_from_message(message);
    hide_secrets(json, message->descriptor);
    char *dumped = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(json);
    if (dumped == NULL)
        return;
    const size_t length = strlen(dumped), shown = utf8_cut(dumped, SHOWN_BYTES);
    fprintf(text->stream, "%c %s", mark, printable(&text->arena, arena_copy(&text->arena, dumped, shown)));
    if (shown < length)
        fprintf(text->stream, "... and %zu bytes more", length - shown);
    fputs("\n", text->stream);
    free(dumped);
}

void call_log_begin(struct call_log *log, const struct call_log_route *route, struct rpc_request *request)
{
    struct text text;
    if (!log->wanted || !begin_text(&text))
        return;
    if (request->request_id == NULL && uuid_try(log->request_id))
        request->request_id = log->request_id;
    const uint32_t timeout_ms = request->timeout_ms != 0 ? request->timeout_ms : route->timeout_ms;
    fprintf(text.stream, "> %s/%s to", request->service->name, request->method->name);
    for (const char *const *url = route->urls; *url != NULL; url++)
        fprintf(text.stream, "%s%s", url == route->urls ? " " : ",", *url);
    fprintf(text.stream, "\n> x-request-id: %s\n", request->request_id != NULL ? request->request_id : "");
    if (route->key_origin != NULL)
        fprintf(text.stream, "> x-api-key: not shown, %s\n", printable(&text.arena, route->key_origin));
    fprintf(text.stream, "> timeout: %g s\n", timeout_ms / 1000.0);
    for (size_t i = 0; i < request->n_metadata; i++)
        add_metadata(&text, '>', request->metadata[i].name, request->metadata[i].value);
    add_message(&text, '>', request->input);
    write_text(&text);
    log->began_ns = time_monotonic_ns();
}

void call_log_end(const struct call_log *log, struct rpc_reply *reply)
{
    struct text text;
    if (!log->wanted || !begin_text(&text))
        return;
    const double taken_ms = (double)(time_monotonic_ns() - log->began_ns) / NS_PER_MS;
    const struct status *status = &reply->status;
    rpc_reply_unpack(reply);
    fprintf(text.stream, "< %s", status_code_name(status->code));
    if (status->code != STATUS_OK)
        fprintf(text.stream, ": %s", printable(&text.arena, status->message));
    fprintf(text.stream, "\n< from %s after %.1f ms%s\n", reply->server != NULL ? reply->server : "no server",
            taken_ms, reply->resent ? ", sent more than once" : "");
    for (size_t i = 0; i < reply->n_metadata; i++)
        add_metadata(&text, '<', reply->metadata[i]->key, reply->metadata[i]->value);
    if (reply->message != NULL)
        add_message(&text, '<', reply->message);
    write_text(&text);
}
