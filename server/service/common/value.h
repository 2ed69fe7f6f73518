/* SPDX-License-Identifier: Apache-2.0 */
/* From our values to fields of messages, in an arena: for replies (reply.h), and where there is no call. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "domain/values/rights.h"
#include "google/protobuf/timestamp.pb-c.h"

/* protobuf-c wants char *; these texts are only read. NULL is "". */
char *value_text(const char *text);
/* A UUID as text; "" for zero. NULL over budget. */
char *value_uuid(struct arena *arena, struct uuid id);
/* NULL for 0 or over budget. */
Google__Protobuf__Timestamp *value_time(struct arena *arena, int64_t unix_us);
/* Standard rights by their numbers; the count, or 0 over budget. */
size_t value_rights(struct arena *arena, const struct rights *rights, int **out);
/* Custom rights by their names. */
size_t value_custom_rights(struct arena *arena, const struct rights *rights, char ***out);
/* The rights of a record, "VIEW,EDIT". False over budget. */
bool value_recorded_rights(struct arena *arena, const char *list, struct rights *out);
/* An array of texts without copying them. */
char **value_texts(struct arena *arena, const char *const *texts, size_t count);
