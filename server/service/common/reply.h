/* SPDX-License-Identifier: Apache-2.0 */
/* From our values to the messages of replies. Everything lands in the call's arena. */
#pragma once

#include "domain/values/rights.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/typed.h"

/* The call's empty reply message, of the type that its method answers; NULL over budget, with call_err
 * filled. */
void *reply_new(struct call *c);
/* The step of methods whose answer says nothing. */
step reply_empty(struct call *c);
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
/* A stored list "VIEW,EDIT" as texts. */
size_t reply_split(struct call *c, const char *list, char ***out);
/* An array of texts without copying them. */
char **reply_texts(struct call *c, const char *const *texts, size_t count);

/* A page token of up to 32 bytes: opaque, no secret. NULL over budget. */
char *reply_page_token(struct call *c, const void *bytes, size_t len);
/* Read it again; false if it is none of this length. */
bool request_page_token(struct call *c, const char *token, void *bytes, size_t len);
/* Lists of messages: how many a page has. */
enum { PAGE_USUAL = 50, PAGE_MOST = 200 };
/* The field page_size: 0 is PAGE_USUAL, else up to PAGE_MOST. */
step request_page_limit(struct call *c, int32_t asked, size_t *limit);
/* The fields page_size and page_token of a list in order of ids; `after`: the last id of the page before. */
step request_page(struct call *c, int32_t size, const char *token, size_t *limit,
                  struct uuid *after);
/* A page size: `asked`, or `usual` for 0; false out of 1 to `most`. */
bool request_page_size(int32_t asked, size_t usual, size_t most, size_t *out);
/* A UUID field; "" gives zero. Fails with the field's name. */
step request_uuid(struct call *c, const char *field, const char *text, struct uuid *out);
/* A required UUID field. */
step request_uuid_required(struct call *c, const char *field, const char *text, struct uuid *out);
/* A text of at most `max` bytes. */
step request_text(struct call *c, const char *field, const char *text, size_t max);
/* A required or optional mail address, normalized; "" gives "". */
step request_address(struct call *c, const char *field, const char *text, const char **out);
