/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/otlp.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/telemetry.h"
#include "conf/telemetry_headers.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "telemetry/otlp_lane.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/otlp_spans.h"
#include "transfer/curl_loop.h"

enum { BATCH_MS = 5000, METRICS_MS = 60000, KEEP_SPANS_MS = 300000 };

struct otlp {
    struct loop *loop;
    struct otlp_collector collector;
    struct otlp_sender sender;
    struct tracer *tracer; /* NULL: no traces are sent */
    struct otlp_lane traces, metrics;
    bool sends_metrics, has_told_metrics; /* told: since it is ending */
    struct loop_timer batch_timer, metrics_timer;
    /* At the end. */
    bool is_ending;
    unsigned open; /* lanes that are not done */
    struct loop_timer limit;
    void (*done)(void *ctx);
    void *ctx;
};

/* --- spans -------------------------------------------------------------------------------------- */

static size_t take_traces(struct tracer *tracer, struct list *traces)
{
    size_t spans = 0;
    struct trace *trace;
    list_init(traces);
    while (spans + TRACE_SPANS_MAX <= OTLP_BATCH_SPANS && (trace = tracer_take(tracer)) != NULL) {
        list_append(traces, &trace->link);
        spans += trace_spans(trace);
    }
    return spans;
}

static size_t fill_spans(void *ctx, struct arena *arena, struct slice *body)
{
    struct otlp *otlp = ctx;
    struct list traces;
    struct err err = {0};
    size_t spans = take_traces(otlp->tracer, &traces);
    if (spans > 0 && !otlp_pack_spans(arena, &otlp->sender, &traces, body, &err).ok) {
        *body = SLICE_NONE;
    }
    for (struct list *link; (link = list_pop(&traces)) != NULL;) {
        trace_free(LIST_ENTRY(link, struct trace, link));
    }
    return spans;
}

static bool has_batch(const void *ctx)
{
    const struct otlp *otlp = ctx;
    return tracer_waiting(otlp->tracer) >= OTLP_BATCH_SPANS;
}

static const struct otlp_signal SPANS = {.name = "spans",
                                         .keep_ms = KEEP_SPANS_MS,
                                         .fill = fill_spans,
                                         .is_full = has_batch,
                                         .rejected = otlp_rejected_spans};

/* A call has just come to its end, and is not to wait for what we do. */
static void want_batch(void *ctx)
{
    struct otlp *otlp = ctx;
    if (otlp->traces.state == LANE_IDLE && !otlp->is_ending) {
        loop_timer_arm(&otlp->batch_timer, 0);
    }
}

static void on_batch_timer(struct loop_timer *timer)
{
    struct otlp *otlp = LIST_ENTRY(timer, struct otlp, batch_timer);
    otlp_lane_send(&otlp->traces);
    loop_timer_arm(timer, BATCH_MS);
}

/* --- metrics ------------------------------------------------------------------------------------ */

/* At the end they are sent once more, and what that is about is no news. */
static size_t fill_metrics(void *ctx, struct arena *arena, struct slice *body)
{
    struct otlp *otlp = ctx;
    size_t values = 0;
    struct err err = {0};
    if (otlp->has_told_metrics) {
        return 0;
    }
    otlp->has_told_metrics = otlp->is_ending;
    if (!otlp_pack_metrics(arena, &otlp->sender, loop_unix_us(otlp->loop) * 1000, body, &values,
                           &err)
             .ok) {
        *body = SLICE_NONE;
    }
    return values;
}

static bool is_never_full(const void *ctx)
{
    (void)ctx;
    return false;
}

/* They are sums since the start, so later ones say all that earlier ones did. */
static const struct otlp_signal METRICS = {.name = "metrics",
                                           .keep_ms = METRICS_MS,
                                           .fill = fill_metrics,
                                           .is_full = is_never_full,
                                           .rejected = otlp_rejected_values};

static void on_metrics_timer(struct loop_timer *timer)
{
    struct otlp *otlp = LIST_ENTRY(timer, struct otlp, metrics_timer);
    otlp_lane_send(&otlp->metrics);
    loop_timer_arm(timer, METRICS_MS);
}

/* --- the headers ---------------------------------------------------------------------------------- */

/* The text of one header, for libcurl, which copies it. */
static void add_header(struct otlp_collector *collector, struct slice line)
{
    char text[CONF_TELEMETRY_HEADERS_BYTES_MAX + 1];
    snprintf(text, sizeof text, "%.*s", SLICE_FMT(line));
    collector->headers = curl_slist_append(collector->headers, text);
    explicit_bzero(text, sizeof text);
}

