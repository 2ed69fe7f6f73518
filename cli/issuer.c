/* SPDX-License-Identifier: Apache-2.0 */
/* chancery issuer */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/issuer.pb-c.h"
#include "cli/session.h"
#include "wire/message_text.h"

static const char HELP[] =
    "usage: chancery issuer list     --profile FILE [--tenant NAME] [-o json]\n"
    "       chancery issuer get      --profile FILE [--tenant NAME] ID\n"
    "       chancery issuer create   --profile FILE -f ISSUER.yaml [-o json]\n"
    "       chancery issuer update   --profile FILE -f ISSUER.yaml --field NAME... [--tenant NAME] ID\n"
    "       chancery issuer delete   --profile FILE [--tenant NAME] ID\n"
    "       chancery issuer test     --profile FILE [-f TOKEN-FILE] [-o json]\n"
    "       chancery issuer map      --profile FILE --tenant NAME ID VALUE\n"
    "       chancery issuer unmap    --profile FILE ID VALUE\n"
    "       chancery issuer mappings --profile FILE [-o json] ID\n"
    "\n"
    "Whose identity tokens are believed. Without --tenant: those of the tenant whose admin the profile is; for a\n"
    "platform admin the platform's. What changes here holds from the next call on.\n"
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
    "All tenants of Microsoft Entra in one cloud, by a platform admin; then say which of them is which tenant:\n"
    "\n"
    "  kind: MULTI_TENANT\n"
    "  boundary: commercial\n"
    "  issuer: https://login.microsoftonline.com/{tenantid}/v2.0\n"
    "  audiences: [CLIENT-ID]\n"
    "  algorithms: [RS256]\n"
    "  jwks_url: https://login.microsoftonline.com/common/discovery/v2.0/keys\n"
    "  claims: {aliases: [preferred_username], groups: groups, guest: acct}\n"
    "\n"
    "  chancery issuer map --profile platform.yaml --tenant contoso ID 72f988bf-86f1-41af-91ab-2d7cd011db47\n"
    "\n"
    "update changes what --field names (audiences, algorithms, keys, claims, domains, clock_skew_seconds, disabled)\n"
    "to what the file says; with an etag in the file only if nobody else changed it since.\n"
    "\n"
    "test explains what a token would be taken for. It reads the token from a file, or from standard input, never from\n"
    "the command line, where others can see it. Exit code 3: it would be refused.\n";

struct issuer_args {
    const char *profile, *file, *format, *tenant;
    const char **fields;
    const char *id, *value;
};

static bool wants_json(const struct issuer_args *args)
{
    return strcmp(args->format, "json") == 0;
}

static const char *kind_name(Chancery__V1__IssuerKind kind)
{
    static const char *const names[] = {"?",        "tenant",   "multi-tenant",
                                        "consumer", "passcode", "component"};
    return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : names[0];
}

static int list(struct session *s, const struct issuer_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ListIssuersRequest request;
    chancery__v1__list_issuers_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.page_size = 200;
    for (;;) {
        int code = session_call(s, "IssuerService/ListIssuers", &request.base,
                                &chancery__v1__list_issuers_response__descriptor, &message);
        if (code == EXIT_OK && wants_json(args)) {
            code = session_print_json(s, message);
        }
        if (code != EXIT_OK) {
            return code;
        }
        const Chancery__V1__ListIssuersResponse *r = (const void *)message;
        for (size_t i = 0; !wants_json(args) && i < r->n_issuers; i++) {
            const Chancery__V1__Issuer *issuer = r->issuers[i];
            printf("%s  %-12s %-10s %s%s\n", issuer->issuer_id, kind_name(issuer->kind),
                   issuer->boundary, issuer->issuer, issuer->disabled ? "  (disabled)" : "");
        }
        if (r->next_page_token[0] == '\0') {
            return EXIT_OK;
        }
        request.page_token = r->next_page_token;
    }
}

static int get(struct session *s, const struct issuer_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__GetIssuerRequest request;
    chancery__v1__get_issuer_request__init(&request);
    request.issuer_id = text_field(args->id);
    request.tenant = text_field(args->tenant);
    int code = session_call(s, "IssuerService/GetIssuer", &request.base,
                            &chancery__v1__get_issuer_response__descriptor, &message);
    return code == EXIT_OK ? session_print_json(s, message) : code;
}

