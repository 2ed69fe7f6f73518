/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing licenses that a publisher makes without asking (docs/formats.md §6.2): a compact JWS by the
 * publisher's key around their certificate and what only the authority opens. Pure; any thread. */
#pragma once

#include "crypto/jws.h"
#include "crypto/offline_seal.h"
#include "wire/publishing_license.h"

#define OFFLINE_LICENSE_TYP "offline-license+jws"

enum {
    OFFLINE_LICENSE_VERSION = 1,
    OFFLINE_POLICY_MAX = 96 * 1024, /* bytes of a sealed policy: encoded twice it grows by 16/9 */
};

/* What a license says in clear, and how it is to be checked. Slices point into the arena. */
struct offline_license {
    struct jws jws;           /* of the whole; verified by nobody yet */
    struct slice certificate; /* a compact JWS */
    struct offline_seal seal; /* content key and SealedPolicy, to the tenant's exchange key */
    int64_t protected_ms;     /* since 1970 */
};

/* Whether these bytes begin as one. */
bool offline_license_is_one(struct slice bytes);
/* Take one apart, header included; its key_version is left zero, because the certificate has it.
 * R_LICENSE_MALFORMED. */
rc offline_license_parse(struct arena *arena, struct slice bytes, struct license_header *header,
                         struct offline_license *out, struct err *err);

/* Make a license; `header->content` and what is derived from it is filled. */
struct offline_making {
    struct license_header header;
    int64_t protected_ms;
    struct slice certificate;
    struct offline_seal seal;
    const struct jwk_private *key;
};
rc offline_license_make(struct arena *arena, struct offline_making *making, struct slice *out,
                        struct err *err);
