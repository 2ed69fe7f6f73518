/* SPDX-License-Identifier: Apache-2.0 */
/* OpenID Connect Core 1.0 §3.1, the code flow with PKCE (RFC 7636) and the issuer in the answer (RFC 9207),
 * as jobs of a thread. */
#pragma once

#include "portal.h"

struct oidc_job {
    const struct settings *settings;
    const struct provider *provider;
    char *
        redirect_uri; /* of this provider alone, so that codes of different ones are not mixed up */
    char state[RANDOM_TEXT], nonce[RANDOM_TEXT], verifier[RANDOM_TEXT];
    char *url;         /* out of oidc_begin: where the reader is sent */
    char *code, *iss;  /* into oidc_finish: what came back; iss: NULL if it didn't */
    char *token;       /* out: the ID token */
    int64_t seconds;   /* that it lasts */
    enum text problem; /* 0: it worked */
};
struct oidc_job *oidc_job_new(const struct portal *portal, size_t provider);
void oidc_job_free(struct oidc_job *job);
/* Find the provider's address for the reader; state, nonce and verifier are new. */
void oidc_begin(void *job);
/* Trade the code for an ID token, and check it. Its signature is checked by the authority, of which each
 * license is asked with it; here it comes by TLS from the provider itself (Core §3.1.3.7, 6). */
void oidc_finish(void *job);
