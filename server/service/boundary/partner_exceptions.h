/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of partner exceptions share. */
#pragma once

#include "chancery/v1/boundary.pb-c.h"
#include "service/common/scope.h"
#include "store/resource/partner_store.h"

/* Look for an exception of which the caller's tenant is a side; `then` calls
 * partner_exceptions_found. */
step partner_exceptions_find(struct call *c, struct partner_list *list, struct uuid id,
                             step_fn then);
/* NEXT: list->rows[0] is it. R_NOT_FOUND. */
step partner_exceptions_found(struct call *c, const struct partner_list *list);
/* "content of adatum for contoso": what log and approvals say of it. NULL over budget. */
const char *partner_exceptions_note(struct call *c, const char *content_tenant,
                                    const char *reader_tenant);
/* NULL over budget, with call_err filled. */
Chancery__V1__PartnerException *partner_exceptions_write(struct call *c,
                                                         const struct partner_row *row);
