/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns of RE2's syntax, which run in time linear in the text. The one place that knows RE2.
 *
 * A search can't yield, so whoever has a long text looks at pieces of it (pattern_piece), each with
 * the text around it. Pure; a pattern is used by one thread. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#include "base/err.h"
#include "base/slice.h"

enum {
    PATTERN_BYTES_MAX = 1024, /* of its text */
    PATTERN_SPAN_MIN = 600, /* a match of up to this length is never missed, whatever the pattern */
    PATTERN_LITERALS_MAX = 64 /* by which one pattern is filtered; with more it is always tried */
};

struct pattern;

/* Compile a pattern of at most PATTERN_BYTES_MAX bytes, for texts of UTF-8. R_FIELD_INVALID, with
 * words for a person: it is no pattern, it is too large, or looking for it could take too long. */
rc pattern_new(struct slice text, struct pattern **out, struct err *err);
void pattern_free(struct pattern *pattern);

/* How many bytes of a text may be searched at once, so that the slowest text takes some milliseconds:
 * at least twice PATTERN_SPAN_MIN. Of a longer text pieces are searched that overlap by half; a match
 * that is longer than the half may be missed. */
size_t pattern_piece(const struct pattern *pattern);
/* Whether text[from, to) holds a match, seen within the whole text: ^, $ and \b look at what stands
 * around it. */
bool pattern_find(const struct pattern *pattern, struct slice text, size_t from, size_t to);

/* The literals of which a text must have some for the pattern to match: ASCII in lower case, 3 bytes
 * at least, looked for in a text in the form of pattern_fold. None: it must be tried on every text.
 * Lends. */
size_t pattern_literal_count(const struct pattern *pattern);
struct slice pattern_literal(const struct pattern *pattern, size_t index);
/* Whether a text in which these literals (by index, ascending) were found may match. */
bool pattern_may_match(const struct pattern *pattern, const int *found, size_t count);
/* The form of a text in which literals are looked for: as long as the text, or shorter. `out` has
 * room for text.len bytes. The text ends between two characters. */
size_t pattern_fold(struct slice text, uint8_t *out);

#ifdef __cplusplus
}
#endif
