/* SPDX-License-Identifier: Apache-2.0 */
/* chancery component */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "chancery/v1/component.pb-c.h"
#include "cli/certificate.h"
#include "cli/session.h"
#include "domain/subject.h"
#include "google/protobuf/field_mask.pb-c.h"

static const char HELP[] =
    "usage: chancery component list   --profile FILE [--tenant NAME] [-o json]\n"
    "       chancery component get    --profile FILE ID [--tenant NAME] [-o json]\n"
    "       chancery component create --profile FILE --name NAME --role ROLE [OPTION…] [-o json]\n"
    "       chancery component update --profile FILE ID [OPTION…] [-o json]\n"
    "       chancery component delete --profile FILE ID [--tenant NAME]\n"
    "\n"
    "The gateways, portals, services and admins that may call, and the credentials by which they are known.\n"
    "What changes here holds from the next call on.\n"
    "\n"
    "  --tenant NAME          whose; only a platform admin says so, and without it means the platform's own\n"
    "  --name NAME            [a-z0-9-]{1,63}\n"
    "  --role ROLE            gateway, portal, decryptor, client, tenant-admin, auditor or platform-admin\n"
    "  --boundary NAME        that a portal serves\n"
    "  --cert FILE            its client certificate in PEM, or the SHA-256 of its DER in hex; at most 4 times\n"
    "  --issuer ID            of kind COMPONENT, whose tokens name it …\n"
    "  --subject SUB          … exactly by this `sub`\n"
    "  --sender-domain NAME   for whose senders a gateway protects; repeated. An update replaces them all\n"
    "\n"
    "Renewing a certificate without a gap: update ID --add-cert NEW; let the component use it; update ID\n"
    "--remove-cert OLD. Both take a PEM file or a fingerprint. --disable and --enable switch it off and on.\n";

struct component_args {
    const char *profile, *format, *id, *tenant, *name, *role, *boundary, *issuer, *subject;
    const char **add, **remove, **domains; /* NULL-terminated, or NULL */
    bool disable, enable;
};

/* --- output -------------------------------------------------------------------------------------- */

static void print_component(struct session *s, const Chancery__V1__Component *c)
{
    printf("%s  %s  %s%s\n", c->component_id, role_name((enum role)c->role), c->name,
           c->disabled ? "  disabled" : "");
    printf("  tenant       %s\n  boundary     %s\n", c->tenant, c->boundary);
    for (size_t i = 0; i < c->n_certificate_sha256; i++) {
        const ProtobufCBinaryData *print = &c->certificate_sha256[i];
        printf("  certificate  %s\n", hex_dup(s->arena, slice_of(print->data, print->len)));
    }
    if (c->issuer_id[0] != '\0') {
        printf("  token        %s of issuer %s\n", c->subject, c->issuer_id);
    }
    for (size_t i = 0; i < c->n_sender_domains; i++) {
        printf("  sends for    %s\n", c->sender_domains[i]);
    }
}

/* Replies with one component all have it as their only field. */
static int print_reply(struct session *s, const struct component_args *args,
                       const ProtobufCMessage *message)
{
    if (strcmp(args->format, "json") == 0) {
        return session_print_json(s, message);
    }
    print_component(s,
                    ((const Chancery__V1__GetComponentResponse *)(const void *)message)->component);
    return EXIT_OK;
}

/* --- verbs --------------------------------------------------------------------------------------- */

static int list_page(struct session *s, const struct component_args *args, char **page)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ListComponentsRequest request;
    chancery__v1__list_components_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.page_token = *page;
    request.page_size = 200;
    int code = session_call(s, "ComponentService/ListComponents", &request.base,
                            &chancery__v1__list_components_response__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    const Chancery__V1__ListComponentsResponse *r = (const void *)message;
    *page = r->next_page_token;
    if (strcmp(args->format, "json") == 0) {
        return session_print_json(s, message);
    }
    for (size_t i = 0; i < r->n_components; i++) {
        const Chancery__V1__Component *c = r->components[i];
        printf("%s  %-14s %s%s\n", c->component_id, role_name((enum role)c->role), c->name,
               c->disabled ? "  disabled" : "");
    }
    return EXIT_OK;
}

