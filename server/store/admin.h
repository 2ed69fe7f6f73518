/* SPDX-License-Identifier: Apache-2.0 */
/* Administrative changes. Each is one statement: the change, the raised epoch and the audit row, so one
 * transaction. R_ALREADY_EXISTS when a name is taken, R_NOT_FOUND when nothing matched. */
#pragma once

#include "store/audit.h"
#include "store/lookup.h"
#include "store/views.h"

/* A template as an admin sees it. */
struct template_row {
    struct template_id id;
    int64_t version;
    bool archived;
    const char *const *scope; /* principals */
    size_t scope_count;
    int64_t expires_at; /* microseconds; 0: none */
    int32_t expires_after_days;
    int32_t offline_days;
    const char *referral_contact;
    const char *const *principals; /* parallel to rights */
    const char *const *rights;     /* "VIEW,EDIT" */
    size_t grant_count;
    const char *const *name_languages, *const *name_texts;
    size_t name_count;
    const char *const *description_languages, *const *description_texts;
    size_t description_count;
    int64_t created_at, updated_at;
};

struct tenant_row {
    struct tenant_id id;
    const char *name, *display_name, *boundary;
    int64_t state, license_cap_days, version, created_at;
    uint32_t approvals; /* 1 << enum approval_operation */
    const char *const *onboarding;
    size_t onboarding_count;
    const char *const *domains;
    const char *const *verified; /* "true" or "false", parallel to domains */
    const char *const *proofs;
    size_t domain_count;
    bool needs_bound_users, needs_bound_components;
};

struct new_key {
    enum key_purpose purpose;
    struct slice wrapped;
    const char *public_jwk;
};

/* How an act stands to two-person approval. All zero: not at all. */
struct act_approval {
    struct approval_id request; /* performing the act approves this request; zero: none */
    const char *asked_by;       /* who asked for it */
    uint32_t
        unless; /* bits of enum approval_operation: R_STALE if the tenant requires any by now */
};

struct pg_result;

/* One operation of any kind; what each reads and writes stands beside its function. */
struct admin_op {
    struct store_op op;
    struct tenant_id scope; /* whose rows change, and whose log has the act */
    struct audit_who who;
    struct act_approval approval;
    int64_t created_at;
    struct template_row *templates; /* what list_templates found */
    size_t template_count;
    struct tenant_row tenant;
    struct tenant_row *tenants; /* what list_tenants found */
    size_t tenant_count;
    struct slice wrapped; /* what root_key_check found */
    const char *text;     /* what was found, where it is one text */
    /* Private: takes the act's rows. */
    rc (*read)(struct store_op *op, size_t index, const struct pg_result *rows, struct err *err);
    size_t act_index; /* of the act's statement in its segment */
};

/* R_DATABASE_CONFLICT when the boundary's suite is not that of the keys any more. */
void admin_create_tenant(struct admin_op *op, const struct tenant_row *tenant, enum suite suite,
                         const struct new_key *keys, size_t key_count);
/* Fills op->tenant. */
void admin_get_tenant(struct admin_op *op, const char *name);
/* In order of short name, after that of this tenant; zero: from the first. Fills op->tenants, without onboarding and
 * domains. */
void admin_list_tenants(struct admin_op *op, struct tenant_id after, size_t limit);
/* Changes display name, cap, onboarding, approvals, state and what must be bound; row->version must be what is stored, else
 * R_NOT_FOUND. */
void admin_update_tenant(struct admin_op *op, const struct tenant_row *row);
void admin_exclude(struct admin_op *op, const struct exclusion *exclusion, bool remove);
void admin_create_template(struct admin_op *op, const struct template_row *row,
                           struct uuid request_id);
/* `version` 0: whatever it is now. */
void admin_update_template(struct admin_op *op, const struct template_row *row, int64_t version);
void admin_archive_template(struct admin_op *op, struct template_id id, bool archived);
/* R_PRECONDITION_FAILED while content refers to it and `force` is not set. */
void admin_delete_template(struct admin_op *op, struct template_id id, bool force);
/* Zero ids: any, from the first. Fills op->templates. */
void admin_list_templates(struct admin_op *op, struct template_id only, struct template_id after,
                          size_t limit);
/* Leave our known text under the root key if there is none, and read what is there. */
void admin_root_key_check(struct admin_op *op, struct slice wrapped);
