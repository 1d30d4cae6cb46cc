/* figures.c: samples are looked for one by one: there are some hundreds, and it is done once a second. */
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128 };

const Rpc__V1__MetricFamily *figures_family(const Rpc__V1__GetMetricsResponse *reading, const char *family)
{
    for (size_t i = 0; i < reading->n_families; i++) {
        if (strcmp(reading->families[i]->name, family) == 0)
            return reading->families[i];
    }
    return NULL;
}

const char *figures_label(const Rpc__V1__MetricSample *sample, const char *name)
{
    for (size_t i = 0; i < sample->n_labels; i++) {
        if (strcmp(sample->labels[i]->name, name) == 0)
            return sample->labels[i]->value;
    }
    return "";
}

static bool has(const Rpc__V1__MetricSample *sample, const char *name, const struct figures_label *labels)
{
    if (strcmp(sample->name, name) != 0)
        return false;
    for (; labels->name != NULL; labels++) {
        if (strcmp(figures_label(sample, labels->name), labels->value) != 0)
            return false;
    }
    return true;
}

static double sum(const Rpc__V1__GetMetricsResponse *reading, const char *name,
                  const struct figures_label *labels)
{
    double total = 0;
    for (size_t f = 0; f < reading->n_families; f++) {
        const Rpc__V1__MetricFamily *family = reading->families[f];
        if (strncmp(name, family->name, strlen(family->name)) != 0)
            continue;
        for (size_t i = 0; i < family->n_samples; i++)
            total += has(family->samples[i], name, labels) ? family->samples[i]->value : 0;
    }
    return total;
}

double figures_now(const struct figures *figures, const char *name, const struct figures_label *labels)
{
    return sum(figures->after, name, labels);
}

double figures_gain(const struct figures *figures, const char *name, const struct figures_label *labels)
{
    return sum(figures->after, name, labels) - sum(figures->before, name, labels);
}

bool figures_agree(const struct figures *figures)
{
    return figures_gain(figures, "process_start_time_seconds", FIGURES_ANY) == 0;
}

/* What the histogram was given up to a bucket's bound. */
static double gain_up_to(const struct figures *figures, const char *name, const struct figures_label *labels,
                         const char *le)
{
    double gain = 0;
    const Rpc__V1__GetMetricsResponse *const readings[] = {figures->before, figures->after};
    for (int r = 0; r < 2; r++) {
        for (size_t f = 0; f < readings[r]->n_families; f++) {
            const Rpc__V1__MetricFamily *family = readings[r]->families[f];
            for (size_t i = 0; i < family->n_samples; i++) {
                const Rpc__V1__MetricSample *sample = family->samples[i];
                if (has(sample, name, labels) && strcmp(figures_label(sample, "le"), le) == 0)
                    gain += r == 0 ? -sample->value : sample->value;
            }
        }
    }
    return gain;
}

double figures_quantile(const struct figures *figures, const char *family_name,
                        const struct figures_label *labels, double q)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s_bucket", family_name);
    const Rpc__V1__MetricFamily *family = figures_family(figures->after, family_name);
    const double all = gain_up_to(figures, name, labels, "+Inf");
    double bound = 0, below = 0; /* of the bucket before */
    if (family == NULL || !(all > 0))
        return NAN;
    for (size_t i = 0; i < family->n_samples; i++) {
        if (!has(family->samples[i], name, labels))
            continue;
        const char *le = figures_label(family->samples[i], "le");
        const double up_to = gain_up_to(figures, name, labels, le), end = strtod(le, NULL);
        if (up_to >= q * all && isinf(end))
            return bound; /* more is not known than that it is above the last */
        if (up_to >= q * all && up_to > below)
            return bound + (end - bound) * (q * all - below) / (up_to - below);
        if (up_to >= q * all)
            return end;
        bound = end;
        below = up_to;
    }
    return bound;
}
