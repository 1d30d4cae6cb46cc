/* metrics_service.h: rpc.v1.Metrics, which tells what a registry holds. */
#ifndef SERVICE_METRICS_SERVICE_H
#define SERVICE_METRICS_SERVICE_H

#include "base/metrics.h"
#include "rpc/v1/metrics.pb-c.h"

struct metrics_service {
    Rpc__V1__Metrics_Service service;
    struct metrics *metrics;
};

/* The registry must outlive it. */
void metrics_service_init(struct metrics_service *service, struct metrics *metrics);

#endif
