/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/subject.h"

#include <stdlib.h>

#include "domain/address.h"
#include "domain/tenant_view.h"

static const char *const role_names[ROLE_LAST + 1] = {
    "none",         "gateway", "portal",         "decryptor", "client",
    "tenant-admin", "auditor", "platform-admin", "public",
};

const char *role_name(enum role role)
{
    return (unsigned)role > ROLE_LAST ? role_names[0] : role_names[role];
}

enum role role_parse(struct slice name)
{
    for (int i = 1; i <= ROLE_LAST; i++) {
        if (slice_eq_str(name, role_names[i])) {
            return (enum role)i;
        }
    }
    return ROLE_NONE;
}

static bool has_address(const struct subject_user *user, const char *address)
{
    for (size_t i = 0; i < user->address_count; i++) {
        /* The first byte settles most comparisons: a policy may name a thousand people. */
        if (user->addresses[i][0] == address[0] && strcmp(user->addresses[i], address) == 0) {
            return true;
        }
    }
    return false;
}

bool subject_is_user(const struct subject *subject, const char *address)
{
    return has_address(&subject->user, address);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool user_in_group(const struct subject_user *user, const char *group)
{
    return user->group_count > 0 && bsearch(&group, user->groups, user->group_count,
                                            sizeof user->groups[0], compare_text) != NULL;
}

static bool is_sorted(const char *const *texts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(texts[i - 1], texts[i]) >= 0) {
            return false;
        }
    }
    return true;
}

/* Sort and drop repetitions; the new count. Directories hand their groups out sorted, and most users have no others. */
static size_t sort_unique(const char **texts, size_t count)
{
    size_t kept = 0;
    if (is_sorted(texts, count)) {
        return count;
    }
    qsort(texts, count, sizeof texts[0], compare_text);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0) {
            texts[kept++] = texts[i];
        }
    }
    return kept;
}

rc user_add_groups(struct arena *arena, struct subject_user *user, const struct tenant_view *tenant,
                   const char *const *groups, size_t count, struct err *err)
{
    if (count == 0) {
        return OK;
    }
    ENSURE(user->group_count + count <= SUBJECT_GROUPS_MAX, err, R_TOO_MANY_GROUPS);
    const char **all = ARENA_ARRAY(arena, const char *, user->group_count + count);
    ARENA_ENSURE(all, err);
    size_t total = 0;
    for (size_t i = 0; i < user->group_count; i++) {
        all[total++] = user->groups[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (tenant_has_domain(tenant, address_domain(groups[i]))) {
            all[total++] = groups[i];
        }
    }
    user->group_count = total == 0 ? 0 : sort_unique(all, total);
    user->groups = all;
    return OK;
}

void user_add_aliases(struct subject_user *user, const struct tenant_view *tenant,
                      const char *const *aliases, size_t count)
{
    for (size_t i = 0; i < count && user->address_count < SUBJECT_ADDRESSES_MAX; i++) {
        if (!has_address(user, aliases[i]) &&
            tenant_has_domain(tenant, address_domain(aliases[i]))) {
            user->addresses[user->address_count++] = aliases[i];
        }
    }
}
