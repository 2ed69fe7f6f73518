/* SPDX-License-Identifier: Apache-2.0 */
/* By what a person has signed in. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include "domain/values/issuer.h"

/* By the numbers of chancery.v1.SignInKind. */
enum sign_in {
    SIGN_IN_NONE = 0, /* no user takes part */
    SIGN_IN_WORK = 1, /* an account of an organization */
    SIGN_IN_MICROSOFT = 2,
    SIGN_IN_GOOGLE = 3,
    SIGN_IN_YAHOO = 4,
    SIGN_IN_OTHER_CONSUMER = 5,
    SIGN_IN_PASSCODE = 6, /* a one-time passcode of ours */
};

/* Of an issuer's people. Consumers' providers are known by their `iss`, which OpenID Connect has them
 * publish. */
enum sign_in sign_in_by(enum issuer_kind kind, const char *iss);
/* Whether it is a consumer's account, whoever's. */
bool sign_in_is_social(enum sign_in sign_in);
