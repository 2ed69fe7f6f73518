/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/denial.h"

#include <stdlib.h>
#include <string.h>

#include "domain/relations/membership.h"
#include "domain/values/address.h"

int denial_compare(const void *a, const void *b)
{
    const struct denial *left = a, *right = b;
    if (left->side != right->side) {
        return left->side < right->side ? -1 : 1;
    }
    if (left->partner.kind != right->partner.kind) {
        return left->partner.kind < right->partner.kind ? -1 : 1;
    }
    return strcmp(left->partner.name, right->partner.name);
}

bool denial_is_there(const struct tenant_view *tenant, const struct denial *denial)
{
    return tenant->denial_count > 0 && bsearch(denial, tenant->denials, tenant->denial_count,
                                               sizeof tenant->denials[0], denial_compare) != NULL;
}

/* Whom a list may name: somebody of a tenant ("": of none) with these addresses. */
struct party {
    const char *tenant;
    const char *const *addresses;
    size_t address_count;
};

static bool names(const struct tenant_view *whose, enum denial_side side, const struct party *party)
{
    struct denial wanted = {side, {PRINCIPAL_TENANT, party->tenant}};
    if (whose->has_unread_denial) {
        return true; /* it might have been the one that names them */
    }
    if (whose->denial_count == 0) {
        return false;
    }
    if (denial_is_there(whose, &wanted)) {
        return true;
    }
    for (size_t i = 0; i < party->address_count; i++) {
        wanted.partner = (struct principal){PRINCIPAL_DOMAIN, address_domain(party->addresses[i])};
        if (denial_is_there(whose, &wanted)) {
            return true;
        }
    }
    return false;
}

bool denial_applies(const struct tenant_view *content, const char *owner,
                    const struct tenant_view *home, const struct subject *subject)
{
    const struct subject_user *user = &subject->user;
    const struct party reader = {.tenant = user->tenant_name,
                                 .addresses = user->addresses,
                                 .address_count = user->address_count};
    const struct party sender = {.tenant = content->name, .addresses = &owner, .address_count = 1};
    if (membership_is_outside(subject, content->id) && names(content, DENIAL_READERS, &reader)) {
        return true;
    }
    return home != NULL && !ID_EQ(home->id, content->id) && names(home, DENIAL_CONTENT, &sender);
}

bool denial_reaches(const struct tenant_view *content, const struct reader *reader,
                    const char *address)
{
    const struct party party = {
        .tenant = reader->tenant_name, .addresses = &address, .address_count = 1};
    bool is_member = ID_EQ(reader->tenant, content->id);
    return !is_member && (reader->is_kept_away || names(content, DENIAL_READERS, &party));
}
