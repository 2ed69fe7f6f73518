/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of text that came from outside (RFC 3629). protobuf-c accepts any bytes in a string, so
 * every string passes here before it becomes a value. Any thread. */
#pragma once

#include <stdbool.h>

#include "base/slice.h"

/* Whether the bytes are well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
bool utf8_is_valid(struct slice text);
/* Whether the text is valid and has no control characters (U+0000–U+001F, U+007F–U+009F). */
bool utf8_is_printable(struct slice text);
/* Whether the text is valid and has, of U+0000–U+001F, nothing but tabs and line ends: text of
 * several lines. */
bool utf8_is_text(struct slice text);
