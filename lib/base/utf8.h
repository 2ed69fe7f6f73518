/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of text that came from outside (RFC 3629). protobuf-c accepts any bytes in a string, so
 * every string passes here before it becomes a value. Any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

/* Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
bool utf8_is_valid(struct slice text);
/* Whether the text is valid, of one line, and shows as it reads: no control characters (U+0000–
 * U+001F, U+007F–U+009F), no line and paragraph separators (U+2028, U+2029), and nothing that turns
 * the direction of what stands around it (U+202A–U+202E, U+2066–U+2069; UTS #55). */
bool utf8_is_printable(struct slice text);
/* Whether the text is valid and has, of U+0000–U+001F, nothing but tabs and line ends: text of
 * several lines. */
bool utf8_is_text(struct slice text);
/* The text as one line that shows as it reads (utf8_is_printable), of at most `max` bytes, cut
 * between characters: line ends and tabs are spaces, and what else it may not have is U+FFFD. NULL
 * over budget. */
const char *utf8_line(struct arena *arena, struct slice text, size_t max);
/* Text from outside as it is shown to a person: what moves, hides or ends what stands around it is
 * written as an escape. That is controls (C0, DEL, C1), line and paragraph separators, marks that
 * turn the direction of text, characters without width, and tags (UTS #55, UTS #39 §3.1; Unicode's
 * Default_Ignorable_Code_Point without variation selectors, which belong to emoji and ideographs). */
enum utf8_escapes {
    UTF8_LINE, /* one line: \n, \u202e, \U000e0041; \x9b for a byte that is no UTF-8 */
    UTF8_JSON, /* a JSON document, whose line ends stay: \u202e, \udb40\udc41 */
    UTF8_YAML, /* double-quoted texts of YAML, whose line ends stay: \u202e, \U000e0041 */
};
/* Lent by the arena, or the text itself where nothing is to be escaped. NULL over budget. */
const char *utf8_escaped(struct arena *arena, const char *text, enum utf8_escapes escapes);
