/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of messages by their names, as descriptors know them. Inside cli/declared. */
#pragma once

#include "cli/declared/kinds.h"
#include "cli/session.h"

const ProtobufCFieldDescriptor *field_named(const ProtobufCMessage *message, const char *name);
/* A text; "" where the message has no such field. Lent by the message. */
char *field_text(const ProtobufCMessage *message, const char *name);
/* Set a text, where the message has such a field. */
void field_set_text(ProtobufCMessage *message, const char *name, const char *text);
/* Let a field be that of another message of the same type, which keeps what it points to. */
void field_take(ProtobufCMessage *message, const ProtobufCMessage *from,
                const ProtobufCFieldDescriptor *field);
/* The messages of a type within an answer: in its list of them, or the only one. Lent by it. */
ProtobufCMessage **field_messages(const ProtobufCMessage *answer,
                                  const ProtobufCMessageDescriptor *type, size_t *count);
/* What people call a resource: its key. */
const char *field_key(struct session *s, const struct kind *kind, const ProtobufCMessage *message);
/* Whether a field of a spec is an admin's to set: not the id, the tenant or the etag, which are metadata, and not
 * what the authority sets. A template's `archived` is, by methods of its own. */
bool field_is_declared(const struct kind *kind, const ProtobufCFieldDescriptor *field);
/* A copy with lists and inner messages of its own; their texts are the message's. Lent by the session. */
ProtobufCMessage *field_copy(struct session *s, const ProtobufCMessage *message);
/* Call for each text within a message, with the type and the name of its field. */
void field_each_text(struct session *s, ProtobufCMessage *message,
                     void (*visit)(struct session *s, const ProtobufCMessageDescriptor *type,
                                   const char *field, char **text));
/* Put what has no order (rights, kinds) into one, each once, so that it compares. */
void field_sort_sets(ProtobufCMessage *message);
/* Take out what the authority sets within inner messages. */
void field_clear_output(ProtobufCMessage *message);
/* Take out inner messages that say nothing: what a document writes as {} is absent. */
void field_drop_empty(ProtobufCMessage *message);
/* Each field as YAML (message_members); lent by the session. */
const char *const *field_texts(struct session *s, const ProtobufCMessage *message, bool all,
                               int depth);
