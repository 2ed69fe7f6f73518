/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest may declare (docs/declared.md §2): kinds of resources, and the methods that list, make, change
 * and remove them. What a resource has is said by its descriptor alone. Inside cli/declared. */
#pragma once

#include "methods.h"

/* To whom resources of a kind belong. */
enum kind_owner {
    OWNED_BY_PLATFORM,
    OWNED_BY_EITHER, /* a platform admin administers those of tenants, too */
    OWNED_BY_TENANT, /* only the tenant's own admins see them */
    GIVEN_TO_TENANT, /* only platform admins see them, among what they administer of the tenant */
};

enum { KIND_KEY_FIELDS = 3 };

struct kind {
    const char *name;
    const ProtobufCMessageDescriptor *type;
    enum kind_owner owner;
    const char *service;
    const char *list, *make, *change, *remove; /* its methods; NULL: there is none */
    const char *id;                            /* the field of its id; NULL: it has none */
    const char *key[KIND_KEY_FIELDS];          /* what tells people which one is meant */
    bool is_caseless;                          /* the key is compared without regard to case */
    const char *together[2];                   /* fields that change together */
};

/* In the order in which they are carried out: what others rest on first, and what takes access away before
 * what gives it. Removals go the other way round. */
enum kind_number {
    KIND_BOUNDARY,
    KIND_BOUNDARY_RULE,
    KIND_TENANT,
    KIND_DOMAIN,
    KIND_DENIAL,
    KIND_EXCLUSION,
    KIND_ISSUER,
    KIND_TENANT_MAPPING,
    KIND_COMPONENT,
    KIND_TEMPLATE,
    KIND_BRANDING,
    KIND_RULE,
    KIND_COUNT
};
extern const struct kind KINDS[KIND_COUNT];
