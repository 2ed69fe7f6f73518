/* SPDX-License-Identifier: Apache-2.0 */
/* Traces and metrics of a worker to a collector of OpenTelemetry, by OTLP/HTTP with protobuf. Nobody waits for it: what it does not
 * take is dropped and counted. Source: OpenTelemetry Protocol Specification 1.x. Loop thread only. */
#pragma once

#include "base/secret.h"
#include "loop/loop.h"
#include "obs/tracer.h"
#include "telemetry/otlp_values.h"

struct dns;
struct otlp;

struct otlp_config {
    const char *endpoint; /* "https://collector.example.org:4318" */
    const char *ca_file;  /* PEM bundle; NULL: the system's */
    /* For each request, as conf_telemetry_headers has found them right. NULL: none. */
    const struct secret *headers;
    int64_t timeout_ms; /* of one request */
    bool sends_traces;
    bool sends_metrics; /* of all workers: by one of them */
    uint32_t traces_per_million;
    struct otlp_sender sender;
    struct dns *dns;
};

/* Borrows what the configuration names, but copies the headers. */
struct otlp *otlp_new(struct loop *loop, const struct otlp_config *config);
/* To whom calls are told; NULL: no traces are sent. */
struct tracer *otlp_tracer(struct otlp *otlp);
/* Send what waits, for at most `limit_ms`, then call `done` from the loop. What is left then is dropped, counted and logged. Once. */
void otlp_end(struct otlp *otlp, int64_t limit_ms, void (*done)(void *ctx), void *ctx);
void otlp_free(struct otlp *otlp);
