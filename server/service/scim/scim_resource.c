/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scim/scim_resource.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "base/encode.h"
#include "domain/values/address.h"
#include "service/common/reply.h"

static const char USER_SCHEMA[] = "urn:ietf:params:scim:schemas:core:2.0:User";
static const char GROUP_SCHEMA[] = "urn:ietf:params:scim:schemas:core:2.0:Group";

/* --- rows ----------------------------------------------------------------------------------------- */

static step parse_document(struct call *c, const char *document, json_t **out)
{
    struct scim_fault fault = {0};
    return scim_json_parse(call_arena(c), slice_str(document), out, &fault)
               ? STEP_NEXT
               : call_fail(c, fault.type[0] == '\0' ? R_ARENA_EXHAUSTED : R_INTERNAL, "document");
}

/* Nobody has said more of them than their addresses. */
static void user_of_directory(const struct scim_row *row, struct scim_user *out)
{
    out->user_name = row->address;
    for (size_t i = 0; i < row->address_count && out->email_count < SCIM_EMAILS_MAX; i++) {
        bool is_primary = strcmp(row->addresses[i], row->address) == 0;
        out->emails[out->email_count++] = (struct scim_email){.value = row->addresses[i],
                                                              .type = is_primary ? "work" : "other",
                                                              .is_primary = is_primary};
    }
}

step scim_resource_user(struct call *c, const struct scim_row *row, struct scim_user *out)
{
    json_t *document;
    struct scim_fault fault = {0};
    scim_user_init(out, call_arena(c));
    if (row->document[0] == '\0') {
        user_of_directory(row, out);
    } else if (step_failed(parse_document(c, row->document, &document))) {
        return STEP_FAILED;
    } else if (!scim_user_read(out, document, &fault)) {
        return call_fail(c, R_INTERNAL, "document: %s", fault.where);
    }
    out->id = row->id;
    out->display_name = row->display_name;
    out->is_active = !row->is_disabled;
    return STEP_NEXT;
}

void scim_resource_group(struct call *c, const struct scim_row *row, struct scim_group *out)
{
    scim_group_init(out, call_arena(c));
    out->id = row->id;
    out->display_name = row->display_name[0] == '\0' ? row->address : row->display_name;
    out->external_id = row->group_id;
    out->address = row->address;
}

step scim_resource_address(struct call *c, const char *id, const char **out)
{
    uint8_t bytes[ADDRESS_MAX];
    size_t len = strlen(id) / 2;
    *out = "";
    if (id[0] != 'a' || strlen(id) % 2 == 0 || len > sizeof bytes ||
        !hex_decode(slice_str(id + 1), bytes, len, NULL).ok) {
        return STEP_NEXT;
    }
    if (!address_normalize(call_arena(c), slice_of(bytes, len), out, NULL).ok) {
        *out = "";
    }
    return STEP_NEXT;
}

/* --- what goes around a resource ------------------------------------------------------------------ */

const char *scim_resource_etag(struct call *c, enum scim_kind kind, const char *state,
                               int64_t epoch)
{
    return kind == SCIM_GROUPS
               ? arena_printf(call_arena(c), "W/\"%s-%llx\"", state, (unsigned long long)epoch)
               : arena_printf(call_arena(c), "W/\"%s\"", state);
}

const char *scim_resource_location(struct call *c, enum scim_kind kind, const char *id)
{
    const char *root =
        boundary_authority_url(c, caller_of(c)->found_platform, scope_of(c)->tenant->view.boundary);
    return arena_printf(call_arena(c), "%s/scim/v2/%s/%s", root,
                        kind == SCIM_USERS ? "Users" : "Groups", id);
}

static void write_begin(const char *schema, const char *more, const char *id, struct buf *out)
{
    buf_printf(out, "{\"schemas\":[\"%s\"%s],\"id\":", schema, more);
    buf_add_json_text(out, id);
    buf_add_str(out, ",");
}

static void write_end(struct call *c, enum scim_kind kind, const struct scim_row *row,
                      struct buf *out)
{
    const char *location = scim_resource_location(c, kind, row->id);
    const char *etag = scim_resource_etag(c, kind, row->state, row->epoch);
    out->failed = out->failed || location == NULL || etag == NULL;
    buf_printf(out, ",\"meta\":{\"resourceType\":\"%s\",\"location\":",
               kind == SCIM_USERS ? "User" : "Group");
    buf_add_json_text(out, out->failed ? "" : location);
    buf_add_str(out, ",\"version\":");
    buf_add_json_text(out, out->failed ? "" : etag);
    buf_add_str(out, "}}");
}

void scim_resource_write_user(struct call *c, const struct scim_row *row,
                              const struct scim_user *user, struct buf *out)
{
    write_begin(USER_SCHEMA, "", row->id, out);
    scim_user_write(user, out);
    buf_printf(out, ",\"active\":%s", user->is_active ? "true" : "false");
    write_end(c, SCIM_USERS, row, out);
}

static void write_member(const struct scim_member_row *member, struct buf *out)
{
    buf_add_str(out, "{\"value\":");
    buf_add_json_text(out, member->id);
    buf_add_str(out, ",\"display\":");
    buf_add_json_text(out, member->address);
    buf_printf(out, ",\"type\":\"%s\"}", member->is_group ? "Group" : "User");
}

void scim_resource_write_group(struct call *c, const struct scim_row *row,
                               const struct scim_group *group, const struct scim_members *members,
                               struct buf *out)
{
    write_begin(GROUP_SCHEMA, ",\"" SCIM_GROUP_EXTENSION "\"", row->id, out);
    scim_group_write(group, out);
    for (size_t i = 0; members != NULL && i < members->count; i++) {
        buf_add_str(out, i == 0 ? ",\"members\":[" : ",");
        write_member(&members->rows[i], out);
    }
    buf_add_str(out, members != NULL && members->count > 0 ? "]" : "");
    write_end(c, SCIM_GROUPS, row, out);
}

step scim_resource_answer(struct call *c, int status, const char *location, const char *etag,
                          struct buf *body)
{
    Chancery__V1__ScimAnswer *answer = call_message(c, &chancery__v1__scim_answer__descriptor);
    struct slice bytes = SLICE_NONE;
    if (answer == NULL || location == NULL || etag == NULL ||
        (body != NULL && !buf_finish(body, &bytes, call_err(c)).ok)) {
        return reply_over_budget(c);
    }
    answer->status = status;
    answer->location = reply_text(location);
    answer->etag = reply_text(etag);
    answer->body = reply_bytes(bytes);
    return reply_message(c, answer);
}
