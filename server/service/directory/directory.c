/* SPDX-License-Identifier: Apache-2.0 */
#include "service/directory/directory.h"

#include <string.h>

#include "base/encode.h"
#include "context/wait.h"
#include "domain/values/address.h"
#include "service/common/reply.h"

/* --- the operation ------------------------------------------------------------------------------ */

struct directory_op *directory_begin(struct call *c)
{
    struct directory_flow *d = directory_of(c);
    d->op = (struct directory_op){.tenant = d->scope.tenant_id, .who = caller_of(c)->who};
    wait_store_init(c, &d->op.op);
    return &d->op;
}

/* Failures name what is at fault: the admin may have sent thousands of entries. */
static step done(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    enum reason reason = op->op.err.reason;
    if (op->what == NULL) {
        return wait_over(c, &op->op.err); /* a list, or the database gave no answer */
    }
    if (reason == R_FIELD_INVALID) {
        return call_bad_field(
            c, "users", arena_printf(call_arena(c), "%s stands twice in the request.", op->what));
    }
    if (reason == R_ALREADY_EXISTS) {
        call_error_metadata(c, op->is_external_id ? "external_id" : "address", op->what);
        call_error_metadata(c, "holder", op->holder);
    }
    if (reason == R_GROUP_CYCLE || reason == R_NOT_FOUND) {
        call_error_metadata(c, reason == R_GROUP_CYCLE ? "group" : "address", op->what);
    }
    return wait_over(c, &op->op.err);
}

step directory_wait(struct call *c)
{
    return wait_store(c, done, &directory_of(c)->op.op);
}

/* --- fields ------------------------------------------------------------------------------------- */

void directory_at(struct call *c, const char *place, long index)
{
    directory_of(c)->place = place;
    directory_of(c)->place_index = index;
}

/* Paths are made for what is wrong only: a request may have tens of thousands of fields. */
static step bad(struct call *c, const char *field, const char *why)
{
    const struct directory_flow *d = directory_of(c);
    const char *path = d->place[0] == '\0'  ? field
                       : d->place_index < 0 ? arena_printf(call_arena(c), "%s.%s", d->place, field)
                                            : arena_printf(call_arena(c), "%s[%ld].%s", d->place,
                                                           d->place_index, field);
    return call_bad_field(c, path == NULL ? field : path, why);
}

step directory_read_address(struct call *c, const char *field, const char *text, const char **out)
{
    if (text[0] == '\0') {
        return bad(c, field, "It is required.");
    }
    return address_normalize(call_arena(c), slice_str(text), out, NULL).ok
               ? STEP_NEXT
               : bad(c, field, "It must be a mail address such as bob@fabrikam.com.");
}

static step check_text(struct call *c, const char *field, const char *text, size_t max)
{
    return strlen(text) <= max ? STEP_NEXT : bad(c, field, "It may have at most 128 bytes.");
}

static bool has(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* Repetitions, and the primary address among the aliases, say nothing new. */
static step read_aliases(struct call *c, const Chancery__V1__User *user, struct directory_user *out)
{
    if (user->n_aliases > DIRECTORY_ALIASES_MAX) {
        return bad(c, "aliases", "At most 100 aliases.");
    }
    if (user->guest && user->n_aliases > 0) {
        return bad(c, "aliases", "A guest has no aliases.");
    }
    const char **aliases = ARENA_ARRAY(call_arena(c), const char *, user->n_aliases + 1);
    if (aliases == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "aliases");
    }
    out->aliases = aliases;
    for (size_t i = 0; i < user->n_aliases; i++) {
        const char *alias;
        if (step_failed(directory_read_address(c, "aliases", user->aliases[i], &alias))) {
            return STEP_FAILED;
        }
        if (strcmp(alias, out->address) != 0 && !has(aliases, out->alias_count, alias)) {
            aliases[out->alias_count++] = alias;
        }
    }
    return STEP_NEXT;
}

