/* SPDX-License-Identifier: Apache-2.0 */
/* Inside service/licensing only: PreLicense, and what is done for each of its recipients. */
#pragma once

#include "auth/caller.h"
#include "domain/values/address.h"
#include "service/common/cursor.h"
#include "service/licensing/license_issue.h"
#include "store/resource/device_store.h"

enum { PRE_LICENSE_RECIPIENTS_MAX = 500 };

/* What is found out once for all recipients. */
struct pre_license {
    struct license_access access; /* first */
    struct cursor cursor;
    struct address_batch batch;
    const char **addresses; /* normalized; "": it is none, which its item tells */
    const char **thumbprints;
    struct device_find find;
};

/* One recipient. */
struct pre_license_recipient {
    struct license_access access; /* first */
    bool is_anew;                 /* what all recipients share was out of date for this one */
    const char *address, *thumbprint;
    struct device_find find; /* when it is asked anew */
    struct found_device device;
    const struct tenant_record *home;
    struct identified who;
};

extern const struct flow pre_license_recipient_item;
