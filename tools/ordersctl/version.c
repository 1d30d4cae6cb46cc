/* version.c: which build this is, and which one answers. A server tells by orders_build_info, a metric that
 * older ones have without the commit; it is for whoever may read. */
#include "base/message.h"
#include "command.h"
#include "config/build_info.h"
#include "output.h"
#include "printable.h"
#include "rpc/v1/metrics.pb-c.h"

#include <stdio.h>
#include <string.h>

struct build {
    const char *version; /* NULL: not known, as is the commit then */
    const char *commit;  /* "": of a server that does not tell */
};

static const char *label(const Rpc__V1__MetricSample *sample, const char *name)
{
    for (size_t i = 0; i < sample->n_labels; i++) {
        if (strcmp(sample->labels[i]->name, name) == 0)
            return sample->labels[i]->value;
    }
    return NULL;
}

static struct build read_build(const Rpc__V1__GetMetricsResponse *answer, struct arena *arena)
{
    for (size_t i = 0; i < answer->n_families; i++) {
        const Rpc__V1__MetricFamily *family = answer->families[i];
        if (strcmp(family->name, BUILD_INFO_METRIC) != 0 || family->n_samples == 0)
            continue;
        const char *version = label(family->samples[0], BUILD_INFO_VERSION);
        const char *commit = label(family->samples[0], BUILD_INFO_COMMIT);
        if (version != NULL)
            return (struct build){arena_strdup(arena, version),
                                  arena_strdup(arena, commit != NULL ? commit : "")};
    }
    return (struct build){0};
}

/* Why it is not known, if so, is reported. */
static struct build ask(struct session *session, struct arena *arena)
{
    const ProtobufCServiceDescriptor *service = &rpc__v1__metrics__descriptor;
    Rpc__V1__GetMetricsRequest request = RPC__V1__GET_METRICS_REQUEST__INIT;
    struct build build = {0};
    request.prefix = message_text(BUILD_INFO_METRIC);
    struct rpc_reply *reply =
        session_call(session, service,
                     protobuf_c_service_descriptor_get_method_by_name(service, "GetMetrics"), &request.base);
    if (reply->status.code == STATUS_OK)
        build = read_build((const Rpc__V1__GetMetricsResponse *)reply->message, arena);
    rpc_reply_free(reply);
    return build;
}

static json_t *to_json(const struct build *build)
{
    return build->version == NULL ? json_null()
                                  : json_pack("{ss ss}", "version", build->version, "commit", build->commit);
}

static void write_line(const char *name, const struct build *build, struct arena *arena)
{
    if (build->version == NULL)
        printf("%-9s  unknown\n", name);
    else
        printf("%-9s  %s (%s)\n", name, printable(arena, build->version),
               *build->commit != '\0' ? printable(arena, build->commit) : "unknown");
}

static void write_row(const char *name, const struct build *build)
{
    printf("%s,", name);
    output_csv_cell(stdout, build->version != NULL ? build->version : "");
    fputs(",", stdout);
    output_csv_cell(stdout, build->commit != NULL ? build->commit : "");
    puts("");
}

static void write_builds(enum output_format format, const struct build *own, const struct build *server,
                         struct arena *arena)
{
    if (format == OUTPUT_TABLE) {
        write_line("ordersctl", own, arena);
        write_line("server", server, arena);
    } else if (format == OUTPUT_CSV) {
        puts("program,version,commit");
        write_row("ordersctl", own);
        write_row("server", server);
    } else {
        output_json(stdout, format,
                    json_pack("{so so}", "ordersctl", to_json(own), "server", to_json(server)));
    }
}

static const struct argp version_argp = {
    .doc =
        "Says which version this is and which the server is, each with its commit.\v"
        "A server tells whoever may read orders. That it does not, or cannot be reached, is no failure: its "
        "version is unknown then."};

static enum exit_code version_run(struct session *session, void *arguments)
{
    const struct build own = {PROJECT_VERSION, build_commit()};
    struct build server = {0};
    struct arena arena;
    (void)arguments;
    arena_init(&arena);
    const enum exit_code code = session_open(session, SESSION_NEEDS_SERVICE);
    if (code == EXIT_OK)
        server = ask(session, &arena);
    write_builds(session->output, &own, &server, &arena);
    arena_free(&arena);
    return output_end(code);
}

const struct command version_command = {
    "version",  "Say which version this and the server are", &version_argp, 0, SESSION_NEEDS_NOTHING,
    version_run};
