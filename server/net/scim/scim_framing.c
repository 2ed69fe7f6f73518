/* SPDX-License-Identifier: Apache-2.0 */
#include "net/scim/scim_framing.h"

#include <string.h>

#include "net/header_value.h"
#include "net/scim/scim_error.h"
#include "wire/pb_fields.h"
#include "wire/pb_write.h"

static const char ROOT[] = "/scim/v2/";
static const char SCIM_JSON[] = "application/scim+json", JSON[] = "application/json";

enum { WRAP_BYTES = 64 * 1024 }; /* for all but the body */

/* --- requests ----------------------------------------------------------------------------------- */

static bool takes(const struct net_request *request)
{
    return strncmp(request->path, ROOT, sizeof ROOT - 1) == 0;
}

/* Whether a path names resources of this kind, or one of them. */
static bool is_of(const char *path, const char *kind)
{
    const char *at = path + sizeof ROOT - 1;
    size_t len = strlen(kind);
    return strncmp(at, kind, len) == 0 && (at[len] == '\0' || at[len] == '/');
}

/* NULL: nothing there can be done so. */
static const char *method_of(const struct net_request *request)
{
    static const char *const changes[] = {"POST", "PUT", "PATCH", "DELETE"};
    bool is_change = false;
    if (strcmp(request->method, "GET") == 0) {
        return "/chancery.v1.ScimService/GetResource";
    }
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        is_change = is_change || strcmp(request->method, changes[i]) == 0;
    }
    if (is_change && is_of(request->path, "Users")) {
        return "/chancery.v1.ScimService/ChangeUser";
    }
    return is_change && is_of(request->path, "Groups") ? "/chancery.v1.ScimService/ChangeGroup"
                                                       : NULL;
}

/* A body of another type is none of ours; without a body there need not be a type. */
static bool is_type_ours(const struct net_request *request)
{
    const char *type = net_request_header(request, "content-type");
    return type == NULL ||
           (header_value_count(request, "content-type") == 1 &&
            (header_value_is_type(type, SCIM_JSON) || header_value_is_type(type, JSON)));
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    const char *method = method_of(request);
    out->content_type = SCIM_JSON;
    out->length = header_value_length(request);
    header_value_read_encoding(request, out);
    if (method != NULL) {
        request->target = request->path;
        request->target_query = request->query;
        request->path = method;
        request->query = NULL;
    }
    ENSURE(is_type_ours(request), err, R_JSON_MALFORMED);
    return OK;
}

static void wrap(const struct net_request *request, struct slice body, struct bytes *message)
{
    enum { EXCHANGE = 1, VERB = 1, PATH = 2, QUERY = 3, IF_MATCH = 4, BODY = 5 };
    AUTO(arena_free_at) struct arena *arena = arena_new(4 * body.len + WRAP_BYTES);
    struct buf out;
    struct slice packed;
    buf_init(&out, arena);
    size_t exchange = pb_write_open(&out, EXCHANGE);
    pb_write_bytes(&out, VERB, slice_str(request->method));
    pb_write_bytes(&out, PATH, slice_str(request->target + strlen("/scim/v2")));
    pb_write_bytes(&out, QUERY, slice_str(request->target_query));
    pb_write_bytes(&out, IF_MATCH, slice_str(net_request_header(request, "if-match")));
    pb_write_bytes(&out, BODY, body);
    pb_write_close(&out, exchange);
    if (buf_finish(&out, &packed, NULL).ok) { /* else nothing, which is no request */
        bytes_add(message, packed);
    }
}

/* --- answers ------------------------------------------------------------------------------------ */

static void add_text(struct arena *arena, const char *name, struct slice value,
                     struct net_head *head)
{
    const char *text = value.len == 0 ? NULL : arena_dup(arena, value);
    if (text != NULL) {
        net_head_add(head, name, text);
    }
}

/* Of the response's one field, chancery.v1.ScimAnswer. */
static struct slice unwrap(struct arena *arena, struct slice message, struct net_head *head)
{
    enum { ANSWER = 1, STATUS = 1, LOCATION = 2, ETAG = 3, BODY = 4 };
    struct pb_fields fields = pb_fields_of(message);
    struct pb_field field;
    struct slice body = SLICE_NONE;
    bool has_answer = pb_next_field(&fields, &field) && field.is_bytes && field.number == ANSWER;
    fields = pb_fields_of(has_answer ? field.bytes : SLICE_NONE);
    while (pb_next_field(&fields, &field)) {
        if (field.number == STATUS) {
            head->status = (int)field.value;
        } else if (field.number == LOCATION) {
            add_text(arena, "location", field.bytes, head);
        } else if (field.number == ETAG) {
            add_text(arena, "etag", field.bytes, head);
        } else if (field.number == BODY) {
            body = field.bytes;
        }
    }
    return body;
}

static void head(const struct net_encoding *encoding, bool compressed, struct net_head *out)
{
    if (out->status != 204) {
        net_head_add(out, "content-type", encoding->content_type);
    }
    net_head_add(out, "cache-control", "no-store");
    if (compressed) {
        net_head_add(out, "content-encoding", "gzip");
    }
}

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    (void)compressed; /* the head says it */
    bytes_add(body, message);
}

static void finish(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    (void)arena;
    (void)trailers;
    if (only == NULL) {
        return;
    }
    only->status = scim_error_write(status, body);
    net_head_add(only, "content-type", encoding->content_type);
    net_head_add(only, "cache-control", "no-store");
    if (only->status == 401) {
        net_head_add(only, "www-authenticate", "Bearer"); /* RFC 9110 §11.6.1, RFC 6750 §3 */
    }
}

const struct net_framing SCIM_FRAMING = {
    .name = "scim",
    .is_whole = true,
    .trailer_prefix = "trailer-",
    .takes = takes,
    .begin = begin,
    .wrap = wrap,
    .unwrap = unwrap,
    .head = head,
    .add_message = add_message,
    .finish = finish,
};
