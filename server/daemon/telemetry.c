/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/telemetry.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/telemetry_headers.h"
#include "daemon/version.h"
#include "dns/dns.h"
#include "rpc/call.h"
#include "telemetry/otlp.h"

enum { HOST_BYTES = 256, INSTANCE_BYTES = HOST_BYTES + 16 };

struct telemetry {
    char instance[INSTANCE_BYTES];
    struct dns *dns; /* with a line of its own: nobody's look-ups hold up another's */
    struct secret *headers;
    struct otlp *otlp;
};

/* One for all workers of a node and for their successors: the machine, and the supervisor's process there. */
static void name_instance(struct telemetry *telemetry)
{
    char host[HOST_BYTES] = "";
    if (gethostname(host, sizeof host - 1) != 0) {
        snprintf(host, sizeof host, "unknown");
    }
    snprintf(telemetry->instance, sizeof telemetry->instance, "%s:%ld", host, (long)getppid());
}

static rc open_telemetry(struct telemetry *telemetry, const Conf *conf, struct loop *loop,
                         bool is_first, struct err *err)
{
    const Chancery__Config__V1__Telemetry *c = conf->telemetry;
    name_instance(telemetry);
    if (c->otlp_headers_file[0] != '\0') {
        TRY(conf_telemetry_headers(c->otlp_headers_file, &telemetry->headers, err));
    }
    TRY(dns_new(loop, conf->dns->servers, conf->dns->n_servers, &telemetry->dns, err));
    struct otlp_config config = {
        .endpoint = c->otlp_endpoint,
        .ca_file = c->otlp_ca_file[0] == '\0' ? NULL : c->otlp_ca_file,
        .headers = telemetry->headers,
        .timeout_ms = c->timeout_ms,
        .sends_traces = strcmp(c->signals, "metrics") != 0,
        .sends_metrics = is_first && strcmp(c->signals, "traces") != 0,
        .traces_per_million = c->traces_per_million,
        .sender = {.service = "chanceryd",
                   .version = CHANCERY_VERSION,
                   .instance = telemetry->instance},
        .dns = telemetry->dns,
    };
    telemetry->otlp = otlp_new(loop, &config);
    return OK;
}

rc telemetry_new(const Conf *conf, struct rpc *rpc, struct loop *loop, bool is_first,
                 struct telemetry **out, struct err *err)
{
    *out = NULL;
    if (conf->telemetry == NULL) {
        return OK;
    }
    struct telemetry *telemetry = xcalloc(1, sizeof *telemetry);
    rc opened = open_telemetry(telemetry, conf, loop, is_first, err);
    if (!opened.ok) {
        telemetry_free(telemetry);
        return opened;
    }
    rpc_trace(rpc, otlp_tracer(telemetry->otlp));
    *out = telemetry;
    return OK;
}

void telemetry_end(struct telemetry *telemetry, int64_t limit_ms, void (*done)(void *ctx),
                   void *ctx)
{
    if (telemetry == NULL) {
        done(ctx);
    } else {
        otlp_end(telemetry->otlp, limit_ms, done, ctx);
    }
}

void telemetry_free(struct telemetry *telemetry)
{
    if (telemetry != NULL) {
        otlp_free(telemetry->otlp);
        dns_free(telemetry->dns);
        secret_free(telemetry->headers);
        xfree(telemetry);
    }
}
