/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "cli/https_ask.h"
#include "cli/login.h"
#include "cli/secret_file.h"
#include "cli/session.h"

enum {
    HTTP_OK = 200,
    SECRET_MAX = 4096,
    TOKEN_MAX = 16 * 1024,
    /* RFC 8628 §3.2, §3.5: what holds where nothing is said, and what "slow down" adds. */
    INTERVAL_S = 5,
    SLOWER_S = 5,
    INTERVAL_MAX_S = 60,
    CODE_MAX_S = 3600,
};

static const char DEVICE_GRANT[] = "urn:ietf:params:oauth:grant-type:device_code";

/* --- forms ------------------------------------------------------------------------------------ */

/* RFC 3986 §2.3: all but unreserved characters. */
static void add_encoded(struct buf *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            buf_add_byte(out, (uint8_t)*text);
        } else {
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

static void add(struct buf *form, const char *name, const char *value)
{
    buf_printf(form, "&%s=", name);
    add_encoded(form, value);
}

static rc finish(struct arena *arena, const struct buf *buf, const char **out, struct err *err)
{
    struct slice bytes;
    TRY(buf_finish(buf, &bytes, err));
    *out = arena_dup(arena, bytes);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc encoded(struct arena *arena, const char *text, const char **out, struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    add_encoded(&buf, text);
    return finish(arena, &buf, out, err);
}

static rc read_secret(struct arena *arena, const SignIn *sign_in, const char **out, struct err *err)
{
    struct slice text;
    *out = "";
    if (sign_in->client_secret_file[0] == '\0') {
        return OK;
    }
    TRY(secret_file_check(sign_in->client_secret_file, err));
    TRY(read_own_file(arena, sign_in->client_secret_file, SECRET_MAX, &text, err));
    while (text.len > 0 && text.ptr[text.len - 1] <= ' ') {
        text.len--;
    }
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* Ask an endpoint, as this client (RFC 6749 §2.3.1). */
static rc ask(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
              const char *url, struct buf *form, struct https_answer *out, struct err *err)
{
    const char *secret;
    struct https_question question = {.url = url, .ca_file = sign_in->ca_file};
    TRY(read_secret(arena, sign_in, &secret, err));
    if (secret[0] == '\0' || provider->takes_posted_secret) {
        add(form, "client_id", sign_in->client_id);
    }
    if (secret[0] != '\0' && provider->takes_posted_secret) {
        add(form, "client_secret", secret);
    } else if (secret[0] != '\0') {
        TRY(encoded(arena, sign_in->client_id, &question.user, err));
        TRY(encoded(arena, secret, &question.password, err));
    }
    TRY(finish(arena, form, &question.form, err));
    return https_ask(arena, &question, out, err);
}

/* RFC 6749 §5.2: `error` is a word, and error_description may say more. */
static rc refused(enum reason reason, const char *url, const struct https_answer *answer,
                  struct err *err)
{
    const char *word = https_text(answer->object, "error"),
               *more = https_text(answer->object, "error_description");
    FAIL(err, reason, "%s refuses (%ld): %s%s%s", url, answer->status,
         word[0] == '\0' ? "without a word" : word, more[0] == '\0' ? "" : ": ", more);
}

/* --- the device code -------------------------------------------------------------------------- */

static rc scopes_of(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                    const char **out, struct err *err)
{
    struct buf scopes;
    buf_init(&scopes, arena);
    for (size_t i = 0; i < sign_in->n_scopes; i++) {
        buf_printf(&scopes, "%s%s", i == 0 ? "" : " ", sign_in->scopes[i]);
    }
    if (sign_in->n_scopes == 0) {
        buf_printf(&scopes, "openid email%s",
                   provider->has_offline_access ? " offline_access" : "");
    }
    return finish(arena, &scopes, out, err);
}

static rc copy(struct arena *arena, const json_t *object, const char *name, const char **out,
               struct err *err)
{
    *out = arena_strdup(arena, https_text(object, name));
    ARENA_ENSURE(*out, err);
    return OK;
}

/* A number of seconds, within what is reasonable. */
static int64_t seconds(const json_t *object, const char *name, int64_t otherwise, int64_t most)
{
    int64_t said = json_integer_value(json_object_get(object, name));
    said = said <= 0 ? otherwise : said;
    return said > most ? most : said;
}

static rc read_device(struct arena *arena, const json_t *object, struct login_device *out,
                      struct err *err)
{
    TRY(copy(arena, object, "device_code", &out->code, err));
    TRY(copy(arena, object, "user_code", &out->user_code, err));
    TRY(copy(arena, object, "verification_uri", &out->address, err));
    TRY(copy(arena, object, "verification_uri_complete", &out->whole_address, err));
    out->interval_s = seconds(object, "interval", INTERVAL_S, INTERVAL_MAX_S);
    out->ends_s = seconds(object, "expires_in", CODE_MAX_S, CODE_MAX_S);
    return OK;
}

rc login_ask_device(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                    struct login_device *out, struct err *err)
{
    AUTO(https_answer_fini) struct https_answer answer = {0};
    const char *scopes;
    struct buf form;
    if (provider->device_endpoint[0] == '\0' || provider->token_endpoint[0] == '\0') {
        FAIL(err, R_PROVIDER_INVALID, "%s grants no tokens by device codes (RFC 8628)",
             provider->issuer);
    }
    TRY(scopes_of(arena, sign_in, provider, &scopes, err));
    buf_init(&form, arena);
    add(&form, "scope", scopes);
    TRY(ask(arena, sign_in, provider, provider->device_endpoint, &form, &answer, err));
    if (answer.status != HTTP_OK) {
        return refused(R_SIGN_IN_FAILED, provider->device_endpoint, &answer, err);
    }
    TRY(read_device(arena, answer.object, out, err));
    if (out->code[0] == '\0' || out->user_code[0] == '\0' || out->address[0] == '\0') {
        FAIL(err, R_PROVIDER_INVALID, "%s gives no device code", provider->device_endpoint);
    }
    return OK;
}

/* Where times in text end; and by how much a provider's clock may be behind. */
#define YEAR_10000_S INT64_C(253402300800)
enum { CLOCKS_DIFFER_S = 300 };

/* --- tokens ----------------------------------------------------------------------------------- */

/* Core §3.1.3.7: its signature needn't be checked, because it came from the issuer by TLS. */
static rc check_token(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                      const struct login_tokens *tokens, struct err *err)
{
    struct login_claims claims;
    bool is_template = strchr(provider->issuer, '{') != NULL;
    if (tokens->id_token[0] == '\0') {
        FAIL(err, R_PROVIDER_INVALID, "%s gives no ID token: the scopes need openid",
             provider->issuer);
    }
    TRY(login_read_claims(arena, tokens->id_token, sign_in->client_id, &claims, err));
    if (!is_template && strcmp(claims.issuer, provider->issuer) != 0) {
        FAIL(err, R_PROVIDER_INVALID, "the ID token is of the issuer %s, and not of %s",
             claims.issuer, provider->issuer);
    }
    if (!claims.is_for_client) {
        FAIL(err, R_PROVIDER_INVALID, "the ID token is not for the client %s", sign_in->client_id);
    }
    if (claims.ends_s > YEAR_10000_S) {
        FAIL(err, R_PROVIDER_INVALID, "the ID token says no time at which it ends (exp)");
    }
    if (claims.ends_s + CLOCKS_DIFFER_S < clock_unix().s) {
        FAIL(err, R_PROVIDER_INVALID, "the ID token has ended already (exp), or says no end");
    }
    return OK;
}

static rc read_tokens(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                      const json_t *object, struct login_tokens *out, struct err *err)
{
    TRY(copy(arena, object, "id_token", &out->id_token, err));
    TRY(copy(arena, object, "refresh_token", &out->refresh, err));
    if (strlen(out->id_token) > TOKEN_MAX || strlen(out->refresh) > TOKEN_MAX) {
        FAIL(err, R_PROVIDER_INVALID, "%s gives a token of more than 16 KiB", provider->issuer);
    }
    return check_token(arena, sign_in, provider, out, err);
}

static rc ask_tokens(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                     const struct login_device *device, struct https_answer *out, struct err *err)
{
    struct buf form;
    buf_init(&form, arena);
    add(&form, "grant_type", DEVICE_GRANT);
    add(&form, "device_code", device->code);
    return ask(arena, sign_in, provider, provider->token_endpoint, &form, out, err);
}

static void sleep_s(int64_t time)
{
    struct timespec left = {.tv_sec = time};
    while (nanosleep(&left, &left) != 0) {
    }
}

static bool is_word(const struct https_answer *answer, const char *word)
{
    return strcmp(https_text(answer->object, "error"), word) == 0;
}

/* Without an answer ask half as often, too (RFC 8628 §3.5). */
static int64_t next_interval(const struct https_answer *answer, int64_t interval)
{
    int64_t next = answer->status == 0            ? 2 * interval
                   : is_word(answer, "slow_down") ? interval + SLOWER_S
                                                  : interval;
    return next > INTERVAL_MAX_S ? INTERVAL_MAX_S : next;
}

rc login_wait(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
              const struct login_device *device, struct login_tokens *out, struct err *err)
{
    int64_t interval = device->interval_s;
    struct mono_time end = mono_add_ms(clock_mono(), 1000 * device->ends_s);
    while (clock_mono().ns < end.ns) {
        AUTO(https_answer_fini) struct https_answer answer = {0};
        sleep_s(interval);
        struct err why = {0};
        rc has_answer = ask_tokens(arena, sign_in, provider, device, &answer, &why);
        if (!has_answer.ok && why.reason == R_PROVIDER_INVALID) { /* it would be no better again */
            *err = why;
            return has_answer;
        }
        if (has_answer.ok && answer.status == HTTP_OK) {
            return read_tokens(arena, sign_in, provider, answer.object, out, err);
        }
        interval = next_interval(&answer, interval);
        bool goes_on = answer.status == 0 || answer.status >= 500 ||
                       is_word(&answer, "authorization_pending") || is_word(&answer, "slow_down");
        if (!goes_on) {
            return refused(R_SIGN_IN_FAILED, provider->token_endpoint, &answer, err);
        }
    }
    FAIL(err, R_SIGN_IN_FAILED,
         "nobody has confirmed the code in time: chancery login makes a new one");
}

rc login_refresh(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                 const char *refresh, struct login_tokens *out, struct err *err)
{
    AUTO(https_answer_fini) struct https_answer answer = {0};
    struct buf form;
    buf_init(&form, arena);
    add(&form, "grant_type", "refresh_token");
    add(&form, "refresh_token", refresh);
    TRY(ask(arena, sign_in, provider, provider->token_endpoint, &form, &answer, err));
    if (answer.status != HTTP_OK) {
        return refused(R_SIGN_IN_FAILED, provider->token_endpoint, &answer, err);
    }
    TRY(read_tokens(arena, sign_in, provider, answer.object, out, err));
    out->refresh = out->refresh[0] == '\0' ? refresh : out->refresh;
    return OK;
}

rc login_revoke(struct arena *arena, const SignIn *sign_in, const struct provider *provider,
                const char *refresh, struct err *err)
{
    AUTO(https_answer_fini) struct https_answer answer = {0};
    struct buf form;
    if (provider->revocation_endpoint[0] == '\0') {
        return OK;
    }
    buf_init(&form, arena);
    add(&form, "token", refresh);
    add(&form, "token_type_hint", "refresh_token");
    TRY(ask(arena, sign_in, provider, provider->revocation_endpoint, &form, &answer, err));
    return answer.status == HTTP_OK
               ? OK
               : refused(R_PROVIDER_INVALID, provider->revocation_endpoint, &answer, err);
}
