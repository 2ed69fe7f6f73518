/* SPDX-License-Identifier: Apache-2.0 */
#include "service/directory/directory_message.h"

#include <string.h>

#include "domain/values/address.h"
#include "service/common/limits.h"
#include "service/common/reply.h"

/* --- fields ----------------------------------------------------------------------------------- */

static step bad(struct call *c, struct directory_place place, const char *field, const char *why)
{
    const char *path = place.field[0] == '\0' ? field
                       : place.index < 0 ? arena_printf(call_arena(c), "%s.%s", place.field, field)
                                         : arena_printf(call_arena(c), "%s[%ld].%s", place.field,
                                                        place.index, field);
    return call_bad_field(c, path == NULL ? field : path, why);
}

step directory_message_read_address(struct call *c, struct directory_place place, const char *field,
                                    const char *text, const char **out)
{
    if (text[0] == '\0') {
        return bad(c, place, field, "It is required.");
    }
    return address_normalize(call_arena(c), slice_str(text), out, NULL).ok
               ? STEP_NEXT
               : bad(c, place, field, "It must be a mail address such as bob@fabrikam.com.");
}

static step check_text(struct call *c, struct directory_place place, const char *field,
                       const char *text, size_t max)
{
    return strlen(text) <= max
               ? STEP_NEXT
               : bad(c, place, field,
                     arena_printf(call_arena(c), "It may have at most %zu bytes.", max));
}

/* --- reading ---------------------------------------------------------------------------------- */

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
static step read_aliases(struct call *c, struct directory_place place, const char *primary,
                         char *const *texts, size_t count, struct directory_aliases *out)
{
    if (count > DIRECTORY_ALIASES_MAX) {
        return bad(c, place, "aliases", "At most 100 aliases.");
    }
    const char **aliases = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (aliases == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "aliases");
    }
    out->items = aliases;
    for (size_t i = 0; i < count; i++) {
        const char *alias;
        if (step_failed(directory_message_read_address(c, place, "aliases", texts[i], &alias))) {
            return STEP_FAILED;
        }
        if (strcmp(alias, primary) != 0 && !has(aliases, out->count, alias)) {
            aliases[out->count++] = alias;
        }
    }
    return STEP_NEXT;
}

step directory_message_read_user(struct call *c, struct directory_place place,
                                 const Chancery__V1__User *user, struct directory_user *out)
{
    *out = (struct directory_user){.display_name = user->display_name, .is_guest = user->guest};
    step all = directory_message_read_address(c, place, "address", user->address, &out->address);
    all = step_and(all, check_text(c, place, "display_name", user->display_name, DISPLAY_NAME_MAX));
    if (step_failed(all)) {
        return STEP_FAILED;
    }
    return user->guest && user->n_aliases > 0 ? bad(c, place, "aliases", "A guest has no aliases.")
                                              : read_aliases(c, place, out->address, user->aliases,
                                                             user->n_aliases, &out->aliases);
}

step directory_message_read_group(struct call *c, struct directory_place place,
                                  const Chancery__V1__Group *group, struct directory_group *out)
{
    *out = (struct directory_group){.display_name = group->display_name,
                                    .external_id = group->external_id};
    step all = directory_message_read_address(c, place, "address", group->address, &out->address);
    all =
        step_and(all, check_text(c, place, "display_name", group->display_name, DISPLAY_NAME_MAX));
    all = step_and(
        all, check_text(c, place, "external_id", group->external_id, DIRECTORY_EXTERNAL_ID_MAX));
    if (step_failed(all)) {
        return STEP_FAILED;
    }
    return read_aliases(c, place, out->address, group->aliases, group->n_aliases, &out->aliases);
}

step directory_message_begin_members(struct call *c, struct directory_place place,
                                     const char *group, size_t count, struct directory_members *out,
                                     const char ***members)
{
    if (count == 0 || count > DIRECTORY_PUT_MAX) {
        return bad(c, place, "members", "There must be 1 to 10,000 members.");
    }
    *members = ARENA_ARRAY(call_arena(c), const char *, count);
    if (*members == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "members");
    }
    *out = (struct directory_members){.members = *members, .count = count};
    return directory_message_read_address(c, place, "group", group, &out->group);
}

/* --- checking --------------------------------------------------------------------------------- */

static step check_address(struct call *c, struct directory_place place,
                          const struct tenant_view *tenant, const char *field, const char *address)
{
    return tenant_has_domain(tenant, address_domain(address))
               ? STEP_NEXT
               : bad(c, place, field,
                     "It must lie in a verified domain of the tenant; only guests may come from "
                     "elsewhere.");
}

static step check_addresses(struct call *c, struct directory_place place,
                            const struct tenant_view *tenant, const char *primary,
                            const struct directory_aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++) {
        if (step_failed(check_address(c, place, tenant, "aliases", aliases->items[i]))) {
            return STEP_FAILED;
        }
    }
    return check_address(c, place, tenant, "address", primary);
}

step directory_message_check_user(struct call *c, struct directory_place place,
                                  const struct tenant_view *tenant,
                                  const struct directory_user *user)
{
    return user->is_guest ? STEP_NEXT
                          : check_addresses(c, place, tenant, user->address, &user->aliases);
}

step directory_message_check_group(struct call *c, struct directory_place place,
                                   const struct tenant_view *tenant,
                                   const struct directory_group *group)
{
    return check_addresses(c, place, tenant, group->address, &group->aliases);
}

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__User *directory_message_write_user(struct call *c, const struct directory_user *user)
{
    Chancery__V1__User *u = call_message(c, &chancery__v1__user__descriptor);
    if (u != NULL) {
        u->address = reply_text(user->address);
        u->display_name = reply_text(user->display_name);
        u->guest = user->is_guest;
        u->disabled = user->is_disabled;
        u->aliases = reply_texts(c, user->aliases.items, user->aliases.count);
        u->n_aliases = u->aliases == NULL ? 0 : user->aliases.count;
    }
    return u;
}

Chancery__V1__Group *directory_message_write_group(struct call *c,
                                                   const struct directory_group *group)
{
    Chancery__V1__Group *g = call_message(c, &chancery__v1__group__descriptor);
    if (g != NULL) {
        g->address = reply_text(group->address);
        g->display_name = reply_text(group->display_name);
        g->external_id = reply_text(group->external_id);
        g->aliases = reply_texts(c, group->aliases.items, group->aliases.count);
        g->n_aliases = g->aliases == NULL ? 0 : group->aliases.count;
    }
    return g;
}
