/* SPDX-License-Identifier: Apache-2.0 */
/* Would a recipient have any right over mail before it is protected and sent (docs/policy.md §10.4)? Asked
 * where the tenant wants mail rejected that somebody could not open. Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

struct recipient_question {
    const struct tenant_view *tenant; /* the sender's */
    struct template_id template_id;   /* by which a rule protects it; zero: by none */
    const char *sender;               /* normalized; "" for nobody */
    const struct subject *recipient;  /* as far as directories know them */
    bool is_group;                    /* the address is a group's: who is in it nobody asks */
};

/* R_NONE or R_NO_RIGHTS. Whom a directory can't tell is not known to have none, and so is everybody of a template
 * that can't be used: protecting by it says why. */
enum reason decide_recipient(const struct recipient_question *question);