static void add_headers(struct otlp_collector *collector, struct slice text)
{
    for (struct slice header; conf_telemetry_next_header(&text, &header);) {
        add_header(collector, header);
    }
}

static void free_headers(struct curl_slist *headers)
{
    for (struct curl_slist *at = headers; at != NULL; at = at->next) {
        mem_wipe(at->data, strlen(at->data));
    }
    curl_slist_free_all(headers);
}

/* --- life ----------------------------------------------------------------------------------------- */

static void begin_traces(struct otlp *otlp, const struct otlp_config *config)
{
    otlp->tracer = tracer_new(config->traces_per_million);
    tracer_on_full(otlp->tracer, OTLP_BATCH_SPANS, want_batch, otlp);
    otlp_lane_init(&otlp->traces, &SPANS, &otlp->collector, config->endpoint, "/v1/traces", otlp);
    loop_timer_arm(&otlp->batch_timer, BATCH_MS);
}

static void begin_metrics(struct otlp *otlp, const struct otlp_config *config)
{
    otlp->sends_metrics = true;
    otlp_lane_init(&otlp->metrics, &METRICS, &otlp->collector, config->endpoint, "/v1/metrics",
                   otlp);
    loop_timer_arm(&otlp->metrics_timer, METRICS_MS);
}

/* The limit has passed, or nothing is left. */
static void on_limit(struct loop_timer *timer)
{
    struct otlp *otlp = LIST_ENTRY(timer, struct otlp, limit);
    void (*done)(void *ctx) = otlp->done;
    otlp->done = NULL;
    if (done != NULL) {
        done(otlp->ctx);
    }
}

struct otlp *otlp_new(struct loop *loop, const struct otlp_config *config)
{
    struct otlp *otlp = xcalloc(1, sizeof *otlp);
    otlp->loop = loop;
    otlp->sender = config->sender;
    otlp->collector = (struct otlp_collector){.loop = loop,
                                              .curl = curl_loop_new(loop),
                                              .dns = config->dns,
                                              .ca_file = config->ca_file,
                                              .timeout_ms = config->timeout_ms};
    loop_timer_init(&otlp->batch_timer, loop, on_batch_timer);
    loop_timer_init(&otlp->metrics_timer, loop, on_metrics_timer);
    loop_timer_init(&otlp->limit, loop, on_limit);
    add_header(&otlp->collector, slice_str("Content-Type: application/x-protobuf"));
    add_header(&otlp->collector, slice_str("Expect:")); /* a large body waits for no permission */
    if (config->headers != NULL) {
        add_headers(&otlp->collector, secret_use(config->headers));
    }
    if (config->sends_traces) {
        begin_traces(otlp, config);
    }
    if (config->sends_metrics) {
        begin_metrics(otlp, config);
    }
    return otlp;
}

struct tracer *otlp_tracer(struct otlp *otlp)
{
    return otlp->tracer;
}

static void lane_ended(void *ctx)
{
    struct otlp *otlp = ctx;
    if (--otlp->open == 0) {
        loop_timer_arm(&otlp->limit, 0);
    }
}

void otlp_end(struct otlp *otlp, int64_t limit_ms, void (*done)(void *ctx), void *ctx)
{
    otlp->is_ending = true;
    otlp->done = done;
    otlp->ctx = ctx;
    loop_timer_cancel(&otlp->batch_timer);
    loop_timer_cancel(&otlp->metrics_timer);
    loop_timer_arm(&otlp->limit, limit_ms);
    otlp->open = 1 + (otlp->tracer != NULL) + otlp->sends_metrics;
    if (otlp->tracer != NULL) {
        otlp_lane_end(&otlp->traces, lane_ended);
    }
    if (otlp->sends_metrics) {
        otlp_lane_end(&otlp->metrics, lane_ended);
    }
    lane_ended(otlp);
}

void otlp_free(struct otlp *otlp)
{
    if (otlp == NULL) {
        return;
    }
    if (otlp->tracer != NULL) {
        otlp_lane_lose(&otlp->traces, tracer_waiting(otlp->tracer));
    }
    otlp_lane_fini(&otlp->traces);
    otlp_lane_fini(&otlp->metrics);
    tracer_free(otlp->tracer);
    loop_timer_fini(&otlp->batch_timer);
    loop_timer_fini(&otlp->metrics_timer);
    loop_timer_fini(&otlp->limit);
    curl_loop_free(otlp->collector.curl);
    free_headers(otlp->collector.headers);
    xfree(otlp);
}
