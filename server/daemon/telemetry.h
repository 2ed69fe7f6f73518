/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's traces and metrics to a collector, as the configuration has it. NULL is fine everywhere: none is configured. */
#pragma once

#include "conf/conf.h"
#include "loop/loop.h"

struct rpc;
struct telemetry;

/* NULL in `out` when none is configured. Has the engine's calls traced, and goes after it. The first worker sends the metrics of
 * all. Borrows the arguments. R_OTLP_HEADERS. */
rc telemetry_new(const Conf *conf, struct rpc *rpc, struct loop *loop, bool is_first,
                 struct telemetry **out, struct err *err);
/* Send what waits, for at most `limit_ms`, then call `done`; at once when there is none. */
void telemetry_end(struct telemetry *telemetry, int64_t limit_ms, void (*done)(void *ctx),
                   void *ctx);
void telemetry_free(struct telemetry *telemetry);