static int list(struct session *s, const struct component_args *args)
{
    char *page = text_field("");
    int code;
    do {
        code = list_page(s, args, &page);
    } while (code == EXIT_OK && page[0] != '\0');
    return code;
}

static int read_one(struct session *s, const struct component_args *args,
                    ProtobufCMessage **message)
{
    Chancery__V1__GetComponentRequest request;
    chancery__v1__get_component_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.component_id = text_field(args->id);
    return session_call(s, "ComponentService/GetComponent", &request.base,
                        &chancery__v1__get_component_response__descriptor, message);
}

static int get(struct session *s, const struct component_args *args)
{
    ProtobufCMessage *message = NULL;
    int code = read_one(s, args, &message);
    return code == EXIT_OK ? print_reply(s, args, message) : code;
}

/* A fingerprint in hex, or that of the certificate in a file. */
static rc read_print(struct session *s, const char *text, ProtobufCBinaryData *out, struct err *err)
{
    out->len = 32;
    out->data = arena_alloc(s->arena, out->len);
    ARENA_ENSURE(out->data, err);
    return hex_decode(slice_str(text), out->data, out->len, NULL).ok
               ? OK
               : certificate_fingerprint(text, out->data, err);
}

static bool is_same(const ProtobufCBinaryData *a, const ProtobufCBinaryData *b)
{
    return slice_eq(slice_of(a->data, a->len), slice_of(b->data, b->len));
}

/* Take `remove` out of the component's certificates, and add `add`. */
static rc change_certificates(struct session *s, const struct component_args *args,
                              Chancery__V1__Component *component, struct err *err)
{
    size_t count = component->n_certificate_sha256;
    ProtobufCBinaryData *kept =
        ARENA_ARRAY(s->arena, ProtobufCBinaryData, count + option_list_count(args->add) + 1);
    ProtobufCBinaryData gone;
    ARENA_ENSURE(kept, err);
    for (size_t i = 0; i < count; i++) {
        kept[i] = component->certificate_sha256[i];
    }
    for (size_t i = 0; args->remove != NULL && args->remove[i] != NULL; i++) {
        TRY(read_print(s, args->remove[i], &gone, err));
        for (size_t j = count; j-- > 0;) {
            if (is_same(&kept[j], &gone)) {
                kept[j] = kept[--count];
            }
        }
    }
    for (size_t i = 0; args->add != NULL && args->add[i] != NULL; i++) {
        TRY(read_print(s, args->add[i], &kept[count++], err));
    }
    component->certificate_sha256 = kept;
    component->n_certificate_sha256 = count;
    return OK;
}

/* What create and update have in common; the paths of the update. */
static rc fill(struct session *s, const struct component_args *args,
               Chancery__V1__Component *component, char **paths, size_t *path_count,
               struct err *err)
{
    if (args->issuer != NULL) {
        component->issuer_id = text_field(args->issuer);
        paths[(*path_count)++] = text_field("issuer_id");
    }
    if (args->subject != NULL) {
        component->subject = text_field(args->subject);
        paths[(*path_count)++] = text_field("subject");
    }
    if (args->domains != NULL) {
        component->sender_domains = (char **)(uintptr_t)args->domains;
        component->n_sender_domains = option_list_count(args->domains);
        paths[(*path_count)++] = text_field("sender_domains");
    }
    if (args->disable || args->enable) {
        component->disabled = args->disable;
        paths[(*path_count)++] = text_field("disabled");
    }
    if (args->add != NULL || args->remove != NULL) {
        paths[(*path_count)++] = text_field("certificate_sha256");
        return change_certificates(s, args, component, err);
    }
    return OK;
}

enum { PATHS_MAX = 5 };

static int create(struct session *s, const struct component_args *args)
{
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    Chancery__V1__CreateComponentRequest request;
    Chancery__V1__Component component;
    char *paths[PATHS_MAX];
    size_t path_count = 0;
    chancery__v1__create_component_request__init(&request);
    chancery__v1__component__init(&component);
    component.role = (Chancery__V1__Role)role_parse(slice_str(args->role));
    if (args->name == NULL || component.role == CHANCERY__V1__ROLE__ROLE_UNSPECIFIED) {
        return usage_error(s->command, "--name and one of the roles of --role are required");
    }
    component.tenant = text_field(args->tenant);
    component.name = text_field(args->name);
    component.boundary = text_field(args->boundary);
    request.component = &component;
    if (!fill(s, args, &component, paths, &path_count, &err).ok) {
        return fail_with(s->command, &err);
    }
    int code = session_call(s, "ComponentService/CreateComponent", &request.base,
                            &chancery__v1__create_component_response__descriptor, &message);
    return code == EXIT_OK ? print_reply(s, args, message) : code;
}

