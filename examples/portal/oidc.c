/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc.h"

#include <string.h>
#include <time.h>

#include "https.h"
#include "wiped.h"

enum { TOKEN_BYTES_MAX = 16 * 1024, SKEW_SECONDS = 60 };

struct oidc_job *oidc_job_new(const struct portal *portal, size_t provider)
{
    struct oidc_job *job = g_new0(struct oidc_job, 1);
    job->settings = portal->settings;
    job->provider = &portal->settings->providers[provider];
    job->redirect_uri =
        g_strdup_printf("%s/provider/%zu/callback", portal->settings->origin, provider);
    return job;
}

void oidc_job_free(struct oidc_job *job)
{
    g_free(job->redirect_uri);
    g_free(job->url);
    g_free(job->iss);
    wipe_text(job->code);
    wipe_text(job->token);
    explicit_bzero(job, sizeof *job);
    g_free(job);
}

/* --- metadata --------------------------------------------------------------------------------- */

static const char *text_in(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static bool has_text(const json_t *array, const char *text)
{
    size_t i;
    json_t *one;
    json_array_foreach(array, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), text) == 0) {
            return true;
        }
    }
    return false;
}

/* OpenID Connect Discovery 1.0 §4: its issuer is exactly the one that was asked. */
static json_t *metadata_of(struct oidc_job *job)
{
    const char *issuer = job->provider->issuer;
    char *url = g_strconcat(issuer, g_str_has_suffix(issuer, "/") ? "" : "/",
                            ".well-known/openid-configuration", NULL);
    json_t *metadata = https_ask(job->settings, url, &(struct https_form){.body = NULL});
    bool is_good = metadata != NULL && strcmp(text_in(metadata, "issuer"), issuer) == 0 &&
                   g_str_has_prefix(text_in(metadata, "authorization_endpoint"), "https://") &&
                   g_str_has_prefix(text_in(metadata, "token_endpoint"), "https://");
    g_free(url);
    if (!is_good) {
        json_decref(metadata);
        job->problem = P_PROVIDER_AWAY;
        return NULL;
    }
    return metadata;
}

/* --- the way there ---------------------------------------------------------------------------- */

static void add_parameter(GString *out, const char *name, const char *value)
{
    char *encoded = g_uri_escape_string(value, NULL, FALSE);
    g_string_append_printf(out, "&%s=%s", name, encoded);
    wipe_text(encoded);
}

/* BASE64URL(SHA256(verifier)) (RFC 7636 §4.2). */
static char *challenge_of(const char *verifier)
{
    guint8 hash[32];
    gsize size = sizeof hash;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)verifier, -1);
    g_checksum_get_digest(checksum, hash, &size);
    g_checksum_free(checksum);
    char *digits = g_base64_encode(hash, size);
    g_strdelimit(g_strdelimit(digits, "+", '-'), "/", '_')[RANDOM_TEXT - 1] = '\0';
    return digits;
}

void oidc_begin(void *arg)
{
    struct oidc_job *job = arg;
    json_t *metadata = metadata_of(job);
    if (metadata == NULL) {
        return;
    }
    random_text(job->state);
    random_text(job->nonce);
    random_text(job->verifier);
    const char *endpoint = text_in(metadata, "authorization_endpoint");
    char *challenge = challenge_of(job->verifier);
    GString *url = g_string_new(endpoint);
    g_string_append_printf(url, "%cresponse_type=code", strchr(endpoint, '?') == NULL ? '?' : '&');
    add_parameter(url, "client_id", job->provider->client_id);
    add_parameter(url, "redirect_uri", job->redirect_uri);
    add_parameter(url, "scope", "openid email");
    add_parameter(url, "state", job->state);
    add_parameter(url, "nonce", job->nonce);
    add_parameter(url, "code_challenge", challenge);
    add_parameter(url, "code_challenge_method", "S256");
    g_free(challenge);
    job->url = g_string_free(url, FALSE);
    json_decref(metadata);
}

/* --- the ID token ----------------------------------------------------------------------------- */

