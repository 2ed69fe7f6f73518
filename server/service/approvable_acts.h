/* SPDX-License-Identifier: Apache-2.0 */
/* The acts that a second admin may have to approve, each in its flow's file. */
#pragma once

#include "service/approvals.h"

extern const struct approvable_act grant_super_user_act;          /* super_users.c */
extern const struct approvable_act update_tenant_act;             /* tenant_settings.c */
extern const struct approvable_act propose_partner_exception_act; /* partner_consent.c */
extern const struct approvable_act accept_partner_exception_act;
