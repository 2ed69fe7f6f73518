/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that protobuf's JSON writes as one text. Inside lib/wire. */
#pragma once

#include "base/buf.h"
#include "wire/message_text.h"

/* Reads a text and writes the fields of the message that it means; false: it means none. */
typedef bool (*json_form_read)(struct slice text, struct buf *out);

struct json_form {
    const ProtobufCMessageDescriptor *type;
    json_form_read read;
    const char *why; /* what it must be */
    /* What stands between the quotes. */
    void (*write)(const ProtobufCMessage *message, struct buf *out);
};

/* NULL: it is written as an object. */
const struct json_form *json_form_of(const ProtobufCMessageDescriptor *type);
