/* SPDX-License-Identifier: Apache-2.0 */
/* Powers: access that nobody granted, which the audit log marks wherever it is used. Pure; any
 * thread. */
#pragma once

/* By the numbers of chancery.v1.Power. The first two are the caller's own; the others were switched on for
 * them and end. */
enum power { POWER_NONE, POWER_OWNER, POWER_ISSUER, POWER_SUPER_USER, POWER_DECRYPTOR };

/* "owner", "super_user", …; "" for POWER_NONE. */
const char *power_name(enum power power);
/* The power of that name; POWER_NONE for any other text. */
enum power power_of(const char *name);
