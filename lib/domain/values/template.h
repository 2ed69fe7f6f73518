/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: policies that a tenant's admins keep, and that licenses name by their ids. Values. */
#pragma once

#include "base/clock.h"
#include "base/ids.h"
#include "domain/values/grant.h"

/* How long a license may be kept offline, in days; or one of: */
enum {
    OFFLINE_DAYS_CAP = -1, /* as long as the tenant's cap allows */
    OFFLINE_DAYS_NONE = 0, /* online only */
    OFFLINE_DAYS_MAX = 9999,
};
enum { EXPIRY_DAYS_MAX = 36500 };

/* A template as it is now. Immutable; its view owns it. */
struct template_policy {
    struct template_id id;
    int64_t version; /* raised by every change */
    bool is_archived;
    bool is_valid; /* false: a stored principal or right can't be read, so it grants nothing */
    const char *problem; /* that principal or list of rights; NULL when valid */
    const struct grant *grants;
    size_t grant_count;
    const struct principal *scope; /* who may choose it; none: every member */
    size_t scope_count;
    struct unix_time expires_at; /* 0: not on a date */
    int64_t expires_after_days;  /* 0: not after days */
    int offline_days;            /* OFFLINE_DAYS_CAP, OFFLINE_DAYS_NONE or days */
    const char *referral_contact;
};
