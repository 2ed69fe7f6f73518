/* SPDX-License-Identifier: Apache-2.0 */
/* chancery issuer */
#include <stdio.h>
#include <string.h>

#include "base/texts.h"
#include "cli/issuer.h"
#include "cli/table.h"

static const char HELP[] =
    "usage: chancery issuer list     --profile FILE [--tenant NAME] [-o json|yaml]\n"
    "       chancery issuer get      --profile FILE [--tenant NAME] ID\n"
    "       chancery issuer create   --profile FILE -f ISSUER.yaml [-o json|yaml]\n"
    "       chancery issuer create   --profile FILE --discover URL --audience ID… [--tenant NAME]\n"
    "                                [--kind tenant|multi-tenant|consumer] [--boundary NAME]\n"
    "                                [--issuer-ca FILE] [-f FILE] [-o json|yaml]\n"
    "       chancery issuer update   --profile FILE -f FILE --field NAME… [--tenant NAME] ID\n"
    "       chancery issuer delete   --profile FILE [--tenant NAME] [--yes] ID\n"
    "       chancery issuer test     --profile FILE [-f TOKEN-FILE] [-o json|yaml]\n"
    "       chancery issuer map      --profile FILE --tenant NAME ID VALUE\n"
    "       chancery issuer unmap    --profile FILE ID VALUE\n"
    "       chancery issuer mappings --profile FILE [-o json|yaml] ID\n"
    "\n"
    "Whose identity tokens are believed. Without --tenant: the issuers of the tenant whose admin\n"
    "the profile names, or the platform's for a platform admin. Changes hold from the next call\n"
    "on.\n"
    "\n"
    "A tenant's admin registers issuers whose address lies in a verified domain of the tenant\n"
    "(chancery tenant add-domain, verify-domain); others are registered by a platform admin. When\n"
    "the domain goes to another tenant, so does the right to speak under such an address.\n"
    "\n"
    "An issuer file has the fields of chancery.v1.Issuer. A tenant's own identity provider:\n"
    "\n"
    "  kind: TENANT\n"
    "  tenant: contoso\n"
    "  issuer: https://idp.contoso.com          # the tokens' iss, to the letter\n"
    "  audiences: [chancery]\n"
    "  algorithms: [RS256]\n"
    "  jwks_url: https://idp.contoso.com/keys   # or jwks_json: '{\"keys\": [...]}'\n"
    "  claims: {address: email, aliases: [upn], groups: groups}\n"
    "  clock_skew_seconds: 60\n"
    "\n"
    "All tenants of Microsoft Entra in one cloud, registered by a platform admin, who then maps\n"
    "each of them to a tenant:\n"
    "\n"
    "  kind: MULTI_TENANT\n"
    "  boundary: commercial\n"
    "  issuer: https://login.microsoftonline.com/{tenantid}/v2.0\n"
    "  audiences: [CLIENT-ID]\n"
    "  algorithms: [RS256]\n"
    "  jwks_url: https://login.microsoftonline.com/common/discovery/v2.0/keys\n"
    "  claims: {aliases: [preferred_username], groups: groups, guest: acct}\n"
    "\n"
    "  chancery issuer create --profile platform-admin.yaml -f entra.yaml\n"
    "  chancery issuer map --profile platform-admin.yaml --tenant contoso ID \\\n"
    "      72f988bf-86f1-41af-91ab-2d7cd011db47\n"
    "\n"
    "create --discover asks the provider itself, by HTTPS from this machine, and takes over how it calls\n"
    "itself, where its keys are, and its algorithms (OpenID Connect Discovery, RFC 8414). -f may say\n"
    "the rest, such as claims. An answer for another issuer is refused. A template such as that of\n"
    "Entra is asked under common. Whoever answers there says who people are: look twice at the address.\n"
    "\n"
    "  --discover URL    the issuer, or the address of its metadata\n"
    "  --audience ID     under which client id its tokens are made; again for each further one\n"
    "  --kind KIND       tenant (with --tenant), multi-tenant or consumer\n"
    "  --boundary NAME   in which it is believed, where it is no tenant's\n"
    "  --issuer-ca FILE  authorities for its certificate (PEM); without it, the system's\n"
    "\n"
    "  chancery issuer create --profile contoso-admin.yaml --tenant contoso \\\n"
    "      --discover https://sso.contoso.com/realms/main --audience chancery\n"
    "\n"
    "Whose e-mail addresses count: those in the tenant's verified domains; for kind CONSUMER those in\n"
    "domains:, and those that the token calls verified. By email_verified, that is about the claim\n"
    "email only. Where another claim says so of claims.address, name it:\n"
    "\n"
    "  claims: {address: email, verified: xms_edov}     # Microsoft accounts\n"
    "\n"
    "An address that the token calls unverified counts nowhere.\n"
    "\n"
    "update sets the fields that --field names (audiences, algorithms, keys, claims, domains,\n"
    "clock_skew_seconds, disabled) to what the file says. With an etag in the file it does so\n"
    "only if nobody else has changed the issuer since.\n"
    "\n"
    "If the tenant requires a second admin, create, map, and an update that lets an issuer say more\n"
    "than before only ask for approval: see chancery approval --help. Switching an issuer off\n"
    "(--field disabled) and deleting it are done at once. Deleting can't be undone; --yes says that\n"
    "you are sure, and --field disabled can be taken back.\n"
    "\n"
    "test explains for whom a token would be taken; if it is refused, it names the claims with what\n"
    "they say, and where the issuer's keys were looked for and why they didn't come. It reads the\n"
    "token from a file or from standard input, never from the command line, where others can see\n"
    "it. Exit code 3: the token would be refused.\n"
    "\n"
    "  chancery issuer test --profile contoso-admin.yaml -f alice.token\n";

