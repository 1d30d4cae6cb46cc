/* test_figures.c: what two readings say together. */
#include "base/message.h"
#include "figures.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES_MOST = 16 };

/* A reading of one histogram, "h", of a lane. */
struct made {
    Rpc__V1__GetMetricsResponse reading;
    Rpc__V1__MetricFamily family, *families[1];
    Rpc__V1__MetricSample samples[SAMPLES_MOST], *list[SAMPLES_MOST];
    Rpc__V1__MetricLabel labels[SAMPLES_MOST][2], *label_lists[SAMPLES_MOST][2];
};

static void add(struct made *made, const char *lane, const char *le, double value)
{
    const size_t n = made->family.n_samples;
    Rpc__V1__MetricSample *sample = &made->samples[n];
    rpc__v1__metric_sample__init(sample);
    sample->name = "h_bucket";
    sample->value = value;
    const char *const names[] = {"lane", "le"}, *const values[] = {lane, le};
    for (int i = 0; i < 2; i++) {
        rpc__v1__metric_label__init(&made->labels[n][i]);
        made->labels[n][i].name = message_text(names[i]);
        made->labels[n][i].value = message_text(values[i]);
        made->label_lists[n][i] = &made->labels[n][i];
    }
    sample->labels = made->label_lists[n];
    sample->n_labels = 2;
    made->list[n] = sample;
    made->family.n_samples++;
}

static void make(struct made *made, const double get[4], double other)
{
    static const char *const bounds[] = {"0.1", "0.2", "0.4", "+Inf"};
    rpc__v1__get_metrics_response__init(&made->reading);
    rpc__v1__metric_family__init(&made->family);
    made->family.name = "h";
    made->family.samples = made->list;
    made->families[0] = &made->family;
    made->reading.families = made->families;
    made->reading.n_families = 1;
    for (int i = 0; i < 4; i++)
        add(made, "other", bounds[i], other);
    for (int i = 0; i < 4; i++)
        add(made, "get", bounds[i], get[i]);
}

#define GET FIGURES_LABELS({"lane", "get"})

/* A quantile of what came between two readings of the lane. */
static double between(const double before[4], const double after[4], double q)
{
    static struct made first, second;
    make(&first, before, 5);
    make(&second, after, 500000);
    return figures_quantile(&(struct figures){&first.reading, &second.reading, 1}, "h", GET, q);
}

static const double none[4] = {0};

Test(figures, a_quantile_lies_evenly_within_its_bucket)
{
    const double all_in_second[] = {0, 100, 100, 100};
    cr_expect_float_eq(between(none, all_in_second, 0.5), 0.15, 1e-9);
    cr_expect_float_eq(between(none, all_in_second, 0.99), 0.199, 1e-9);
    const double half_and_half[] = {50, 50, 100, 100};
    cr_expect_float_eq(between(none, half_and_half, 0.25), 0.05, 1e-9);
    cr_expect_float_eq(between(none, half_and_half, 0.75), 0.3, 1e-9);
}

Test(figures, only_what_came_between_the_readings_counts)
{
    const double before[] = {1000, 1000, 1000, 1000}, after[] = {1000, 1000, 1010, 1010};
    cr_expect_float_eq(between(before, after, 0.5), 0.3, 1e-9);
    cr_expect(isnan(between(before, before, 0.5)), "nothing came");
}

Test(figures, beyond_the_last_bound_no_more_is_known)
{
    const double beyond[] = {0, 0, 0, 10};
    cr_expect_float_eq(between(none, beyond, 0.5), 0.4, 1e-9);
}

Test(figures, sums_are_over_what_has_the_labels)
{
    static struct made first, second;
    make(&first, (const double[]){1, 2, 3, 4}, 10);
    make(&second, (const double[]){1, 2, 3, 9}, 20);
    const struct figures figures = {&first.reading, &second.reading, 1};
    cr_expect_eq(figures_now(&figures, "h_bucket", FIGURES_ANY), 80 + 15);
    cr_expect_eq(figures_now(&figures, "h_bucket", FIGURES_LABELS({"lane", "get"}, {"le", "+Inf"})), 9);
    cr_expect_eq(figures_gain(&figures, "h_bucket", GET), 5);
    cr_expect_eq(figures_now(&figures, "h", GET), 0);
    cr_expect_eq(figures_now(&figures, "absent", FIGURES_ANY), 0);
    cr_expect(isnan(figures_quantile(&figures, "absent", FIGURES_ANY, 0.5)));
}
