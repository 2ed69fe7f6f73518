/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of devices and mailboxes that people have registered (docs/policy.md §8.9). */
#pragma once

#include "store/resource/change.h"

enum { DEVICES_OF_PERSON_MAX = 20, DEVICE_THUMBPRINT_LEN = 43 };

struct device_row {
    const char *address; /* by which its person was known */
    const char *thumbprint, *display_name, *public_jwk;
    struct component_id component; /* the gateway whose mailbox it is; zero: a device */
    int64_t registered_at, ends_at;
};

/* Register one, or renew it; recorded in the same transaction. R_LIMIT_EXCEEDED. */
struct device_register {
    struct store_op op;
    struct tenant_id tenant;
    struct device_row row;      /* in: what was asked for; then as it is */
    struct tenant_id issuer_of; /* whose issuer has said who the person is; zero: the platform's */
    struct issuer_id issuer;
    const char *subject; /* of the person's token (signal_subject_name); "": it has none */
    int32_t days;
    const char *target; /* for the record */
    struct audit_who who;
};
void device_store_register(struct device_register *put);

/* In the order of address and thumbprint. Those that have ended are not among them. */
struct device_list {
    struct store_op op;
    struct tenant_id tenant;
    const char *const *addresses; /* of one person, some; the directory's others are theirs too */
    size_t address_count;         /* 0: everybody's */
    const char *after_address,
        *after_thumbprint; /* of the last one before; "": from the first on */
    size_t limit;
    struct device_row *rows;
    size_t count;
};
void device_store_list(struct device_list *list);

/* Remove one that belongs to one of these addresses; recorded. R_NOT_FOUND. */
struct device_delete {
    struct store_op op;
    struct tenant_id tenant;
    const char *const *addresses;
    size_t address_count;
    const char *thumbprint;
    struct audit_who who;
};
void device_store_delete(struct device_delete *gone);

/* For each recipient the device that is meant and counts now. */
struct device_find {
    struct store_op op;
    const char *const *addresses;   /* normalized; "": of nobody */
    const char *const *thumbprints; /* "": the one that was registered last */
    size_t count;
    struct found_device {
        struct tenant_id tenant; /* whose domain the address is in; zero: of no active one */
        const char *address;     /* by which the person was known; NULL: nothing is registered */
        const char *thumbprint, *public_jwk;
        const char *subject; /* of whoever has registered it (signal_subject_name); "": not known */
    } * devices;             /* as many, in the same order */
};
void device_store_find(struct device_find *find);
