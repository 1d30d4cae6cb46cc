/* metrics_text.h: a registry as the text that Prometheus reads, format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). */
#ifndef BASE_METRICS_TEXT_H
#define BASE_METRICS_TEXT_H

#include "base/metrics.h"

/* Its Content-Type. */
#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The text, in the arena; its length in *length. */
const char *metrics_text(struct metrics *metrics, struct arena *arena, size_t *length);

enum { METRICS_NUMBER_TEXT = 32 };

/* A figure as short as it can be written without loss: "0.25", "+Inf", "1e+20". */
void metrics_number(double value, char out[static METRICS_NUMBER_TEXT]);

#endif
