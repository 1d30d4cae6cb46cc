/* metrics_service.c: groups of samples as messages, in the call's arena. */
#include "service/metrics_service.h"

#include "base/call.h"
#include "base/message.h"

#include <string.h>

enum { METRICS_BYTES = 64 << 10 /* of memory that all metrics take in an answer */ };

static const Rpc__V1__MetricFamily__Type types[] = {
    [METRIC_COUNTER] = RPC__V1__METRIC_FAMILY__TYPE__COUNTER,
    [METRIC_GAUGE] = RPC__V1__METRIC_FAMILY__TYPE__GAUGE,
    [METRIC_HISTOGRAM] = RPC__V1__METRIC_FAMILY__TYPE__HISTOGRAM,
};

static Rpc__V1__MetricSample *make_sample(const struct metrics_sample *from, struct arena *arena)
{
    Rpc__V1__MetricSample *sample = arena_alloc(arena, sizeof *sample);
    Rpc__V1__MetricLabel *labels = arena_calloc(arena, from->n_labels, sizeof *labels);
    rpc__v1__metric_sample__init(sample);
    sample->name = message_text(from->name);
    sample->value = from->value;
    sample->labels = arena_calloc(arena, from->n_labels, sizeof *sample->labels);
    for (size_t i = 0; i < from->n_labels; i++) {
        rpc__v1__metric_label__init(&labels[i]);
        labels[i].name = message_text(from->labels[i].name);
        labels[i].value = message_text(from->labels[i].value);
        sample->labels[sample->n_labels++] = &labels[i];
    }
    return sample;
}

static Rpc__V1__MetricFamily *make_family(const struct metrics_group *from, struct arena *arena)
{
    Rpc__V1__MetricFamily *family = arena_alloc(arena, sizeof *family);
    rpc__v1__metric_family__init(family);
    family->name = message_text(from->family->name);
    family->help = message_text(from->family->help);
    family->type = types[from->family->type];
    family->samples = arena_calloc(arena, from->n_samples, sizeof *family->samples);
    for (size_t i = 0; i < from->n_samples; i++)
        family->samples[family->n_samples++] = make_sample(&from->samples[i], arena);
    return family;
}

static void get_metrics(Rpc__V1__Metrics_Service *base, const Rpc__V1__GetMetricsRequest *input,
                        Rpc__V1__GetMetricsResponse_Closure closure, void *closure_data)
{
    const struct metrics_service *service = (const struct metrics_service *)base; /* its first member */
    struct arena *arena = &((struct call *)closure_data)->arena;
    Rpc__V1__GetMetricsResponse *response = arena_alloc(arena, sizeof *response);
    size_t n;
    if (!call_reserve(closure_data, METRICS_BYTES)) {
        closure(NULL, closure_data);
        return;
    }
    rpc__v1__get_metrics_response__init(response);
    const struct metrics_group *groups = metrics_gather(service->metrics, arena, &n);
    response->families = arena_calloc(arena, n, sizeof *response->families);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(groups[i].family->name, input->prefix, strlen(input->prefix)) == 0)
            response->families[response->n_families++] = make_family(&groups[i], arena);
    }
    closure(response, closure_data);
}

void metrics_service_init(struct metrics_service *service, struct metrics *metrics)
{
    *service = (struct metrics_service){.metrics = metrics};
    rpc__v1__metrics__init(&service->service, NULL);
    service->service.get_metrics = get_metrics;
}
