/* SPDX-License-Identifier: Apache-2.0 */
/* Events as lines of a file (docs/formats.md §10.1). */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "chancery/v1/audit.pb-c.h"

enum event_format { EVENT_JSONL, EVENT_CSV, EVENT_W3C };
extern const char *const EVENT_FORMATS[]; /* their names, NULL-terminated */

/* What stands before the first event: nothing for JSON lines. */
void event_write_heading(enum event_format format, FILE *out);
/* One event, as a line or a row. R_ARENA_EXHAUSTED. Whether the file took it is for ferror to say. */
rc event_write(enum event_format format, struct arena *arena, const Chancery__V1__AuditEvent *event,
               FILE *out, struct err *err);