/* The claims of a JWS, unverified; NULL if it is none. */
static json_t *claims_of(const char *token)
{
    char **parts = g_strsplit(token, ".", 4);
    json_t *claims = NULL;
    if (g_strv_length(parts) == 3) {
        gsize size;
        size_t missing = (4 - strlen(parts[1]) % 4) % 4;
        char *digits = g_strdelimit(
            g_strdelimit(g_strconcat(parts[1], &"=="[2 - MIN(missing, 2)], NULL), "-", '+'), "_",
            '/');
        guchar *text = g_base64_decode(digits, &size);
        claims = json_loadb((const char *)text, size, JSON_REJECT_DUPLICATES, NULL);
        g_free(text);
        g_free(digits);
    }
    g_strfreev(parts);
    return claims;
}

/* For us, from this provider, now, and for the sign-in that this browser began (Core §3.1.3.7). */
static bool is_good(struct oidc_job *job, const json_t *claims)
{
    const json_t *audience = json_object_get(claims, "aud");
    const char *client = job->provider->client_id, *party = text_in(claims, "azp");
    bool is_for_us = json_is_array(audience) ? has_text(audience, client)
                                             : strcmp(text_in(claims, "aud"), client) == 0;
    bool is_shared = json_array_size(audience) > 1;
    int64_t now = (int64_t)time(NULL);
    int64_t ends = (int64_t)json_integer_value(json_object_get(claims, "exp"));
    int64_t made = (int64_t)json_integer_value(json_object_get(claims, "iat"));
    job->seconds = ends - now;
    return strcmp(text_in(claims, "iss"), job->provider->issuer) == 0 && is_for_us &&
           (party[0] == '\0' ? !is_shared : strcmp(party, client) == 0) && ends > now &&
           made <= now + SKEW_SECONDS && made > now - (int64_t)3600 &&
           is_same_secret(text_in(claims, "nonce"), job->nonce);
}

/* --- the way back ----------------------------------------------------------------------------- */

/* Whether the answer is of the provider that was asked: it must say so if its metadata says that it does
 * (RFC 9207 §2.4). */
static bool is_of_provider(const struct oidc_job *job, const json_t *metadata)
{
    bool must_say =
        json_is_true(json_object_get(metadata, "authorization_response_iss_parameter_supported"));
    return job->iss == NULL ? !must_say : strcmp(job->iss, job->provider->issuer) == 0;
}

static json_t *trade(const struct oidc_job *job, const json_t *metadata)
{
    const struct provider *provider = job->provider;
    const json_t *ways = json_object_get(metadata, "token_endpoint_auth_methods_supported");
    bool has_secret = provider->client_secret[0] != '\0';
    bool is_posted = has_secret && json_is_array(ways) && !has_text(ways, "client_secret_basic");
    char *user = g_uri_escape_string(provider->client_id, NULL, FALSE);
    char *password = g_uri_escape_string(provider->client_secret, NULL, FALSE);
    GString *body = g_string_new("grant_type=authorization_code");
    add_parameter(body, "code", job->code);
    add_parameter(body, "redirect_uri", job->redirect_uri);
    add_parameter(body, "code_verifier", job->verifier);
    if (!has_secret || is_posted) {
        add_parameter(body, "client_id", provider->client_id);
    }
    if (is_posted) {
        add_parameter(body, "client_secret", provider->client_secret);
    }
    const struct https_form form = {
        .body = body->str, .user = has_secret && !is_posted ? user : NULL, .password = password};
    json_t *answer = https_ask(job->settings, text_in(metadata, "token_endpoint"), &form);
    wipe_string(body);
    wipe_text(password);
    g_free(user);
    return answer;
}

void oidc_finish(void *arg)
{
    struct oidc_job *job = arg;
    json_t *metadata = metadata_of(job);
    if (metadata == NULL) {
        return;
    }
    job->problem = P_SIGN_IN_FAILED;
    json_t *answer = is_of_provider(job, metadata) ? trade(job, metadata) : NULL;
    const char *token = text_in(answer, "id_token");
    json_t *claims = strlen(token) > TOKEN_BYTES_MAX ? NULL : claims_of(token);
    if (claims != NULL && is_good(job, claims)) {
        job->token = g_strdup(token);
        job->problem = 0;
    }
    json_decref(claims);
    json_decref(answer);
    json_decref(metadata);
}
