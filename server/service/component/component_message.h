/* SPDX-License-Identifier: Apache-2.0 */
/* A component between its message and its row. */
#pragma once

#include "chancery/v1/component.pb-c.h"
#include "service/common/resources.h"
#include "store/resource/component_store.h"

/* Whether a list of fingerprints, one behind the other, has this one. */
bool component_message_has_print(struct slice prints, const uint8_t print[FINGERPRINT_BYTES]);
/* What no field shows by itself: the component has a credential, and a subject where there is an
 * issuer. */
step component_message_check(struct call *c, const struct component_record *record);
/* What lies in a boundary is changed where that one is served, also by the platform. */
step component_message_check_boundary(struct call *c, const struct component_record *record);
/* Whether the record's issuer may be one of the platform's. Whose a subject of theirs is, only the
 * platform says, or any tenant could take another's, and learn that there is one; what the component
 * had before it keeps. `before` NULL: it is made. */
bool component_message_may_be_platforms(const struct call *c, const struct component_record *before,
                                        const struct component_record *record);
/* After component_store_find_issuer: the record's issuer may name the component. */
step component_message_settle_issuer(struct call *c, const struct component_op *op);
/* A row as a message; NULL over budget. `tenant`: the short name, "" for the platform's. */
Chancery__V1__Component *component_message_write(struct call *c,
                                                 const struct component_record *record,
                                                 const char *tenant);
