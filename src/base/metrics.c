/* metrics.c: a list of families, each with a list of series, which are atomic numbers. */
#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metric {
    const struct metric_family *family;
    struct metric *next; /* of its family */
    const char *values[METRIC_LABELS_MOST];
    unsigned n_bounds;
    atomic_int_least64_t number; /* a histogram's sum */
    atomic_uint_least64_t
        counts[]; /* of a histogram: for each bound, and above the last, those of it alone */
};

/* A family and its series, first to last. */
struct member {
    const struct metric_family *family;
    struct metric *first, **end;
    struct member *next;
};

struct refresher {
    void (*refresh)(void *arg);
    void *arg;
    struct refresher *next;
};

struct metrics {
    pthread_mutex_t lock; /* guards all but the numbers */
    struct arena arena;   /* owns all below */
    struct member *first, **end;
    struct refresher *refreshers;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        abort(); /* as the arena does */
    pthread_mutex_init(&metrics->lock, NULL);
    arena_init(&metrics->arena);
    metrics->end = &metrics->first;
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    arena_free(&metrics->arena);
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

/* --- adding --- */

static unsigned count_bounds(const struct metric_family *family)
{
    unsigned n = 0;
    while (n < METRIC_BOUNDS_MOST && family->bounds[n] != 0)
        n++;
    return n;
}

static struct member *metrics_find(struct metrics *metrics, const struct metric_family *family)
{
    struct member *member = metrics->first;
    while (member != NULL && strcmp(member->family->name, family->name) != 0)
        member = member->next;
    if (member != NULL)
        return member;
    member = arena_calloc(&metrics->arena, 1, sizeof *member);
    member->family = family;
    member->end = &member->first;
    *metrics->end = member;
    metrics->end = &member->next;
    return member;
}

static struct metric *family_make(struct arena *arena, const struct metric_family *family,
                                  const char *const values[])
{
    const unsigned n_bounds = count_bounds(family);
    struct metric *metric = NULL;
    metric = arena_calloc(arena, 1, sizeof *metric + (n_bounds + 1) * sizeof metric->counts[0]);
    metric->family = family;
    metric->n_bounds = n_bounds;
    for (size_t i = 0; i < METRIC_LABELS_MOST && family->labels[i] != NULL; i++)
        metric->values[i] = arena_strdup(arena, values[i]);
    return metric;
}

struct metric *metrics_add(struct metrics *metrics, const struct metric_family *family,
                           const char *const values[])
{
    if (metrics == NULL)
        return NULL;
    pthread_mutex_lock(&metrics->lock);
    struct metric *metric = family_make(&metrics->arena, family, values);
    struct member *member = metrics_find(metrics, family);
    *member->end = metric;
    member->end = &metric->next;
    pthread_mutex_unlock(&metrics->lock);
    return metric;
}

void metrics_refresh(struct metrics *metrics, void (*refresh)(void *arg), void *arg)
{
    if (metrics == NULL)
        return;
    pthread_mutex_lock(&metrics->lock);
    struct refresher *refresher = arena_alloc(&metrics->arena, sizeof *refresher);
    *refresher = (struct refresher){.refresh = refresh, .arg = arg, .next = metrics->refreshers};
    metrics->refreshers = refresher;
    pthread_mutex_unlock(&metrics->lock);
}

/* --- recording --- */

/* Relaxed, since no figure says anything about another. */

void metric_add(struct metric *metric, int64_t n)
{
    if (metric != NULL)
        atomic_fetch_add_explicit(&metric->number, n, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
    if (metric != NULL)
        atomic_store_explicit(&metric->number, value, memory_order_relaxed);
}

void metric_observe(struct metric *metric, uint64_t value)
{
    if (metric == NULL)
        return;
    unsigned bucket = 0;
    while (bucket < metric->n_bounds && value > metric->family->bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metric->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metric->number, (int64_t)value, memory_order_relaxed);
}

/* --- reading --- */

/* A group being filled. */
struct gathering {
    struct arena *arena;
    struct metrics_group *group;
};

static double shown(const struct metric_family *family, double recorded)
{
    return family->scale != 0 ? recorded / family->scale : recorded;
}

static const struct metrics_label *labels_of(const struct metric *metric, const char *le, struct arena *arena,
                                             size_t *n)
{
    struct metrics_label *labels = arena_alloc(arena, (METRIC_LABELS_MOST + 1) * sizeof *labels);
    *n = 0;
    for (size_t i = 0; i < METRIC_LABELS_MOST && metric->family->labels[i] != NULL; i++)
        labels[(*n)++] = (struct metrics_label){metric->family->labels[i], metric->values[i]};
    if (le != NULL)
        labels[(*n)++] = (struct metrics_label){"le", le};
    return labels;
}

static void add_sample(struct gathering *gathering, const struct metric *metric, const char *suffix,
                       const char *le, double value)
{
    struct metrics_sample *sample = &gathering->group->samples[gathering->group->n_samples++];
    sample->name = arena_printf(gathering->arena, "%s%s", metric->family->name, suffix);
    sample->labels = labels_of(metric, le, gathering->arena, &sample->n_labels);
    sample->value = value;
}

static void add_histogram(struct gathering *gathering, const struct metric *metric)
{
    const struct metric_family *family = metric->family;
    uint64_t count = 0;
    for (unsigned i = 0; i <= metric->n_bounds; i++) {
        const char *le = "+Inf";
        if (i < metric->n_bounds)
            le = arena_printf(gathering->arena, "%.15g", shown(family, (double)family->bounds[i]));
        count += atomic_load_explicit(&metric->counts[i], memory_order_relaxed);
        add_sample(gathering, metric, "_bucket", le, (double)count);
    }
    const int64_t sum = atomic_load_explicit(&metric->number, memory_order_relaxed);
    add_sample(gathering, metric, "_sum", NULL, shown(family, (double)sum));
    add_sample(gathering, metric, "_count", NULL, (double)count);
}

static size_t samples_of(const struct metric *metric)
{
    return metric->family->type == METRIC_HISTOGRAM ? (size_t)metric->n_bounds + 3 : 1;
}

static void gather_member(struct gathering *gathering, const struct member *member)
{
    size_t n = 0;
    for (const struct metric *each = member->first; each != NULL; each = each->next)
        n += samples_of(each);
    *gathering->group = (struct metrics_group){
        .family = member->family,
        .samples = arena_calloc(gathering->arena, n, sizeof(struct metrics_sample)),
    };
    for (const struct metric *each = member->first; each != NULL; each = each->next) {
        const int64_t number = atomic_load_explicit(&each->number, memory_order_relaxed);
        if (member->family->type == METRIC_HISTOGRAM)
            add_histogram(gathering, each);
        else
            add_sample(gathering, each, "", NULL, shown(member->family, (double)number));
    }
}

struct metrics_group *metrics_gather(struct metrics *metrics, struct arena *arena, size_t *n_groups)
{
    size_t n = 0;
    *n_groups = 0;
    if (metrics == NULL)
        return NULL;
    pthread_mutex_lock(&metrics->lock);
    for (const struct refresher *each = metrics->refreshers; each != NULL; each = each->next)
        each->refresh(each->arg);
    for (const struct member *each = metrics->first; each != NULL; each = each->next)
        n++;
    struct metrics_group *groups = arena_calloc(arena, n, sizeof *groups);
    n = 0;
    for (const struct member *each = metrics->first; each != NULL; each = each->next)
        gather_member(&(struct gathering){.arena = arena, .group = &groups[n++]}, each);
    pthread_mutex_unlock(&metrics->lock);
    *n_groups = n;
    return groups;
}