step directory_read_user(struct call *c, const Chancery__V1__User *user, struct directory_user *out)
{
    *out = (struct directory_user){.display_name = user->display_name, .is_guest = user->guest};
    if (step_failed(directory_read_address(c, "address", user->address, &out->address)) ||
        step_failed(check_text(c, "display_name", user->display_name, DIRECTORY_NAME_MAX))) {
        return STEP_FAILED;
    }
    return read_aliases(c, user, out);
}

step directory_read_group(struct call *c, const Chancery__V1__Group *group,
                          struct directory_group *out)
{
    *out = (struct directory_group){.display_name = group->display_name,
                                    .external_id = group->external_id};
    if (step_failed(directory_read_address(c, "address", group->address, &out->address)) ||
        step_failed(check_text(c, "display_name", group->display_name, DIRECTORY_NAME_MAX))) {
        return STEP_FAILED;
    }
    return check_text(c, "external_id", group->external_id, DIRECTORY_EXTERNAL_ID_MAX);
}

step directory_read_members(struct call *c, const char *group, char *const *members, size_t count,
                            struct directory_members *out)
{
    const char **list = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (list == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "members");
    }
    if (count == 0 || count > DIRECTORY_PUT_MAX) {
        return bad(c, "members", "There must be 1 to 10,000 members.");
    }
    for (size_t i = 0; i < count; i++) {
        if (step_failed(directory_read_address(c, "members", members[i], &list[i]))) {
            return STEP_FAILED;
        }
    }
    out->members = list;
    out->count = count;
    return directory_read_address(c, "group", group, &out->group);
}

static step check_address(struct call *c, const char *field, const char *address)
{
    return tenant_has_domain(&scope_of(c)->tenant->view, address_domain(address))
               ? STEP_NEXT
               : bad(c, field,
                     "It must lie in a verified domain of the tenant; only guests may come from "
                     "elsewhere.");
}

step directory_check_user(struct call *c, const struct directory_user *user)
{
    if (user->is_guest) {
        return STEP_NEXT;
    }
    for (size_t i = 0; i < user->alias_count; i++) {
        if (step_failed(check_address(c, "aliases", user->aliases[i]))) {
            return STEP_FAILED;
        }
    }
    return check_address(c, "address", user->address);
}

step directory_check_group(struct call *c, const struct directory_group *group)
{
    return check_address(c, "address", group->address);
}

/* --- pages -------------------------------------------------------------------------------------- */

step directory_read_page(struct call *c, int32_t size, const char *token)
{
    struct directory_flow *d = directory_of(c);
    struct slice text;
    d->after = "";
    if (step_failed(request_page_limit(c, size, &d->limit))) {
        return STEP_FAILED;
    }
    if (token[0] != '\0' && (!base64url_decode(call_arena(c), slice_str(token), &text, NULL).ok ||
                             !address_normalize(call_arena(c), text, &d->after, NULL).ok)) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "page token");
    }
    return STEP_NEXT;
}

char *directory_next_page(struct call *c, size_t count, const char *last)
{
    return reply_text(count == directory_of(c)->limit ? reply_page_token(c, last, strlen(last))
                                                      : "");
}

/* --- replies ------------------------------------------------------------------------------------ */

Chancery__V1__User *directory_write_user(struct call *c, const struct directory_user *user)
{
    Chancery__V1__User *u = call_message(c, &chancery__v1__user__descriptor);
    if (u != NULL) {
        u->address = reply_text(user->address);
        u->display_name = reply_text(user->display_name);
        u->guest = user->is_guest;
        u->aliases = reply_texts(c, user->aliases, user->alias_count);
        u->n_aliases = u->aliases == NULL ? 0 : user->alias_count;
    }
    return u;
}

Chancery__V1__Group *directory_write_group(struct call *c, const struct directory_group *group)
{
    Chancery__V1__Group *g = call_message(c, &chancery__v1__group__descriptor);
    if (g != NULL) {
        g->address = reply_text(group->address);
        g->display_name = reply_text(group->display_name);
        g->external_id = reply_text(group->external_id);
    }
    return g;
}
