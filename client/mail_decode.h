/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: the bytes of a part as mail programs read them. They forgive what GMime doesn't: an
 * encoding with a comment or quotation marks (RFC 2045 §6.1, RFC 5322 §3.2.2), white space behind a soft
 * line break (RFC 2045 §6.7), padding in the middle. A word must not be hidden from rules by such things. */
#pragma once

#include <gmime/gmime.h>

#include "base/slice.h"

/* What Content-Transfer-Encoding says; GMIME_CONTENT_ENCODING_DEFAULT: nothing that is known. */
GMimeContentEncoding mail_decode_encoding(GMimeObject *object);
/* The caller unrefs what these return. */
GByteArray *mail_decode_bytes(struct slice encoded, GMimeContentEncoding encoding);
GByteArray *mail_decode_part(GMimePart *part);
/* As UTF-8; NULL if the character set isn't known. */
GByteArray *mail_decode_charset(struct slice text, const char *charset);
