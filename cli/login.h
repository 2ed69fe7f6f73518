/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in at an OpenID provider by a device code (RFC 8628), for a context whose profile says `login`. What comes of it is
 * kept beside the contexts, in tokens/NAME.token and, if the provider gives one, tokens/NAME.refresh, both for the user
 * alone. */
#pragma once

#include "cli/profile.h"
#include "cli/provider.h"

typedef Chancery__Config__V1__SignIn SignIn;

struct login_tokens {
    const char *id_token; /* what an authority is shown */
    const char *refresh;  /* ""; there is none */
};

/* grant.c: the protocol. */

/* A device code that somebody is to confirm; its secret half is the arena's, which is wiped. */
struct login_device {
    const char *code, *user_code, *address, *whole_address; /* the last may be "" */
    int64_t interval_s, ends_s;                             /* the latter from now on */
};
rc login_ask_device(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                    struct login_device *out, struct err *err);
/* Wait until it is confirmed. R_SIGN_IN_FAILED: it was refused, or has expired. R_PROVIDER_INVALID: what it gives is no good token. */
rc login_wait(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
              const struct login_device *device, struct login_tokens *out, struct err *err);
/* New tokens for a refresh token (RFC 6749 §6). Of what isn't given anew, the old one holds. */
rc login_refresh(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                 const char *refresh, struct login_tokens *out, struct err *err);
/* Have a refresh token forgotten (RFC 7009), where the provider can. */
rc login_revoke(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                const char *refresh, struct err *err);

/* stored.c: what is kept. */

/* What a token says of itself, unverified: who and until when. */
struct login_claims {
    const char *who; /* "" if it doesn't say */
    const char *issuer;
    bool is_for_client; /* `aud` has the client id */
    int64_t ends_s;     /* seconds since 1970; 0: it doesn't say */
};
rc login_read_claims(struct arena *arena, const char *token, const char *client_id,
                     struct login_claims *out, struct err *err);
/* Under the lock. */
rc login_store(struct arena *arena, const char *context, const struct login_tokens *tokens,
               struct err *err);
/* "" where there is none. */
rc login_stored(struct arena *arena, const char *context, const char *kind, const char **out,
                struct err *err);
/* Under the lock: delete what is kept for a context; false: there was nothing. */
rc login_forget(struct arena *arena, const char *context, bool *was_there, struct err *err);
/* While one command changes what is kept, others wait: a refresh token often holds only once, and who signs out while it is
 * renewed must find the new one. */
rc login_lock(struct arena *arena, const char *context, int *fd, struct err *err);
void login_unlock(int *fd);

/* renew.c: before a profile is used. Names the token that is kept for its context in token_file, renewed if it ends within
 * a minute and can be. R_SIGN_IN_FAILED: nobody is signed in, or the sign-in has ended; R_PROVIDER_UNREACHABLE. */
rc login_use(struct arena *arena, const char *context, Profile *profile, struct err *err);
/* The same without renewing: the file, whether or not its token still holds. */
rc login_name_file(struct arena *arena, const char *context, Profile *profile, struct err *err);
