/* SPDX-License-Identifier: Apache-2.0 */
/* chancery component */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/texts.h"
#include "chancery/v1/component.pb-c.h"
#include "cli/certificate.h"
#include "cli/component_proof.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "domain/values/subject.h"
#include "google/protobuf/field_mask.pb-c.h"

static const char HELP[] =
    "usage: chancery component list   --profile FILE [--tenant NAME] [-o json|yaml]\n"
    "       chancery component get    --profile FILE ID [--tenant NAME] [-o json|yaml]\n"
    "       chancery component create --profile FILE --name NAME --role ROLE [OPTION…] [-o json|yaml]\n"
    "       chancery component update --profile FILE ID [OPTION…] [-o json|yaml]\n"
    "       chancery component delete --profile FILE ID [--tenant NAME] [--yes]\n"
    "       chancery component prove  --authority URL [--tenant NAME] --name NAME\n"
    "                                 --certificate FILE --key FILE\n"
    "\n"
    "Gateways, portals, decryptors and admins: the programs that may call, and the credentials by\n"
    "which they are known. Changes hold from the next call on.\n"
    "\n"
    "  --tenant NAME         whose; a platform admin says so, and without it means the platform's\n"
    "  --name NAME           [a-z0-9-]{1,63}\n"
    "  --role ROLE           gateway, portal, decryptor, client, tenant-admin, auditor or\n"
    "                        platform-admin; a decryptor opens nothing until power is switched\n"
    "                        on for it: see chancery super-user\n"
    "  --boundary NAME       the boundary that a portal serves\n"
    "  --certificate FILE    its client certificate in PEM, up to 4 times; platform admins may\n"
    "                        give the SHA-256 of its DER in hex. Or short: --cert\n"
    "  --key FILE            the certificate's private key (PEM, mode 0600), for each one: a\n"
    "                        tenant's admin proves that it is held. It is not sent\n"
    "  --proof FILE          a proof that prove has printed, where the key is\n"
    "  --issuer ID           issuer of its tokens, of kind COMPONENT; together with --subject\n"
    "  --subject SUB         exactly the `sub` of its tokens; of the platform's issuers for\n"
    "                        platform admins only\n"
    "  --sender-domain NAME  for whose senders a gateway protects; may be repeated. An update\n"
    "                        replaces all of them\n"
    "  --add-cert, --remove-cert FILE   (update) certificates to add and to take away\n"
    "  --disable, --enable   (update) switch it off or on\n"
    "  --yes                 (delete) you are sure: it can't be undone, as --disable can\n"
    "\n"
    "  chancery component create --profile contoso-admin.yaml --name mx1 --role gateway \\\n"
    "      --certificate mx1.pem --key mx1.key --sender-domain contoso.com\n"
    "\n"
    "To renew a certificate without a gap: update ID --add-cert NEW.pem --key NEW.key, let the\n"
    "component use it, then update ID --remove-cert OLD.pem.\n"
    "\n"
    "If the tenant requires a second admin, an update of a component that has super-user power only\n"
    "asks for approval (see chancery approval --help), but for what takes a credential away.\n"
    "\n"
    "Where the key must not leave its machine, make the proof there, and register it within ten\n"
    "minutes; URL is the authority_url of the authority's /.well-known/chancery:\n"
    "\n"
    "prove has no -o: it prints the proof alone.\n"
    "\n"
    "  chancery component prove --authority https://rms.example.org --tenant contoso \\\n"
    "      --name mx1 --certificate mx1.pem --key mx1.key >mx1.proof\n"
    "  chancery component create --profile contoso-admin.yaml --name mx1 --role gateway \\\n"
    "      --proof mx1.proof --sender-domain contoso.com\n";

struct component_args {
    struct verb_args common;
    const char *name, *role, *boundary, *issuer, *subject;
    const char *authority;
    const char **remove, **domains;     /* NULL-terminated, or NULL */
    struct component_proof_args proven; /* whose certificates are added */
    bool disable, enable;
};

/* --- output ----------------------------------------------------------------------------------- */

