/* SPDX-License-Identifier: Apache-2.0 */
/* All that /metrics tells, as a request of OTLP: the same names and labels, what adds up since the supervisor was started. */
#pragma once

#include "telemetry/otlp_values.h"

/* *values: how many are in it. R_ARENA_EXHAUSTED. */
rc otlp_pack_metrics(struct arena *arena, const struct otlp_sender *sender, int64_t now_unix_ns,
                     struct slice *out, size_t *values, struct err *err);
/* As otlp_rejected_spans. */
int64_t otlp_rejected_values(struct arena *arena, struct slice answer, const char **why);