static const char *kind_name(Chancery__V1__IssuerKind kind)
{
    static const char *const names[] = {"?",        "tenant",   "multi-tenant",
                                        "consumer", "passcode", "component"};
    return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : names[0];
}

static void show_list(const void *response)
{
    const Chancery__V1__ListIssuersResponse *r = response;
    struct table table;
    table_begin(&table, "ID", "KIND", "BOUNDARY", "ISSUER", "NOTE", NULL);
    for (size_t i = 0; i < r->n_issuers; i++) {
        const Chancery__V1__Issuer *issuer = r->issuers[i];
        bool is_gone = issuer->proof == CHANCERY__V1__ISSUER_PROOF__ISSUER_PROOF_GONE;
        table_row(&table, issuer->issuer_id, kind_name(issuer->kind), issuer->boundary,
                  issuer->issuer,
                  issuer->disabled ? "disabled"
                  : is_gone        ? "its domain is not the tenant's any longer"
                                   : "",
                  NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListIssuersRequest request;
    chancery__v1__list_issuers_request__init(&request);
    request.tenant = text_field(args->tenant);
    return verb_list(s, args, "IssuerService/ListIssuers", &request.base,
                     &chancery__v1__list_issuers_response__descriptor, show_list);
}

static int get(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetIssuerRequest request;
    chancery__v1__get_issuer_request__init(&request);
    request.issuer_id = args->operands[0];
    request.tenant = text_field(args->tenant);
    return verb_call(s, args, "IssuerService/GetIssuer", &request.base,
                     &chancery__v1__get_issuer_response__descriptor, NULL);
}

static void show_created(const void *response)
{
    puts(((const Chancery__V1__CreateIssuerResponse *)response)->issuer->issuer_id);
}

static int create(struct session *s, const struct verb_args *args)
{
    Chancery__V1__CreateIssuerRequest request;
    chancery__v1__create_issuer_request__init(&request);
    int code = issuer_read(s, (const struct issuer_args *)args, &request.issuer);
    if (code != EXIT_OK) {
        return code;
    }
    return verb_call(s, args, "IssuerService/CreateIssuer", &request.base,
                     &chancery__v1__create_issuer_response__descriptor, show_created);
}

static int update(struct session *s, const struct verb_args *common)
{
    const struct issuer_args *args = (const void *)common;
    ProtobufCMessage *message = NULL;
    Google__Protobuf__FieldMask mask;
    google__protobuf__field_mask__init(&mask);
    Chancery__V1__UpdateIssuerRequest request;
    chancery__v1__update_issuer_request__init(&request);
    if (args->fields == NULL) {
        return usage_error(s->command, "--field is required: name the fields to change");
    }
    int code = verb_read_file(s, args->file, &chancery__v1__issuer__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    mask.paths = (char **)(uintptr_t)args->fields;
    mask.n_paths = texts_count(args->fields);
    request.update_mask = &mask;
    request.issuer = (Chancery__V1__Issuer *)message;
    request.issuer->issuer_id = common->operands[0];
    if (common->tenant != NULL) {
        request.issuer->tenant = text_field(common->tenant);
    }
    return verb_call(s, common, "IssuerService/UpdateIssuer", &request.base,
                     &chancery__v1__update_issuer_response__descriptor, NULL);
}

static int delete (struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteIssuerRequest request;
    chancery__v1__delete_issuer_request__init(&request);
    request.issuer_id = args->operands[0];
    request.tenant = text_field(args->tenant);
    int code = verb_confirm(s, args, "delete issuer", args->operands[0],
                            "its tokens are refused, and its mappings are gone");
    return code != EXIT_OK ? code
                           : verb_act(s, args, "IssuerService/DeleteIssuer", &request.base,
                                      &chancery__v1__delete_issuer_response__descriptor, NULL);
}

/* --- test ------------------------------------------------------------------------------------- */

static void show_texts(const char *name, char *const *texts, size_t count)
{
    printf("%s", name);
    for (size_t i = 0; i < count; i++) {
        printf(" %s", texts[i]);
    }
    puts(count == 0 ? " none" : "");
}

static void show_checks(const Chancery__V1__TestTokenResponse *r)
{
    for (size_t i = 0; i < r->n_checks; i++) {
        const Chancery__V1__TokenCheck *check = r->checks[i];
        printf("%-6s  %-10s %s\n", check->passed ? "ok" : "failed", check->name,
               check->explanation);
    }
    if (r->reason[0] != '\0') {
        printf("It would be refused: %s\n", r->reason);
        return;
    }
    printf("It would be accepted: %s of %s, boundary %s\n", r->guest ? "a guest" : "a user",
           r->tenant[0] == '\0' ? "no tenant" : r->tenant, r->boundary);
    show_texts("addresses:", r->addresses, r->n_addresses);
    show_texts("groups:", r->groups, r->n_groups);
}

static int test(struct session *s, const struct verb_args *args)
{
    enum { TOKEN_FILE_MAX = 48 * 1024 }; /* beyond its limit, the authority says so */
    struct err err = {0};
    struct slice token;
    ProtobufCMessage *message = NULL;
    Chancery__V1__TestTokenRequest request;
    chancery__v1__test_token_request__init(&request);
    const char *file = ((const struct issuer_args *)args)->file;
    const char *path = file == NULL ? "-" : file;
    if (!read_file(s->arena, path, TOKEN_FILE_MAX, &token, &err).ok) {
        return fail_with(s->command, &err);
    }
    while (token.len > 0 && strchr("\r\n", token.ptr[token.len - 1]) != NULL) {
        token.len--;
    }
    request.token = arena_dup(s->arena, token);
    CH_ASSERT(request.token != NULL); /* a session's arena is far larger than a token */
    int code = session_call(s, "IssuerService/TestToken", &request.base,
                            &chancery__v1__test_token_response__descriptor, &message);
    if (code == EXIT_OK && args->answer != ANSWER_TEXT) {
        code = answer_print(s, args->answer, message);
    } else if (code == EXIT_OK) {
        show_checks(session_shown(s, message));
    }
    bool is_refused =
        code == EXIT_OK &&
        ((const Chancery__V1__TestTokenResponse *)(const void *)message)->reason[0] != '\0';
    return is_refused ? EXIT_REFUSED : code;
}

/* --- mappings --------------------------------------------------------------------------------- */

static int map(struct session *s, const struct verb_args *args)
{
    Chancery__V1__MapTenantRequest request;
    chancery__v1__map_tenant_request__init(&request);
    if (args->tenant == NULL) {
        return usage_error(s->command, "--tenant is required: the tenant that the value means");
    }
    request.issuer_id = args->operands[0];
    request.value = args->operands[1];
    request.tenant = text_field(args->tenant);
    return verb_act(s, args, "IssuerService/MapTenant", &request.base,
                    &chancery__v1__map_tenant_response__descriptor, NULL);
}

static int unmap(struct session *s, const struct verb_args *args)
{
    Chancery__V1__UnmapTenantRequest request;
    chancery__v1__unmap_tenant_request__init(&request);
    request.issuer_id = args->operands[0];
    request.value = args->operands[1];
    return verb_act(s, args, "IssuerService/UnmapTenant", &request.base,
                    &chancery__v1__unmap_tenant_response__descriptor, NULL);
}

static void show_mappings(const void *response)
{
    const Chancery__V1__ListTenantMappingsResponse *r = response;
    struct table table;
    table_begin(&table, "VALUE", "TENANT", NULL);
    for (size_t i = 0; i < r->n_mappings; i++) {
        table_row(&table, r->mappings[i]->value, r->mappings[i]->tenant, NULL);
    }
    table_end(&table);
}

static int mappings(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListTenantMappingsRequest request;
    chancery__v1__list_tenant_mappings_request__init(&request);
    request.issuer_id = args->operands[0];
    return verb_list(s, args, "IssuerService/ListTenantMappings", &request.base,
                     &chancery__v1__list_tenant_mappings_response__descriptor, show_mappings);
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct verb VERBS[] = {
    {"list", 0, 0, NULL, list},
    {"get", 1, 1, "one issuer id", get},
    {"create", 0, 0, NULL, create},
    {"update", 1, 1, "one issuer id", update},
    {"delete", 1, 1, "one issuer id", delete},
    {"test", 0, 0, NULL, test},
    {"map", 2, 2, "an issuer id and a value", map},
    {"unmap", 2, 2, "an issuer id and a value", unmap},
    {"mappings", 1, 1, "one issuer id", mappings},
};

static int run(int argc, char **argv)
{
    struct issuer_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),
        YES_OPTION(args.common),
        {"-f", &args.file, NULL, NULL},
        {"--tenant", &args.common.tenant, NULL, NULL},
        {"--field", NULL, NULL, &args.fields},
        {"--discover", &args.discover, NULL, NULL},
        {"--audience", NULL, NULL, &args.audiences},
        {"--kind", &args.kind, NULL, NULL},
        {"--boundary", &args.boundary, NULL, NULL},
        {"--issuer-ca", &args.ca, NULL, NULL},
    };
    argc = options_take(&command_issuer, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_issuer, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_issuer = {.name = "issuer",
                                       .summary =
                                           "say whose identity tokens are believed, and test one",
                                       .help = HELP,
                                       .run = run};
