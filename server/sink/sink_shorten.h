/* SPDX-License-Identifier: Apache-2.0 */
/* A record as a receiver can take it, whatever somebody has put into the log by hand. Inside server/sink. Pure. */
#pragma once

#include "base/arena.h"
#include "store/resource/audit_store.h"

enum {
    SINK_TEXT_MAX = 32 * 1024 /* of one text: far more than calls leave (docs/formats.md §10.2) */
};

/* Cut each text that is longer, which says how long it was, and leave out rights that are none. `was_cut`: whether something was. */
rc sink_shorten(struct arena *arena, struct audit_event *event, bool *was_cut, struct err *err);
