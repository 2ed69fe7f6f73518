/* SPDX-License-Identifier: Apache-2.0 */
/* A boundary and its rules between their messages and their rows. */
#pragma once

#include "chancery/v1/boundary.pb-c.h"
#include "service/common/resources.h"
#include "store/resource/boundary_store.h"

/* NULL over budget. */
Chancery__V1__Boundary *boundary_message_write(struct call *c, const struct boundary_row *row);
Chancery__V1__BoundaryRule *boundary_message_write_rule(struct call *c,
                                                        const struct boundary_rule *rule);
