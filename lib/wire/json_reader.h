/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON into the bytes of a message: what the files json_read.c and json_scalars.c share. Inside
 * lib/wire. */
#pragma once

#include "base/buf.h"
#include "wire/json_lexer.h"
#include "wire/message_text.h"
#include "wire/pb.h"

/* Where in the request the reader stands. */
struct json_place {
    const ProtobufCFieldDescriptor *field;
    size_t index; /* in a list */
};

struct json_reader {
    struct arena *arena;
    struct json_input in;
    struct buf out;
    struct json_place places[MESSAGE_DEPTH_MAX];
    size_t depth;
    size_t values; /* read so far */
    struct pb_flaw *flaw;
    struct err *err;
};

/* Fail at the place where the reader stands: with R_JSON_MALFORMED, or R_FIELD_INVALID. `why` is static. */
rc json_reader_malformed(struct json_reader *r, const char *why);
rc json_reader_invalid(struct json_reader *r, const char *why);
/* The path of that place, as BadRequest names fields, into r->flaw: template.names[1].text. Its length, which
 * may be more than there is room for. */
size_t json_reader_path(struct json_reader *r);
extern const char JSON_READER_ENDS[]; /* "here it stops being JSON" */

/* What a string means: itself, or a copy without escapes. */
rc json_reader_text(struct json_reader *r, struct slice *out);
/* One value of a field that is no message. */
rc json_reader_scalar(struct json_reader *r, const ProtobufCFieldDescriptor *field);
