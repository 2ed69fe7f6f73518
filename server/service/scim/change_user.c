/* SPDX-License-Identifier: Apache-2.0 */
/* ScimService.ChangeUser.
 *
 *   parse   the request line
 *   scope   the tenant of the token
 *   find    the user who has the id, in the state that if-match means
 *   apply   the body → what becomes of the user, their addresses and whether they are let in
 *   put     that, in one transaction with its record: the commit
 *   reply */
#include <string.h>

#include "domain/values/address.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/scim/scim_change.h"

enum { ALIASES_MAX = 100 };

struct change_user {
    struct scim_change_state change; /* first */
    struct scim_user before, user;
};

static struct change_user *state_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    return scim_change_parse(c, change_user_request(c)->exchange, SCIM_USERS);
}

/* --- addresses ------------------------------------------------------------------------------------ */

static bool has(const struct scim_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void add(struct scim_texts *texts, const char *text)
{
    if (text != NULL && !has(texts, text)) {
        texts->items[texts->count++] = text;
    }
}

/* What a user's own words say of their addresses, in verified domains: the name first if it is one, then the primary one. */
static bool own_addresses(struct call *c, const struct scim_user *user, struct scim_texts *out)
{
    *out = (struct scim_texts){
        .items = ARENA_ARRAY(call_arena(c), const char *, 2 * SCIM_EMAILS_MAX + 1)};
    if (out->items == NULL) {
        return false;
    }
    add(out, scim_change_address(c, user->user_name));
    for (size_t i = 0; i < user->email_count; i++) {
        add(out, user->emails[i].is_primary ? scim_change_address(c, user->emails[i].value) : NULL);
    }
    for (size_t i = 0; i < user->email_count; i++) {
        add(out, scim_change_address(c, user->emails[i].value));
    }
    return true;
}

/* Whether the addresses become what the provider says of them. A PATCH of something else doesn't repeat its earlier words: an admin
 * may have done otherwise meanwhile. And whoever is shut out gets nothing, so that shutting out can't fail for it. */
static bool says_addresses(struct call *c)
{
    const struct change_user *u = state_of(c);
    return u->change.row == NULL ||
           (u->user.is_active && (u->change.request.verb == SCIM_PUT || !u->before.is_active));
}

/* What a user is to have: what the provider says, as far as it is new or there; then what the directory has of them. That the
 * provider never said it was an admin's doing, and stays; so does an address that was the primary one, by which they may have
 * been granted something. */
static bool all_addresses(struct call *c, const struct scim_texts *own,
                          const struct scim_texts *said, struct scim_texts *out)
{
    const struct change_user *u = state_of(c);
    const struct scim_row *row = u->change.row;
    size_t kept = row == NULL ? 0 : row->address_count;
    bool says_all = says_addresses(c);
    bool is_moved = u->user.is_active && own->count > 0 &&
                    (says_all || said->count == 0 || strcmp(own->items[0], said->items[0]) != 0);
    *out = (struct scim_texts){.items =
                                   ARENA_ARRAY(call_arena(c), const char *, own->count + kept + 2)};
    if (out->items == NULL) {
        return false;
    }
    add(out, is_moved || row == NULL ? NULL : row->address);
    for (size_t i = 0; i < own->count; i++) {
        bool is_new = says_all || (u->user.is_active && !has(said, own->items[i]));
        add(out, is_new || (is_moved && i == 0) ? own->items[i] : NULL);
    }
    for (size_t i = 0; i < kept; i++) {
        bool is_gone = row->document[0] != '\0' && has(said, row->addresses[i]) &&
                       !has(own, row->addresses[i]) && strcmp(row->addresses[i], row->address) != 0;
        add(out, is_gone ? NULL : row->addresses[i]);
    }
    return true;
}

static bool is_same(const struct scim_texts *a, const struct scim_texts *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return a->count == b->count;
}

static step check_addresses(struct call *c, const struct scim_texts *own, bool is_kept,
                            const struct scim_texts *all)
{
    struct scim_fault fault = {0};
    if (own->count == 0 && !is_kept) {
        (void)scim_fail(
            &fault, "invalidValue", "userName",
            "It, or one of emails, must be a mail address in a verified domain of the tenant.");
    } else if (all->count > ALIASES_MAX + 1) {
        (void)scim_fail(&fault, "tooMany", "emails",
                        "A user has at most 100 addresses beside the first.");
    }
    return fault.type == NULL ? STEP_NEXT : scim_request_refuse(c, &fault);
}

static step set_addresses(struct call *c)
{
    const struct change_user *u = state_of(c);
    struct scim_put *put = &scim_change_of(c)->put;
    struct scim_texts own, said, all;
    if (!own_addresses(c, &u->user, &own) || !own_addresses(c, &u->before, &said) ||
        !all_addresses(c, &own, &said, &all)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    bool is_kept = u->change.row != NULL && (!u->user.is_active || is_same(&own, &said));
    if (step_failed(check_addresses(c, &own, is_kept, &all))) {
        return STEP_FAILED;
    }
    put->address = all.items[0];
    put->aliases = all.items + 1;
    put->alias_count = all.count - 1;
    return STEP_NEXT;
}

/* --- apply ---------------------------------------------------------------------------------------- */

/* What the directory has no place for, as the resource that it is read from again. */
static step set_document(struct call *c)
{
    const struct scim_user *user = &state_of(c)->user;
    struct scim_put *put = &scim_change_of(c)->put;
    struct buf out;
    struct slice document;
    char *name = arena_alloc(call_arena(c), strlen(user->user_name) + 1);
    buf_init(&out, call_arena(c));
    buf_add_str(&out, "{");
    scim_user_write(user, &out);
    buf_add_str(&out, "}");
    if (name == NULL || !buf_finish(&out, &document, call_err(c)).ok) {
        return call_fail(c, R_ARENA_EXHAUSTED, "document");
    }
    (void)slice_fold(slice_str(user->user_name), name);
    put->name = name;
    put->document = arena_dup(call_arena(c), document);
    return put->document == NULL || put->id == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "document")
                                                    : STEP_NEXT;
}

static step check_user(struct call *c)
{
    const struct scim_user *user = &state_of(c)->user;
    struct scim_fault fault = {0};
    if (user->user_name[0] == '\0') {
        (void)scim_fail(&fault, "invalidValue", "userName", "It is required.");
    } else if (strlen(user->display_name) > DISPLAY_NAME_MAX) {
        (void)scim_fail(&fault, "invalidValue", "displayName", "It may have at most 128 bytes.");
    }
    return fault.type == NULL ? STEP_NEXT : scim_request_refuse(c, &fault);
}

/* PUT says all; what it doesn't mention is not there any more. But whoever is shut out is not let in by silence. */
static step read_body(struct call *c)
{
    struct change_user *u = state_of(c);
    json_t *body;
    struct scim_fault fault = {0};
    AUTO(arena_free_at) struct arena *scratch = arena_new_small(SCIM_SCRATCH_BYTES);
    if (step_failed(scim_change_body(c, scratch, &body))) {
        return STEP_FAILED;
    }
    bool is_patch = u->change.request.verb == SCIM_PATCH;
    u->user = u->before;
    if (!is_patch) {
        scim_user_init(&u->user, call_arena(c));
        u->user.is_active = u->before.is_active;
    }
    bool is_read =
        is_patch ? scim_user_patch(&u->user, body, &fault) : scim_user_read(&u->user, body, &fault);
    if (is_read && !scim_user_keep(&u->user, call_arena(c))) {
        return call_fail(c, R_ARENA_EXHAUSTED, "user");
    }
    return is_read ? check_user(c) : scim_request_refuse(c, &fault);
}

static const char *what_is_done(const struct change_user *u)
{
    if (u->change.row == NULL) {
        return u->user.is_active ? "made" : "made, deactivated";
    }
    if (u->user.is_active == u->before.is_active) {
        return "changed";
    }
    return u->user.is_active ? "activated" : "deactivated";
}

static step apply(struct call *c)
{
    struct change_user *u = state_of(c);
    const struct scim_row *row = u->change.row;
    struct scim_put *put = &u->change.put;
    *put = (struct scim_put){.group_id = ""};
    scim_user_init(&u->before, call_arena(c));
    if (row != NULL && step_failed(scim_resource_user(c, row, &u->before))) {
        return STEP_FAILED;
    }
    if (u->change.request.verb == SCIM_DELETE) {
        return scim_change_prepare(c, "removed");
    }
    if (step_failed(read_body(c)) || step_failed(set_addresses(c))) {
        return STEP_FAILED;
    }
    put->id = row == NULL ? scim_change_new_id(c) : row->id;
    put->display_name = u->user.display_name;
    put->is_disabled = !u->user.is_active;
    put->external_id = u->user.external_id;
    return step_failed(set_document(c)) ? STEP_FAILED : scim_change_prepare(c, what_is_done(u));
}

/* --- reply ---------------------------------------------------------------------------------------- */

static step reply(struct call *c)
{
    struct change_user *u = state_of(c);
    bool is_made = u->change.request.verb == SCIM_POST;
    struct buf out;
    if (u->change.request.verb == SCIM_DELETE) {
        return scim_resource_answer(c, 204, "", "", NULL);
    }
    struct scim_row row = scim_change_result(c);
    buf_init(&out, call_arena(c));
    scim_resource_write_user(c, &row, &u->user, &out);
    return scim_resource_answer(c, is_made ? 201 : 200,
                                scim_resource_location(c, SCIM_USERS, row.id),
                                scim_resource_etag(c, SCIM_USERS, row.state, row.epoch), &out);
}

const struct flow change_user_flow = {
    .method = "/chancery.v1.ScimService/ChangeUser",
    .name = "change_user",
    .state = FLOW_STATE_ON(struct change_user, BASE_SCOPE, struct scim_change_state, change),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, STEP("find", scim_change_find),
              STEP("apply", apply), COMMIT("put", scim_change_submit), STEP("reply", reply)},
};
