/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a mail by libmilter, as it was decided. */
#pragma once

#include <stdbool.h> /* before libmilter, which would define a bool of its own: a keyword in C23 */

#include <libmilter/mfapi.h>

#include "gateway.h"

/* What these need beside what each filter needs. */
enum { CHANGE_ACTIONS = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY };

/* Of a mail that goes on. The MTA makes the changes only when the answer is to go on; false: none may be made. */
bool change_apply(SMFICTX *ctx, const struct settings *settings, const struct message *message,
                  const struct decision *decision);
