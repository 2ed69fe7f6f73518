/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants as admins see them, and what they exclude. Changes are one statement each, as in
 * store/resource/change.h. */
#pragma once

#include "domain/values/tenant.h"
#include "store/cache/views.h"
#include "store/resource/change.h"

struct tenant_row {
    struct tenant_id id;
    const char *name, *display_name, *boundary;
    int64_t state, license_cap_days, created_at;
    int64_t mark;       /* of its state (base/ids.h) */
    int64_t new_mark;   /* of the state that it gets */
    uint32_t approvals; /* 1 << enum approval_operation */
    const char *const *onboarding;
    size_t onboarding_count;
    const char *const *do_not_track;
    size_t do_not_track_count;
    const char *const *domains;
    const char *const *verified; /* "true" or "false", parallel to domains */
    const char *const *proofs;
    size_t domain_count;
    bool needs_bound_users, needs_bound_components, has_passcodes_off;
    uint32_t switches; /* enum tenant_switch */
    enum transport_decryption transport_decryption;
    uint32_t key_rotation_days; /* 0: by hand only */
    struct tenant_limits limits;
    /* By enum quota - 1; NULL where only changes are read. Used up or leased in the present period, which ends then: seconds. */
    const int64_t *quotas_used, *quotas_end;
};

struct new_key {
    enum key_purpose purpose;
    uint32_t root_version; /* by which root key it is wrapped */
    struct slice wrapped;
    const char *public_jwk;
};

/* R_DATABASE_CONFLICT when the boundary's suite is not that of the keys any more. */
void tenant_store_create(struct change_op *op, const struct tenant_row *tenant, enum suite suite,
                         const struct new_key *keys, size_t key_count);
/* Fills op->tenant. */
void tenant_store_get(struct change_op *op, const char *name);
/* In order of short name, after this one; "": from the first. Fills op->tenants, without onboarding,
 * do_not_track and domains. */
void tenant_store_list(struct change_op *op, const char *after, size_t limit);
/* Changes display name, cap, onboarding, approvals, state and what must be bound; row->mark must
 * be what is stored, else R_NOT_FOUND. */
void tenant_store_update(struct change_op *op, const struct tenant_row *row);
enum { DO_NOT_TRACK_MAX = 100 /* groups of one tenant: every license looks at them */ };
enum { EXCLUSIONS_MAX = 1000 /* of one tenant: every decision reads them all */ };
/* R_ALREADY_EXISTS, R_LIMIT_EXCEEDED. */
void tenant_store_exclude(struct change_op *op, const struct exclusion *exclusion);
/* Lift all exclusions of a kind by these values; R_NOT_FOUND when there is none. */
void tenant_store_let_in(struct change_op *op, enum exclusion_kind kind, const char *const *values,
                         size_t count);
