/* metric_value.h: a figure of the parts under test. */
#ifndef TESTS_AUTH_METRIC_VALUE_H
#define TESTS_AUTH_METRIC_VALUE_H

#include "base/metrics.h"

#include <stddef.h>

/* The value of the last sample of that name, of which this label has that value, unless that is NULL; -1:
 * there is none. */
double metric_value(struct metrics *metrics, const char *name, size_t label, const char *value);

#endif
