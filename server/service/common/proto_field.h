/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of messages by their descriptors, for what is done once for all methods: masks, pages,
 * replies. A field that a method of ours must have and hasn't is our own fault, so these abort. */
#pragma once

#include <stdbool.h>

#include "methods.h"

const ProtobufCFieldDescriptor *proto_field_named(const ProtobufCMessageDescriptor *type,
                                                  const char *name);
/* The only field that holds one message of this type, or with `is_repeated` a list of them; `of`
 * NULL: texts. */
const ProtobufCFieldDescriptor *proto_field_of(const ProtobufCMessageDescriptor *type,
                                               bool is_repeated,
                                               const ProtobufCMessageDescriptor *of);
/* Where a message has the field's value: the pointer of a message or a list, the number itself. */
void *proto_field_at(void *message, const ProtobufCFieldDescriptor *field);
/* Where it has the number of a list's elements. */
size_t *proto_field_count_at(void *message, const ProtobufCFieldDescriptor *field);
/* Whether the field has another value than its type's default. */
bool proto_field_is_populated(const ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field);