/* Reads first, so that certificates can be added to those that are there; the etag keeps others' changes. */
static int update(struct session *s, const struct component_args *args)
{
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    Chancery__V1__UpdateComponentRequest request;
    Google__Protobuf__FieldMask mask;
    char *paths[PATHS_MAX];
    chancery__v1__update_component_request__init(&request);
    google__protobuf__field_mask__init(&mask);
    int code = read_one(s, args, &message);
    if (code != EXIT_OK) {
        return code;
    }
    request.component = ((Chancery__V1__GetComponentResponse *)(void *)message)->component;
    request.update_mask = &mask;
    mask.paths = paths;
    if (!fill(s, args, request.component, paths, &mask.n_paths, &err).ok) {
        return fail_with(s->command, &err);
    }
    if (mask.n_paths == 0) {
        return usage_error(s->command, "say what to change");
    }
    code = session_call(s, "ComponentService/UpdateComponent", &request.base,
                        &chancery__v1__update_component_response__descriptor, &message);
    return code == EXIT_OK ? print_reply(s, args, message) : code;
}

static int remove_one(struct session *s, const struct component_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__DeleteComponentRequest request;
    chancery__v1__delete_component_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.component_id = text_field(args->id);
    return session_call(s, "ComponentService/DeleteComponent", &request.base,
                        &chancery__v1__delete_component_response__descriptor, &message);
}

/* --- the command --------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    bool needs_id;
    int (*run)(struct session *s, const struct component_args *args);
} VERBS[] = {{"list", false, list},
             {"get", true, get},
             {"create", false, create},
             {"update", true, update},
             {"delete", true, remove_one}};

static int run_verb(const struct verb *verb, struct component_args *args, int argc, char **argv)
{
    struct session session;
    if (argc != (verb->needs_id ? 3 : 2)) {
        return usage_error(&command_component,
                           verb->needs_id ? "give one component id" : argv[argc - 1]);
    }
    args->id = argv[argc - 1];
    int code = session_open(&session, &command_component, args->profile);
    if (code == EXIT_OK) {
        code = verb->run(&session, args);
        session_close(&session);
    }
    return code;
}

static int run(int argc, char **argv)
{
    struct component_args args = {.format = "text"};
    const struct option_spec specs[] = {
        {"--profile", &args.profile, NULL, NULL},    {"-o", &args.format, NULL, NULL},
        {"--tenant", &args.tenant, NULL, NULL},      {"--name", &args.name, NULL, NULL},
        {"--role", &args.role, NULL, NULL},          {"--boundary", &args.boundary, NULL, NULL},
        {"--issuer", &args.issuer, NULL, NULL},      {"--subject", &args.subject, NULL, NULL},
        {"--cert", NULL, NULL, &args.add},           {"--add-cert", NULL, NULL, &args.add},
        {"--remove-cert", NULL, NULL, &args.remove}, {"--sender-domain", NULL, NULL, &args.domains},
        {"--disable", NULL, &args.disable, NULL},    {"--enable", NULL, &args.enable, NULL},
    };
    argc = options_take(&command_component, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (args.disable && args.enable) {
        return usage_error(&command_component, "--disable and --enable at once");
    }
    const struct verb *verb = NULL;
    for (size_t i = 0; argc >= 2 && i < sizeof VERBS / sizeof VERBS[0]; i++) {
        verb = strcmp(VERBS[i].name, argv[1]) == 0 ? &VERBS[i] : verb;
    }
    int code = verb == NULL ? usage_error(&command_component, "list, get, create, update or delete")
                            : run_verb(verb, &args, argc, argv);
    xfree((void *)(uintptr_t)args.add);
    xfree((void *)(uintptr_t)args.remove);
    xfree((void *)(uintptr_t)args.domains);
    return code;
}

const struct command command_component = {
    .name = "component",
    .summary = "list, register, renew and remove gateways, portals, services and admins",
    .help = HELP,
    .run = run};
