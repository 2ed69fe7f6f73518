/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "cli/contexts.h"
#include "cli/login.h"
#include "cli/session.h"

enum { SOON_S = 60 };

/* A profile without `login`, or with a token file of its own, has nothing of ours. */
static bool is_signed_in(const char *context, const Profile *profile)
{
    return context != NULL && profile->login != NULL && profile->token_file[0] == '\0';
}

static rc is_good(struct arena *arena, const char *token, bool *out, struct err *err)
{
    struct login_claims claims;
    *out = false;
    if (token[0] != '\0') {
        TRY(login_read_claims(arena, token, "", &claims, err));
        *out = claims.ends_s > clock_unix().s + SOON_S;
    }
    return OK;
}

/* Under the lock: somebody else may have renewed it while we waited, or signed out. */
static rc renew(struct arena *arena, const char *context, const SignIn *sign_in, struct err *err)
{
    AUTO(login_unlock) int lock = -1;
    const char *token, *refresh;
    bool is_renewed;
    struct provider provider;
    struct login_tokens tokens;
    TRY(login_lock(arena, context, &lock, err));
    TRY(login_stored(arena, context, "token", &token, err));
    TRY(is_good(arena, token, &is_renewed, err));
    if (is_renewed) {
        return OK;
    }
    TRY(login_stored(arena, context, "refresh", &refresh, err));
    if (refresh[0] == '\0') {
        FAIL(err, R_SIGN_IN_FAILED, "somebody has signed out meanwhile");
    }
    TRY(provider_discover(arena, sign_in->issuer, sign_in->ca_file, &provider, err));
    TRY(login_refresh(arena, sign_in, &provider, refresh, &tokens, err));
    return login_store(arena, context, &tokens, err);
}

static rc renew_or_tell(struct arena *arena, const char *context, const SignIn *sign_in,
                        struct err *err)
{
    struct err why = {0};
    if (!renew(arena, context, sign_in, &why).ok) {
        FAIL(err, why.reason == R_PROVIDER_UNREACHABLE ? why.reason : R_SIGN_IN_FAILED,
             "the sign-in can't be renewed; chancery login --profile %s (%s)", context,
             err_words(&why));
    }
    return OK;
}

rc login_name_file(struct arena *arena, const char *context, Profile *profile, struct err *err)
{
    const char *path;
    if (!is_signed_in(context, profile)) {
        return OK;
    }
    TRY(context_login_file(arena, context, "token", &path, err));
    profile->token_file = text_field(path);
    return OK;
}

rc login_use(struct arena *arena, const char *context, Profile *profile, struct err *err)
{
    const char *token, *refresh;
    bool holds;
    if (!is_signed_in(context, profile)) {
        return OK;
    }
    TRY(login_stored(arena, context, "token", &token, err));
    if (token[0] == '\0') {
        FAIL(err, R_SIGN_IN_FAILED,
             "nobody is signed in for context %s: chancery login --profile %s", context, context);
    }
    TRY(is_good(arena, token, &holds, err));
    TRY(login_stored(arena, context, "refresh", &refresh, err));
    if (!holds && refresh[0] == '\0') {
        FAIL(err, R_SIGN_IN_FAILED,
             "the sign-in of context %s has ended: chancery login --profile %s", context, context);
    }
    TRY(holds ? OK : renew_or_tell(arena, context, profile->login, err));
    return login_name_file(arena, context, profile, err);
}
