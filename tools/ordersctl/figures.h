/* figures.h: two readings of a server's metrics, one after the other, and what they say together. */
#ifndef ORDERSCTL_FIGURES_H
#define ORDERSCTL_FIGURES_H

#include "rpc/v1/metrics.pb-c.h"

#include <stdbool.h>

struct figures {
    const Rpc__V1__GetMetricsResponse *before, *after;
    double seconds; /* between them */
};

/* What a series is to have. A list of them ends with a name of NULL. */
struct figures_label {
    const char *name;
    const char *value;
};

#define FIGURES_LABELS(...) ((const struct figures_label[]){__VA_ARGS__, {NULL, NULL}})
#define FIGURES_ANY         ((const struct figures_label[]){{NULL, NULL}})

/* The sum of the samples of this name that have the labels, as of the later reading. */
double figures_now(const struct figures *figures, const char *name, const struct figures_label *labels);

/* How much more of it there is than before. */
double figures_gain(const struct figures *figures, const char *name, const struct figures_label *labels);

/* The q-quantile of what a histogram was given between the readings, in its unit, as Prometheus' own
 * histogram_quantile reckons it: evenly within a bucket. NAN: it was given nothing. */
double figures_quantile(const struct figures *figures, const char *family, const struct figures_label *labels,
                        double q);

/* Whether both are readings of one process. */
bool figures_agree(const struct figures *figures);

/* The samples of a family; NULL: the server has no such. */
const Rpc__V1__MetricFamily *figures_family(const Rpc__V1__GetMetricsResponse *reading, const char *family);

/* A sample's label; "": it has none of that name. */
const char *figures_label(const Rpc__V1__MetricSample *sample, const char *name);

#endif
