/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of ComponentService share. */
#pragma once

#include "chancery/v1/component.pb-c.h"
#include "service/common/scope.h"
#include "store/resource/component_store.h"

struct components {
    struct scope scope; /* first */
    struct component_record record;
    struct component_op op;
    const Chancery__V1__Component *message; /* of an update */
    unsigned parts;                         /* of the message that are to be stored */
    int64_t version;                        /* that the change must meet; 0: any */
    struct component_id id, after;
    size_t limit;
};

static inline struct components *components_of(const struct call *c)
{
    return call_state(c);
}

/* --- steps --------------------------------------------------------------------------------------- */

/* Prepare the operation on the scope's rows; submit it, then wait by components_wait. */
struct component_op *components_begin(struct call *c);
step components_wait(struct call *c);
/* Read the component of `id` into the operation's records, or fail with R_NOT_FOUND. */
step components_find(struct call *c);

/* --- the message (component_message.c) ----------------------------------------------------------- */

enum component_parts {
    COMPONENT_CERTIFICATES = 1,
    COMPONENT_ISSUER = 2,
    COMPONENT_SUBJECT = 4,
    COMPONENT_DOMAINS = 8,
    COMPONENT_DISABLED = 16,
    COMPONENT_CHANGEABLE = 31,
};

/* The part that a path of an update mask names; 0: none. */
unsigned component_part(const char *path);
/* Take these parts of a message over into the record, all limits checked. */
step component_read(struct call *c, const Chancery__V1__Component *from, unsigned parts,
                    struct component_record *out);
/* Whether the record has a credential, and a subject where there is an issuer. */
step component_check_credential(struct call *c, const struct component_record *record);
/* NULL over budget. */
Chancery__V1__Component *component_write(struct call *c, const struct component_record *record);
/* An etag as a version: 0 for "", and -1, which is nobody's, for what is none. */
int64_t component_version(const char *etag);
