/* SPDX-License-Identifier: Apache-2.0 */
/* Traces as a request of OTLP. Pure but for the ids of spans, which are random. */
#pragma once

#include "obs/tracer.h"
#include "telemetry/otlp_values.h"

enum { OTLP_BATCH_SPANS = 512 };

/* Traces of at most OTLP_BATCH_SPANS spans together, one behind another. R_ARENA_EXHAUSTED. */
rc otlp_pack_spans(struct arena *arena, const struct otlp_sender *sender, const struct list *traces,
                   struct slice *out, struct err *err);
/* How many spans a collector's answer says that it did not take; *why lends from the arena. 0: none, or nothing that could be
 * understood. */
int64_t otlp_rejected_spans(struct arena *arena, struct slice answer, const char **why);
