/* SPDX-License-Identifier: Apache-2.0 */
/* Inside publishing only: what AmendPolicy's parts share. They are rows of the sub-flow `amend`, by
 * which the act's request is checked (amend_policy.c). */
#pragma once

#include "chancery/v1/publishing.pb-c.h"
#include "domain/decide/decide_amendment.h"
#include "domain/values/address.h"
#include "service/common/approvable.h"
#include "service/common/content_access.h"
#include "service/common/cursor.h"
#include "service/common/policy_fields.h"
#include "store/resource/person_store.h"

/* The value of the act. */
struct amend {
    struct content_access access; /* first */
    struct amendment change;      /* what is asked for */
    struct policy_fields_grants grants;
    const char **recipients; /* of the change, on their way there */
    struct address_batch batch;
    struct principal *removed; /* likewise */
    struct cursor cursor;      /* in whichever list is being worked off */
    const char **names;        /* of the change, as principals: those granted, added, removed */
    const char **sorted;       /* those that were asked for, in order */
    size_t name_count;
    size_t said_count; /* of them, without the other addresses of groups, which come last */
    int32_t expires_after_days; /* of the change; 0: .expires_at holds */
    struct amendment after;     /* the sum with the change */
    /* The policy before and after; its sealed part only where a license was opened. */
    struct effective_policy was, becomes;
    bool lets_somebody_in; /* or may, as far as is known here */
    /* Whom the change names by an address: groups (amend_groups.c), then people (amend_within.c). */
    struct person_find people;
    size_t person_at;
    struct amendment_put put;
};

static inline struct amend *amend_of(const struct call *c)
{
    return bases_value(c);
}

static inline const Chancery__V1__AmendPolicyRequest *amend_request(const struct call *c)
{
    return approvable_of(c)->request;
}

/* The amendment that holds; NULL: none. */
static inline const struct amendment *amend_before(const struct amend *a)
{
    return a->access.amendment.amendment.version == 0 ? NULL : &a->access.amendment.amendment;
}

/* Number `index` of the principals that the change names. */
struct principal amend_principal(const struct amend *a, size_t index);
/* What that principal is granted; NULL: it is added as a recipient, or removed. */
const struct rights *amend_granted(const struct amend *a, size_t index);

/* Rows that read the change (amend_change.c). */
step amend_parse(struct call *c);
step amend_grants(struct call *c);
step amend_recipients(struct call *c);
step amend_removed(struct call *c);
step amend_names(struct call *c);
/* The row that adds the other addresses of groups (amend_groups.c). */
step amend_groups(struct call *c);
/* The row that asks whether the change stays within the rights of whoever holds EDITRIGHTSDATA
 * (amend_within.c). */
step amend_within(struct call *c);
/* What the log and whoever approves read (amend_words.c); NULL over budget. */
const char *amend_target(struct call *c);
const char *amend_summary(struct call *c);
void amend_changes(struct call *c, struct approval_changes *out);
