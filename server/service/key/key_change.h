/* SPDX-License-Identifier: Apache-2.0 */
/* What acts on keys share: which version is meant, all of its purpose as they are, and what the log says. */
#pragma once

#include "service/key/key_message.h"

struct key_change {
    enum key_purpose purpose;
    uint32_t version; /* 0: the active one */
    const char *reason, *etag;
    struct key_find find;
    const struct tenant_key_row *row; /* of the version; NULL: no version is active */
    const char *target;               /* "sealing key 2: too old" */
};

/* What a request says; its texts are borrowed. */
struct key_request {
    Chancery__V1__KeyPurpose purpose;
    int32_t version;
    const char *reason, *etag;
};
step key_change_read(struct call *c, const struct key_request *request, struct key_change *out);
/* The same of an act that names its version. */
step key_change_read_version(struct call *c, const struct key_request *request,
                             struct key_change *out);
/* Find all versions of the purpose, and go on with `found`. */
step key_change_find(struct call *c, struct key_change *change, step_fn found);
/* What was found: the row. R_NOT_FOUND, R_ETAG_MISMATCH. */
step key_change_take(struct call *c, struct key_change *change);
/* The same, and whether this act may be done. R_KEY_STATE, R_KEY_IN_USE. */
step key_change_check(struct call *c, struct key_change *change, enum key_act act);
struct key_versions key_change_versions(const struct key_change *change);
/* Set `target` to these words and why. */
step key_change_tell(struct call *c, struct key_change *change, const char *words);
/* The operations under which an act falls whose key somebody outside has, or may have: it opens all content that the key
 * seals. As `effect` of an approvable act. */
uint32_t key_change_opens(struct call *c);
/* For the store. */
struct key_state_change key_change_of(const struct key_change *change, enum key_act act,
                                      uint32_t days);
