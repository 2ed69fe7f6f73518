/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/texts.h"
#include "cli/issuer.h"
#include "cli/provider.h"

typedef Chancery__V1__Issuer Issuer;

/* --- what the options say --------------------------------------------------------------------- */

static int take_kind(struct session *s, const char *kind, Issuer *issuer)
{
    static const char *const names[] = {"tenant", "multi-tenant", "consumer", NULL};
    static const Chancery__V1__IssuerKind kinds[] = {
        CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_TENANT,
        CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_MULTI_TENANT,
        CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_CONSUMER};
    size_t at = 0;
    if (kind == NULL) {
        return EXIT_OK;
    }
    int code = choice_read(s->command, "--kind", kind, names, &at);
    issuer->kind = kinds[at];
    return code;
}

static int take_options(struct session *s, const struct issuer_args *args, Issuer *issuer)
{
    if (args->common.tenant != NULL) {
        issuer->tenant = text_field(args->common.tenant);
    }
    if (args->boundary != NULL) {
        issuer->boundary = text_field(args->boundary);
    }
    if (args->audiences != NULL) {
        issuer->audiences = (char **)(uintptr_t)args->audiences;
        issuer->n_audiences = texts_count(args->audiences);
    }
    return take_kind(s, args->kind, issuer);
}

/* --- what the provider says ------------------------------------------------------------------- */

static rc take_algorithms(struct session *s, const struct provider *provider, Issuer *issuer,
                          struct err *err)
{
    if (issuer->n_algorithms > 0) {
        return OK;
    }
    if (provider->algorithm_count == 0) {
        FAIL(
            err, R_INPUT_INVALID,
            "%s names no algorithm of its tokens that an authority takes: say algorithms in a file, by -f",
            provider->issuer);
    }
    issuer->algorithms = ARENA_ARRAY(s->arena, char *, provider->algorithm_count);
    ARENA_ENSURE(issuer->algorithms, err);
    for (; issuer->n_algorithms < provider->algorithm_count; issuer->n_algorithms++) {
        issuer->algorithms[issuer->n_algorithms] =
            text_field(provider->algorithms[issuer->n_algorithms]);
    }
    return OK;
}

static rc take_provider(struct session *s, const struct issuer_args *args, Issuer *issuer,
                        struct err *err)
{
    struct provider provider;
    TRY(provider_discover(s->arena, args->discover, args->ca, &provider, err));
    if (issuer->issuer[0] != '\0' && strcmp(issuer->issuer, provider.issuer) != 0) {
        FAIL(err, R_INPUT_INVALID, "the file's issuer is %s, and who answers there is %s",
             issuer->issuer, provider.issuer);
    }
    issuer->issuer = text_field(provider.issuer);
    if (issuer->keys_case == CHANCERY__V1__ISSUER__KEYS__NOT_SET) {
        issuer->keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_URL;
        issuer->jwks_url = text_field(provider.jwks_uri);
    }
    return take_algorithms(s, &provider, issuer, err);
}

/* A template is for many tenants, whatever else isn't said. */
static void guess_kind(const struct issuer_args *args, Issuer *issuer)
{
    if (issuer->kind != CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_UNSPECIFIED) {
        return;
    }
    if (strstr(issuer->issuer, "{tenantid}") != NULL) {
        issuer->kind = CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_MULTI_TENANT;
    } else if (args->common.tenant != NULL) {
        issuer->kind = CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_TENANT;
    }
}

static int discover(struct session *s, const struct issuer_args *args, Issuer *issuer)
{
    struct err err = {0};
    if (issuer->n_audiences == 0) {
        return usage_error(s->command,
                           "--audience is required: under which client id its tokens are made");
    }
    if (!take_provider(s, args, issuer, &err).ok) {
        return fail_with(s->command, &err);
    }
    guess_kind(args, issuer);
    return issuer->kind == CHANCERY__V1__ISSUER_KIND__ISSUER_KIND_UNSPECIFIED
               ? usage_error(s->command, "--kind is required: tenant (with --tenant NAME), "
                                         "multi-tenant or consumer")
               : EXIT_OK;
}

int issuer_read(struct session *s, const struct issuer_args *args, Issuer **out)
{
    ProtobufCMessage *message = NULL;
    *out = ARENA_NEW(s->arena, Issuer);
    CH_ASSERT(*out != NULL); /* a session's arena is far larger than a message */
    chancery__v1__issuer__init(*out);
    if (args->file != NULL || args->discover == NULL) {
        int code = verb_read_file(s, args->file, &chancery__v1__issuer__descriptor, &message);
        if (code != EXIT_OK) {
            return code;
        }
        *out = (Issuer *)message;
    }
    int code = take_options(s, args, *out);
    return code != EXIT_OK || args->discover == NULL ? code : discover(s, args, *out);
}