/* All replies that have one component have it as their only field. */
static void show_component(const void *response)
{
    const Chancery__V1__Component *c =
        ((const Chancery__V1__GetComponentResponse *)response)->component;
    printf("%s  %s  %s%s\n", c->component_id, role_name((enum role)c->role), c->name,
           c->disabled ? "  disabled" : "");
    printf("  tenant       %s\n  boundary     %s\n", c->tenant, c->boundary);
    for (size_t i = 0; i < c->n_certificate_sha256; i++) {
        const ProtobufCBinaryData *print = &c->certificate_sha256[i];
        printf("  certificate  ");
        for (size_t j = 0; j < print->len; j++) {
            printf("%02x", print->data[j]);
        }
        putchar('\n');
    }
    if (c->issuer_id[0] != '\0') {
        printf("  token        %s of issuer %s\n", c->subject, c->issuer_id);
    }
    for (size_t i = 0; i < c->n_sender_domains; i++) {
        printf("  sends for    %s\n", c->sender_domains[i]);
    }
}

/* --- verbs ------------------------------------------------------------------------------------ */

static void show_list(const void *response)
{
    const Chancery__V1__ListComponentsResponse *r = response;
    struct table table;
    table_begin(&table, "ID", "ROLE", "NAME", "BOUNDARY", "NOTE", NULL);
    for (size_t i = 0; i < r->n_components; i++) {
        const Chancery__V1__Component *c = r->components[i];
        table_row(&table, c->component_id, role_name((enum role)c->role), c->name, c->boundary,
                  c->disabled ? "disabled" : "", NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListComponentsRequest request;
    chancery__v1__list_components_request__init(&request);
    request.tenant = text_field(args->tenant);
    return verb_list(s, args, "ComponentService/ListComponents", &request.base,
                     &chancery__v1__list_components_response__descriptor, show_list);
}

static void ask_for_one(const struct verb_args *args, Chancery__V1__GetComponentRequest *request)
{
    chancery__v1__get_component_request__init(request);
    request->tenant = text_field(args->tenant);
    request->component_id = args->operands[0];
}

static int get(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetComponentRequest request;
    ask_for_one(args, &request);
    return verb_call(s, args, "ComponentService/GetComponent", &request.base,
                     &chancery__v1__get_component_response__descriptor, show_component);
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

static rc change_certificates(struct session *s, const struct component_args *args,
                              Chancery__V1__Component *component, struct err *err)
{
    const char *const *added = args->proven.certificates; /* NULL if none is given */
    size_t count = component->n_certificate_sha256;
    ProtobufCBinaryData *kept =
        ARENA_ARRAY(s->arena, ProtobufCBinaryData, count + texts_count(added) + 1);
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
    for (size_t i = 0; added != NULL && added[i] != NULL; i++) {
        TRY(read_print(s, added[i], &kept[count++], err));
    }
    component->certificate_sha256 = kept;
    component->n_certificate_sha256 = count;
    return OK;
}

/* Put what was given into the component, and the names of these fields into `paths`, for an
 * update. */
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
        component->n_sender_domains = texts_count(args->domains);
        paths[(*path_count)++] = text_field("sender_domains");
    }
    if (args->disable || args->enable) {
        component->disabled = args->disable;
        paths[(*path_count)++] = text_field("disabled");
    }
    if (args->proven.certificates != NULL || args->proven.proofs != NULL || args->remove != NULL) {
        paths[(*path_count)++] = text_field("certificate_sha256");
        return change_certificates(s, args, component, err);
    }
    return OK;
}

enum { PATHS_MAX = 5 };

/* Those that a component can have. */
static const char *const ROLES[] = {"gateway",      "portal",  "decryptor",      "client",
                                    "tenant-admin", "auditor", "platform-admin", NULL};

static int create(struct session *s, const struct verb_args *common)
{
    const struct component_args *args = (const void *)common;
    struct err err = {0};
    Chancery__V1__CreateComponentRequest request;
    Chancery__V1__Component component;
    char *paths[PATHS_MAX];
    size_t path_count = 0, role;
    chancery__v1__create_component_request__init(&request);
    chancery__v1__component__init(&component);
    if (args->name == NULL || args->role == NULL) {
        return usage_error(s->command, "--name and --role are required; the help lists the roles");
    }
    if (choice_read(s->command, "--role", args->role, ROLES, &role) != EXIT_OK) {
        return EXIT_USAGE;
    }
    component.role = (Chancery__V1__Role)role_parse(slice_str(ROLES[role]));
    component.tenant = text_field(common->tenant);
    component.name = text_field(args->name);
    component.boundary = text_field(args->boundary);
    request.component = &component;
    if (!fill(s, args, &component, paths, &path_count, &err).ok ||
        !component_proof_collect(s, &args->proven, common->tenant, args->name, &request.proofs,
                                 &request.n_proofs, &err)
             .ok) {
        return fail_with(s->command, &err);
    }
    return verb_call(s, common, "ComponentService/CreateComponent", &request.base,
                     &chancery__v1__create_component_response__descriptor, show_component);
}

/* Reads first, so that certificates can be added to those that are there. The component that was
 * read carries its etag, so another admin's change in between is not overwritten. */
static int update(struct session *s, const struct verb_args *common)
{
    const struct component_args *args = (const void *)common;
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    Chancery__V1__GetComponentRequest which;
    Chancery__V1__UpdateComponentRequest request;
    Google__Protobuf__FieldMask mask;
    char *paths[PATHS_MAX];
    chancery__v1__update_component_request__init(&request);
    google__protobuf__field_mask__init(&mask);
    ask_for_one(common, &which);
    int code = session_call(s, "ComponentService/GetComponent", &which.base,
                            &chancery__v1__get_component_response__descriptor, &message);
    if (code != EXIT_OK) {
        return code;
    }
    request.component = ((Chancery__V1__GetComponentResponse *)(void *)message)->component;
    request.update_mask = &mask;
    mask.paths = paths;
    if (!fill(s, args, request.component, paths, &mask.n_paths, &err).ok ||
        !component_proof_collect(s, &args->proven, request.component->tenant,
                                 request.component->name, &request.proofs, &request.n_proofs, &err)
             .ok) {
        return fail_with(s->command, &err);
    }
    if (mask.n_paths == 0) {
        return usage_error(s->command, "say what to change");
    }
    return verb_call(s, common, "ComponentService/UpdateComponent", &request.base,
                     &chancery__v1__update_component_response__descriptor, show_component);
}

static int remove_one(struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteComponentRequest request;
    chancery__v1__delete_component_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.component_id = args->operands[0];
    int code = verb_confirm(s, args, "delete component", args->operands[0],
                            "its credentials are nobody's, and what it holds by its id is gone");
    return code != EXIT_OK ? code
                           : verb_act(s, args, "ComponentService/DeleteComponent", &request.base,
                                      &chancery__v1__delete_component_response__descriptor, NULL);
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"get", 1, 1, "one component id", get},
                                    {"create", 0, 0, NULL, create},
                                    {"update", 1, 1, "one component id", update},
                                    {"delete", 1, 1, "one component id", remove_one}};

