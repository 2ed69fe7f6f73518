/* SPDX-License-Identifier: Apache-2.0 */
/* The one way to parse JSON that came from outside: strict, bounded, joined to an arena.
 * jansson's own limits are too wide (depth 2048, duplicate members accepted). Any thread. */
#pragma once

#include <jansson.h>

#include "base/arena.h"

enum { JSON_DEPTH_MAX = 16, JSON_VALUES_MAX = 4096 };

/* Parse an object. Refuses duplicate members, trailing text, NUL in strings, more than
 * JSON_DEPTH_MAX levels or JSON_VALUES_MAX values; raises `malformed` then. The arena frees it. */
rc json_parse_object(struct arena *arena, struct slice text, size_t max_bytes,
                     enum reason malformed, json_t **out, struct err *err);
/* The same for what may have more values. */
rc json_parse_large(struct arena *arena, struct slice text, size_t max_bytes, size_t max_values,
                    enum reason malformed, json_t **out, struct err *err);
/* A string member. Absent: *out is empty and the result is ok. Another type raises `malformed`. */
rc json_get_text(const json_t *object, const char *name, enum reason malformed, struct slice *out,
                 struct err *err);
/* As json_get_text, but the member must be there. */
rc json_need_text(const json_t *object, const char *name, enum reason malformed, struct slice *out,
                  struct err *err);
/* Dump in compact form with sorted members, into the arena: our own canonical output only. */
rc json_dump(struct arena *arena, const json_t *value, struct slice *out, struct err *err);
/* Let the arena release a value that we made. */
rc json_own(struct arena *arena, json_t *value, struct err *err);
