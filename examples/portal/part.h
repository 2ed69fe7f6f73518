/* SPDX-License-Identifier: Apache-2.0 */
/* What a part of a mail has within, whatever it says of itself. Any thread. */
#pragma once

#include <gmime/gmime.h>

/* Its bytes, decoded: the caller's, to be wiped. */
GByteArray *part_bytes(GMimePart *part);
/* The charset that it names, lent; NULL if none. */
const char *part_charset(GMimePart *part);
/* Its text in UTF-8, with what is none replaced; the caller's, to be wiped. */
char *part_text(GMimePart *part);
/* The same of bytes that have been decoded. */
char *text_of_bytes(GBytes *bytes, const char *charset);
