/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provider.h"

#include <string.h>

#include "base/utf8.h"
#include "cli/https_ask.h"

enum { ISSUER_BYTES_MAX = 512, ADDRESS_BYTES_MAX = 1024, HTTP_OK = 200, HTTP_NOT_FOUND = 404 };

static const char OPENID[] = "/.well-known/openid-configuration";
static const char OAUTH[] = "/.well-known/oauth-authorization-server";
static const char SCHEME[] = "https://";
static const char TEMPLATE[] = "{tenantid}";

/* --- addresses -------------------------------------------------------------------------------- */

static bool is_https(const char *url)
{
    return strncmp(url, SCHEME, strlen(SCHEME)) == 0 && strlen(url) > strlen(SCHEME) &&
           strlen(url) <= ADDRESS_BYTES_MAX && utf8_is_printable(slice_str(url)) &&
           strchr(url, ' ') == NULL;
}

static bool ends_with(const char *text, const char *tail)
{
    return strlen(text) >= strlen(tail) && strcmp(text + strlen(text) - strlen(tail), tail) == 0;
}

static rc check_issuer(const char *issuer, struct err *err)
{
    if (!is_https(issuer) || strlen(issuer) > ISSUER_BYTES_MAX || strpbrk(issuer, "?#") != NULL) {
        FAIL(err, R_INPUT_INVALID,
             "no issuer that can be asked: one is https://, without query and fragment, and not %s",
             issuer);
    }
    return OK;
}

/* The text with one whole segment of its path in place of another; NULL: it has none of that name. */
static const char *with_segment(struct arena *arena, const char *url, const char *from,
                                const char *to)
{
    const char *path = strchr(url + strlen(SCHEME), '/');
    for (const char *at = path; at != NULL; at = strchr(at + 1, '/')) {
        size_t len = strcspn(at + 1, "/");
        if (len == strlen(from) && strncmp(at + 1, from, len) == 0) {
            return arena_printf(arena, "%.*s%s%s", (int)(at + 1 - url), url, to, at + 1 + len);
        }
    }
    return NULL;
}

/* OpenID Connect Discovery 1.0 §4.1: behind the issuer; RFC 8414 §3.1: between its host and its path. */
static const char *openid_address(struct arena *arena, const char *issuer)
{
    const char *asked = with_segment(arena, issuer, TEMPLATE, "common");
    asked = asked == NULL ? issuer : asked;
    size_t len = strlen(asked);
    return arena_printf(arena, "%.*s%s", (int)(len - (asked[len - 1] == '/' ? 1 : 0)), asked,
                        OPENID);
}

static const char *oauth_address(struct arena *arena, const char *issuer)
{
    const char *path = strchr(issuer + strlen(SCHEME), '/');
    size_t host = path == NULL ? strlen(issuer) : (size_t)(path - issuer);
    path = path == NULL || strcmp(path, "/") == 0 ? "" : path;
    return arena_printf(arena, "%.*s%s%s", (int)host, issuer, OAUTH, path);
}

/* --- the document ----------------------------------------------------------------------------- */

static rc ask(struct arena *arena, const char *url, const char *ca_file, struct https_answer *out,
              struct err *err)
{
    const struct https_question question = {.url = url, .ca_file = ca_file};
    ARENA_ENSURE(url, err);
    return https_ask(arena, &question, out, err);
}

static rc check_status(const char *url, const struct https_answer *answer, struct err *err)
{
    if (answer->status >= 300 && answer->status < 400) {
        FAIL(err, R_PROVIDER_INVALID,
             "%s sends elsewhere (%ld): give the issuer as its tokens have it", url,
             answer->status);
    }
    if (answer->status != HTTP_OK) {
        FAIL(err, R_PROVIDER_INVALID, "%s answers with status %ld", url, answer->status);
    }
    if (answer->object == NULL) {
        FAIL(err, R_PROVIDER_INVALID, "%s answers with no JSON object", url);
    }
    return OK;
}

/* Whoever answers for another issuer could have its tokens believed as somebody else's (Discovery §4.3). Entra answers
 * for all directories by a template. */
static rc check_same(struct arena *arena, const char *asked, const char *said, struct err *err)
{
    static const char *const all[] = {"common", "organizations"};
    if (strcmp(asked, said) == 0) {
        return OK;
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *wanted = with_segment(arena, asked, all[i], TEMPLATE);
        if (wanted != NULL && strcmp(wanted, said) == 0) {
            return OK;
        }
    }
    FAIL(err, R_PROVIDER_INVALID, "%s says that it is the issuer %s: give that, to the letter",
         asked, said[0] == '\0' ? "\"\"" : said);
}

static rc copy(struct arena *arena, const char *text, const char **out, struct err *err)
{
    *out = arena_strdup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* What leads away from TLS is as if it weren't there. */
static rc copy_endpoint(struct arena *arena, const json_t *object, const char *name,
                        const char **out, struct err *err)
{
    const char *url = https_text(object, name);
    return copy(arena, is_https(url) ? url : "", out, err);
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

/* RFC 8414 has no such list: then it stays empty. */
static void take_algorithms(const json_t *object, struct provider *out)
{
    static const char *const taken[PROVIDER_ALGORITHMS_MAX] = {"RS256", "PS256", "ES256", "ES384",
                                                               "EdDSA"};
    const json_t *said = json_object_get(object, "id_token_signing_alg_values_supported");
    for (size_t i = 0; i < PROVIDER_ALGORITHMS_MAX; i++) {
        if (has_text(said, taken[i])) {
            out->algorithms[out->algorithm_count++] = taken[i];
        }
    }
}

static rc read_document(struct arena *arena, const char *asked, const json_t *object,
                        struct provider *out, struct err *err)
{
    const char *keys = https_text(object, "jwks_uri");
    TRY(copy(arena, https_text(object, "issuer"), &out->issuer, err));
    TRY(check_same(arena, asked, out->issuer, err));
    if (!is_https(keys)) {
        FAIL(err, R_PROVIDER_INVALID, "%s names no jwks_uri that is https://", asked);
    }
    TRY(copy(arena, keys, &out->jwks_uri, err));
    take_algorithms(object, out);
    const json_t *ways = json_object_get(object, "token_endpoint_auth_methods_supported");
    out->takes_posted_secret = json_is_array(ways) && !has_text(ways, "client_secret_basic");
    out->has_offline_access =
        has_text(json_object_get(object, "scopes_supported"), "offline_access");
    TRY(copy_endpoint(arena, object, "device_authorization_endpoint", &out->device_endpoint, err));
    TRY(copy_endpoint(arena, object, "token_endpoint", &out->token_endpoint, err));
    return copy_endpoint(arena, object, "revocation_endpoint", &out->revocation_endpoint, err);
}

rc provider_discover(struct arena *arena, const char *issuer, const char *ca_file,
                     struct provider *out, struct err *err)
{
    AUTO(https_answer_fini) struct https_answer answer = {0};
    *out = (struct provider){0};
    if (ends_with(issuer, OPENID)) {
        issuer = arena_dup(arena, slice_of(issuer, strlen(issuer) - strlen(OPENID)));
        ARENA_ENSURE(issuer, err);
    }
    TRY(check_issuer(issuer, err));
    const char *url = openid_address(arena, issuer);
    TRY(ask(arena, url, ca_file, &answer, err));
    if (answer.status == HTTP_NOT_FOUND) {
        https_answer_fini(&answer);
        url = oauth_address(arena, issuer);
        TRY(ask(arena, url, ca_file, &answer, err));
    }
    TRY(check_status(url, &answer, err));
    return read_document(arena, issuer, answer.object, out, err);
}
