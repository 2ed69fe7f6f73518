/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of SCIM: names of members are compared without regard to case (RFC 7643 §2.1). */
#pragma once

#include "crypto/json.h"
#include "scim/scim_fault.h"

enum {
    SCIM_BODY_VALUES_MAX = 64 * 1024,
    /* A value takes some 100 bytes, so a body has no more of them than bodies of its size have. */
    SCIM_VALUE_BYTES_USUAL = 8,
    SCIM_VALUES_ALWAYS = 64,
    SCIM_OBJECT_MEMBERS_MAX = 128,
    SCIM_TEXT_MAX = 256, /* bytes of an attribute */
};

/* The object that a body is; the arena frees it. It lies outside the arena's budget: whoever waits frees it before. */
bool scim_json_parse(struct arena *arena, struct slice body, json_t **out,
                     struct scim_fault *fault);
/* A member; NULL: none, or null. */
json_t *scim_json_get(const json_t *object, const char *name);
/* An attribute's text: one line of at most SCIM_TEXT_MAX bytes, which lives as long as the body. null is "". */
bool scim_json_text(const json_t *value, const char *attribute, const char **out,
                    struct scim_fault *fault);
/* true and false, also as texts in any case, as Entra ID sends them. */
bool scim_json_bool(const json_t *value, const char *attribute, bool *out,
                    struct scim_fault *fault);