static int run(int argc, char **argv)
{
    struct component_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),
        YES_OPTION(args.common),
        {"--tenant", &args.common.tenant, NULL, NULL},
        {"--name", &args.name, NULL, NULL},
        {"--role", &args.role, NULL, NULL},
        {"--boundary", &args.boundary, NULL, NULL},
        {"--issuer", &args.issuer, NULL, NULL},
        {"--subject", &args.subject, NULL, NULL},
        {"--authority", &args.authority, NULL, NULL},
        {"--certificate", NULL, NULL, &args.proven.certificates},
        {"--cert", NULL, NULL, &args.proven.certificates},
        {"--add-cert", NULL, NULL, &args.proven.certificates},
        {"--key", NULL, NULL, &args.proven.keys},
        {"--proof", NULL, NULL, &args.proven.proofs},
        {"--remove-cert", NULL, NULL, &args.remove},
        {"--sender-domain", NULL, NULL, &args.domains},
        {"--disable", NULL, &args.disable, NULL},
        {"--enable", NULL, &args.enable, NULL},
    };
    argc = options_take(&command_component, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (args.disable && args.enable) {
        return usage_error(&command_component, "give --disable or --enable, not both");
    }
    if (args.proven.keys != NULL &&
        texts_count(args.proven.keys) != texts_count(args.proven.certificates)) {
        return usage_error(&command_component, "give a --key for each certificate, in their order");
    }
    if (argc == 2 && strcmp(argv[1], "prove") == 0) {
        if (args.common.format != NULL) {
            return usage_error(&command_component, "prove has no -o: it prints the proof alone");
        }
        return component_proof_print(&args.proven, args.authority, args.common.tenant, args.name);
    }
    return verbs_run(&command_component, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_component = {
    .name = "component",
    .summary = "register, renew and remove gateways, portals and admins",
    .help = HELP,
    .run = run};
