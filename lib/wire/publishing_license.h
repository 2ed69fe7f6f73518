/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing licenses as bytes: the clear header that anybody may read, around what only the
 * authority opens. docs/formats.md §6.1 describes the format. Pure; any thread.
 *
 * The header's bytes are the associated data of what is sealed, so they are kept as they came
 * and never packed again: two encodings of the same header are two licenses. */
#pragma once

#include "base/ids.h"
#include "domain/values/policy.h"

enum {
    LICENSE_VERSION = 1,
    LICENSE_BYTES_MAX = 256 * 1024,
    LICENSE_HEADER_MAX = 2048,
    LICENSE_DISPLAY_NAME_MAX = 256,
    LICENSE_URL_MAX = 1024,
    /* Beside the policy: the header, the content key's box, nonce and tag, and what frames them. */
    LICENSE_AROUND_POLICY_MAX = LICENSE_HEADER_MAX + 256,
};

struct offline_license;

struct license_header {
    const char *authority_url;
    const char *boundary;
    struct tenant_id tenant;
    struct content_id content;
    uint32_t key_version; /* of the sealing key; 0 of an offline license: its certificate says it */
    const char *display_name;
};

struct publishing_license {
    struct license_header header;
    struct slice header_bytes; /* as received: the associated data */
    struct slice sealed;       /* nonce, ciphertext, tag */
    /* Made by a publisher without asking (offline_license.h), with nothing in the two before; NULL: by
     * the authority. */
    const struct offline_license *offline;
};

/* Take a license apart. The slices point into `bytes`. R_LICENSE_MALFORMED. */
rc publishing_license_parse(struct arena *arena, struct slice bytes, struct publishing_license *out,
                            struct err *err);
/* Make the header's bytes, to be sealed under. */
rc license_header_encode(struct arena *arena, const struct license_header *header,
                         struct slice *out, struct err *err);
/* Put a license together. */
rc publishing_license_encode(struct arena *arena, struct slice header_bytes, struct slice sealed,
                             struct slice *out, struct err *err);

/* The policy as it is sealed beside the content key. */
rc sealed_policy_encode(struct arena *arena, const struct policy *policy, struct slice *out,
                        struct err *err);
/* Read it again, after the seal has been checked. Names point into `bytes`. R_POLICY_INVALID
 * when a right, a principal or a kind in it is unknown to this version: what can't be understood
 * is refused, not guessed. */
rc sealed_policy_decode(struct arena *arena, struct slice bytes, struct policy *out,
                        struct err *err);
/* Whether a policy that somebody else has sealed is in the one form that there is for it: names normalized,
 * recipients in order, texts of one line. R_LICENSE_MALFORMED. */
rc sealed_policy_check(struct arena *arena, const struct policy *policy, struct err *err);
