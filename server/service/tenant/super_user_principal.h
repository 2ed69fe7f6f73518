/* SPDX-License-Identifier: Apache-2.0 */
/* Who can have super-user power: a person, a group, or a component. */
#pragma once

#include "domain/values/principal.h"
#include "service/common/scope.h"

struct super_user_principal {
    bool is_component;
    struct component_id component;
    enum principal_kind kind; /* else: PRINCIPAL_USER or PRINCIPAL_GROUP */
    const char *address;      /* of the user or group */
    const char *text;         /* as it is stored */
};

/* Read a request's field `principal`. A component is named by its id, with or without the prefix
 * that lists show. */
step super_user_principal_read(struct call *c, const char *text, struct super_user_principal *out);