/* The issuer of -f; NULL when there is none to be read, with the exit code for that. */
static Chancery__V1__Issuer *read_issuer(struct session *s, const struct issuer_args *args,
                                         int *code)
{
    struct err err = {0};
    struct slice text;
    ProtobufCMessage *message = NULL;
    if (args->file == NULL) {
        *code = usage_error(s->command, "-f is required");
        return NULL;
    }
    if (!read_file(s->arena, args->file, MESSAGE_TEXT_MAX, &text, &err).ok ||
        !message_from_yaml(s->arena, &chancery__v1__issuer__descriptor, text, &message, &err).ok) {
        *code = fail_with(s->command, &err);
        return NULL;
    }
    return (Chancery__V1__Issuer *)message;
}

static int create(struct session *s, const struct issuer_args *args)
{
    int code = EXIT_FAILED;
    ProtobufCMessage *message = NULL;
    Chancery__V1__CreateIssuerRequest request;
    chancery__v1__create_issuer_request__init(&request);
    request.issuer = read_issuer(s, args, &code);
    if (request.issuer == NULL) {
        return code;
    }
    code = session_call(s, "IssuerService/CreateIssuer", &request.base,
                        &chancery__v1__create_issuer_response__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    if (wants_json(args)) {
        return session_print_json(s, message);
    }
    puts(((const Chancery__V1__CreateIssuerResponse *)(const void *)message)->issuer->issuer_id);
    return EXIT_OK;
}

static int update(struct session *s, const struct issuer_args *args)
{
    int code = EXIT_FAILED;
    ProtobufCMessage *message = NULL;
    Google__Protobuf__FieldMask mask;
    google__protobuf__field_mask__init(&mask);
    Chancery__V1__UpdateIssuerRequest request;
    chancery__v1__update_issuer_request__init(&request);
    if (args->fields == NULL) {
        return usage_error(s->command, "--field is required: what shall change?");
    }
    request.issuer = read_issuer(s, args, &code);
    if (request.issuer == NULL) {
        return code;
    }
    mask.paths = (char **)(uintptr_t)args->fields;
    while (args->fields[mask.n_paths] != NULL) {
        mask.n_paths++;
    }
    request.update_mask = &mask;
    request.issuer->issuer_id = text_field(args->id);
    if (args->tenant != NULL) {
        request.issuer->tenant = text_field(args->tenant);
    }
    code = session_call(s, "IssuerService/UpdateIssuer", &request.base,
                        &chancery__v1__update_issuer_response__descriptor, &message);
    return code == EXIT_OK ? session_print_json(s, message) : code;
}

static int delete (struct session *s, const struct issuer_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__DeleteIssuerRequest request;
    chancery__v1__delete_issuer_request__init(&request);
    request.issuer_id = text_field(args->id);
    request.tenant = text_field(args->tenant);
    return session_call(s, "IssuerService/DeleteIssuer", &request.base,
                        &chancery__v1__delete_issuer_response__descriptor, &message);
}

/* --- test --------------------------------------------------------------------------------------- */

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

static int test(struct session *s, const struct issuer_args *args)
{
    enum { TOKEN_FILE_MAX = 48 * 1024 }; /* more than the authority takes: it then says so */
    struct err err = {0};
    struct slice token;
    ProtobufCMessage *message = NULL;
    Chancery__V1__TestTokenRequest request;
    chancery__v1__test_token_request__init(&request);
    const char *path = args->file == NULL ? "-" : args->file;
    if (!read_file(s->arena, path, TOKEN_FILE_MAX, &token, &err).ok) {
        return fail_with(s->command, &err);
    }
    while (token.len > 0 && strchr("\r\n", token.ptr[token.len - 1]) != NULL) {
        token.len--;
    }
    request.token = arena_dup(s->arena, token);
    CH_ASSERT(request.token != NULL); /* the arena is far larger than a token */
    int code = session_call(s, "IssuerService/TestToken", &request.base,
                            &chancery__v1__test_token_response__descriptor, &message);
    if (code == EXIT_OK && wants_json(args)) {
        code = session_print_json(s, message);
    } else if (code == EXIT_OK) {
        show_checks((const void *)message);
    }
    bool is_refused =
        code == EXIT_OK &&
        ((const Chancery__V1__TestTokenResponse *)(const void *)message)->reason[0] != '\0';
    return is_refused ? EXIT_REFUSED : code;
}

/* --- mappings ----------------------------------------------------------------------------------- */

static int map(struct session *s, const struct issuer_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__MapTenantRequest request;
    chancery__v1__map_tenant_request__init(&request);
    if (args->tenant == NULL) {
        return usage_error(s->command, "--tenant is required: whom shall the value mean?");
    }
    request.issuer_id = text_field(args->id);
    request.value = text_field(args->value);
    request.tenant = text_field(args->tenant);
    return session_call(s, "IssuerService/MapTenant", &request.base,
                        &chancery__v1__map_tenant_response__descriptor, &message);
}

static int unmap(struct session *s, const struct issuer_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__UnmapTenantRequest request;
    chancery__v1__unmap_tenant_request__init(&request);
    request.issuer_id = text_field(args->id);
    request.value = text_field(args->value);
    return session_call(s, "IssuerService/UnmapTenant", &request.base,
                        &chancery__v1__unmap_tenant_response__descriptor, &message);
}

static int mappings(struct session *s, const struct issuer_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ListTenantMappingsRequest request;
    chancery__v1__list_tenant_mappings_request__init(&request);
    request.issuer_id = text_field(args->id);
    for (;;) {
        int code = session_call(s, "IssuerService/ListTenantMappings", &request.base,
                                &chancery__v1__list_tenant_mappings_response__descriptor, &message);
        if (code == EXIT_OK && wants_json(args)) {
            code = session_print_json(s, message);
        }
        if (code != EXIT_OK) {
            return code;
        }
        const Chancery__V1__ListTenantMappingsResponse *r = (const void *)message;
        for (size_t i = 0; !wants_json(args) && i < r->n_mappings; i++) {
            printf("%-36s  %s\n", r->mappings[i]->value, r->mappings[i]->tenant);
        }
        if (r->next_page_token[0] == '\0') {
            return EXIT_OK;
        }
        request.page_token = r->next_page_token;
    }
}

/* --- the command -------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    int operands; /* 1: ID, 2: ID VALUE */
    int (*run)(struct session *s, const struct issuer_args *args);
} verbs[] = {{"list", 0, list},     {"get", 1, get},       {"create", 0, create},
             {"update", 1, update}, {"delete", 1, delete}, {"test", 0, test},
             {"map", 2, map},       {"unmap", 2, unmap},   {"mappings", 1, mappings}};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int run_verb(int argc, char **argv, struct issuer_args *args)
{
    const struct verb *verb = argc >= 2 ? find_verb(argv[1]) : NULL;
    struct session session;
    if (verb == NULL) {
        return usage_error(&command_issuer,
                           "list, get, create, update, delete, test, map, unmap or mappings");
    }
    if (argc != verb->operands + 2) {
        return usage_error(&command_issuer, verb->operands == 0 ? "it takes no operand"
                                            : verb->operands == 1
                                                ? "give one issuer id"
                                                : "give an issuer id and a value");
    }
    args->id = verb->operands > 0 ? argv[2] : "";
    args->value = verb->operands > 1 ? argv[3] : "";
    int code = session_open(&session, &command_issuer, args->profile);
    if (code == EXIT_OK) {
        code = verb->run(&session, args);
        session_close(&session);
    }
    return code;
}

static int run(int argc, char **argv)
{
    struct issuer_args args = {.format = "text"};
    const struct option_spec specs[] = {
        {"--profile", &args.profile, NULL, NULL}, {"-f", &args.file, NULL, NULL},
        {"-o", &args.format, NULL, NULL},         {"--tenant", &args.tenant, NULL, NULL},
        {"--field", NULL, NULL, &args.fields},
    };
    argc = options_take(&command_issuer, specs, sizeof specs / sizeof specs[0], argc, argv);
    return run_verb(argc, argv, &args);
}

const struct command command_issuer = {.name = "issuer",
                                       .summary = "whose identity tokens are believed; test one",
                                       .help = HELP,
                                       .run = run};
