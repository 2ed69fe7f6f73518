/* SPDX-License-Identifier: Apache-2.0 */
/* Replies, and from our values to their fields. Everything lands in the call's arena. */
#pragma once

#include "domain/values/rights.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/call.h"

/* The step of methods whose answer says nothing. */
step reply_empty(struct call *c);
/* Answer with the one message that Get…, Create… and Update… answer with, in whichever field the
 * method's response has for its type. NULL: it did not fit into the budget. */
step reply_message(struct call *c, const void *message);
/* Put it into a response that has other fields too. */
void reply_set_message(void *response, const void *message);
/* Fail because the reply did not fit into the call's budget, unless it is known already why. */
step reply_over_budget(struct call *c);

/* protobuf-c wants char *; a reply's texts are only read. */
char *reply_text(const char *text);
/* Copy a slice into a NUL-terminated text; NULL over budget. */
char *reply_slice(struct call *c, struct slice text);
ProtobufCBinaryData reply_bytes(struct slice bytes);
/* A UUID as text; "" for zero. NULL over budget. */
char *reply_uuid(struct call *c, struct uuid id);
/* NULL for 0 or over budget. */
Google__Protobuf__Timestamp *reply_time(struct call *c, int64_t unix_us);
/* Standard rights by their numbers; the count, or 0 over budget. */
size_t reply_rights(struct call *c, const struct rights *rights, int **out);
/* Custom rights by their names. */
size_t reply_custom_rights(struct call *c, const struct rights *rights, char ***out);
/* The rights of a record, "VIEW,EDIT". False over budget. */
bool reply_recorded_rights(struct call *c, const char *list, struct rights *out);
/* An array of texts without copying them. */
char **reply_texts(struct call *c, const char *const *texts, size_t count);
