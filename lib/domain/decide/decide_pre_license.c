/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_pre_license.h"

#include "domain/decide/decide_sender.h"

/* A gateway has to do with the message on one of its two sides: it protects for the owner, or it receives for the
 * recipient. */
enum reason decide_pre_license(const struct pre_license_question *q)
{
    enum reason of_owner = decide_sender(q->tenant, q->gateway, q->owner);
    enum reason of_recipient =
        q->home == NULL ? R_COMPONENT_TENANT : decide_sender(q->home, q->gateway, q->recipient);
    if (of_owner == R_NONE || of_recipient == R_NONE) {
        return R_NONE;
    }
    return of_recipient == R_COMPONENT_DOMAIN ? of_recipient : of_owner;
}
