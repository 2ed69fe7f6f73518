/* SPDX-License-Identifier: Apache-2.0 */
/* A token's checks as sentences for people. */
#pragma once

#include "auth/token_identity.h"
#include "chancery/v1/issuer.pb-c.h"

/* Fill the reply with what became of the token: the checks in their order, up to the one that failed with
 * `problem` (R_NONE: none did). */
step token_checks_write(struct call *c, const struct identified *who, const struct err *problem,
                        Chancery__V1__TestTokenResponse *out);
/* The same for a token whose issuer is unknown, or is to look so. */
step token_checks_write_unknown(struct call *c, const struct identified *who,
                                Chancery__V1__TestTokenResponse *out);
