/* SPDX-License-Identifier: Apache-2.0 */
/* chancery key */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/key.h"
#include "cli/number.h"
#include "cli/table.h"
#include "cli/when.h"

static const char HELP[] =
    "usage: chancery key list           --profile FILE [-o json|yaml]\n"
    "       chancery key rotate         --profile FILE [--reason TEXT] PURPOSE\n"
    "       chancery key activate       --profile FILE [--reason TEXT] PURPOSE VERSION\n"
    "       chancery key revoke         --profile FILE [--reason TEXT] PURPOSE VERSION\n"
    "       chancery key restore        --profile FILE [--reason TEXT] PURPOSE VERSION\n"
    "       chancery key destroy        --profile FILE --reason TEXT [--days N] PURPOSE VERSION\n"
    "       chancery key cancel-destroy --profile FILE [--reason TEXT] PURPOSE VERSION\n"
    "       chancery key min-version    --profile FILE [--reason TEXT] PURPOSE VERSION\n"
    "       chancery key export         --profile FILE --to JWK --reason TEXT [--approval ID] SET\n"
    "       chancery key cancel-export  --profile FILE [--reason TEXT] ID\n"
    "       chancery key import         --profile FILE --key KEY [--reason TEXT] PURPOSE\n"
    "       chancery key new-recipient  KEY\n"
    "       chancery key open-exported  --keys SET [--key KEY] INPUT [OUTPUT]\n"
    "\n"
    "A tenant has three keys, each in versions of which one is active. PURPOSE is\n"
    "\n"
    "  sealing   seals publishing licenses: without it, what it has sealed can't be opened\n"
    "  exchange  the same for content that was protected offline\n"
    "  signing   signs use licenses, and the certificates of those who protect offline\n"
    "\n"
    "  rotate          makes another version and the one before archived: content that is there\n"
    "                  stays as it is and opens. Holds from the next call on, at all nodes\n"
    "  activate        makes an archived version the active one again, and the one before archived\n"
    "  revoke          refuses every use of an archived version: what it has sealed doesn't open.\n"
    "                  Of one that may be known to others: rotate, then revoke it\n"
    "  restore         lets a revoked version open again\n"
    "  destroy         revokes a version now, and destroys it for ever after 30 days\n"
    "  cancel-destroy  keeps it; it stays revoked\n"
    "  min-version     makes VERSION the lowest that opens: what lower ones have sealed or signed is\n"
    "                  refused as by revoked ones, until a lower VERSION is said (1: all open again)\n"
    "  export          writes all active and archived versions to the file SET, encrypted to the\n"
    "                  public key in the file JWK\n"
    "  cancel-export   takes back an export that was approved: nothing leaves by the approval ID any\n"
    "                  more. Any admin may, alone; what has left stays outside\n"
    "  import          makes a key of your own the active version: it leaves this machine wrapped to a\n"
    "                  key that the authority makes for this one import\n"
    "  new-recipient   makes a key for an export: its secret half goes to the file KEY, which stays with\n"
    "                  you, its public half as JSON to standard output. Asks nobody, and has no -o\n"
    "  open-exported   opens a protected mail or file by an exported set. Asks nobody: it works\n"
    "                  when the authority is gone, whatever the policy says. It has no -o\n"
    "\n"
    "  --reason TEXT   why, for the log\n"
    "  --days N        until it is destroyed, 7 to 90\n"
    "  --to JWK        to whom to export: a public key (RFC 7517), EC P-256 or P-384, or RSA\n"
    "  --approval ID   the approval, once another admin has given it; holds for a day\n"
    "  --keys SET      what export wrote; or the JWK set in it, which another program has decrypted\n"
    "  --key KEY       (open-exported) the secret half of the key to which was exported, in PEM;\n"
    "                  (import) the key: a private key in PEM, or for sealing 32 random bytes\n"
    "  --etag ETAG     only if the version (rotate: the active one) is as it was when -o json\n"
    "                  showed this: a script that repeats rotate does not rotate twice\n"
    "\n"
    "Nothing undoes a destruction that has happened: nobody can open what the version has sealed,\n"
    "we neither, but by a backup of the database with its root key. If the tenant requires a second\n"
    "admin for it, destroy only asks for approval; so do restore, and min-version with a lower\n"
    "version than before, where access to content needs one: see chancery approval --help.\n"
    "\n"
    "Who has an exported set and its key opens all content of the tenant, so export needs a second\n"
    "admin where exporting keys or access to content does. Once they have approved, say the same\n"
    "again with --approval.\n"
    "\n"
    "Who brings a key knows it, so import needs a second admin where exporting keys or access to\n"
    "content does; they must approve within a day. So does activate: an archived version may be\n"
    "known to who has exported or brought it.\n"
    "\n"
    "  chancery key import --profile contoso-admin.yaml --key hsm-signing.pem signing\n"
    "  chancery key new-recipient customer.pem > customer.jwk\n"
    "  chancery key export --profile contoso-admin.yaml --to customer.jwk --reason 'we leave' keys.jwe\n"
    "  chancery key open-exported --keys keys.jwe --key customer.pem mail.eml.protected.eml mail.eml\n"
    "  chancery key rotate --profile contoso-admin.yaml --reason 'every year' sealing\n"
    "  chancery key min-version --profile contoso-admin.yaml --reason 'laptop lost in May' exchange 4\n"
    "  chancery key destroy --profile contoso-admin.yaml --reason 'retention is over' sealing 1\n"
    "\n"
    "Next: chancery key list shows the versions, and until when one can still be kept.\n";

static const struct key_args *own_args(const struct verb_args *args)
{
    return (const struct key_args *)args;
}

/* Numbers as those of KeyPurpose, less one. */
static const char *const PURPOSES[] = {"sealing", "exchange", "signing", NULL};

static const char *purpose_name(Chancery__V1__KeyPurpose purpose)
{
    size_t at = (size_t)purpose - 1;
    return at < sizeof PURPOSES / sizeof PURPOSES[0] - 1 ? PURPOSES[at] : "?";
}

static const char *state_name(Chancery__V1__KeyState state)
{
    static const char *const names[] = {"?",       "active",     "archived",
                                        "revoked", "destroying", "destroyed"};
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "?";
}

static bool key_opens(const Chancery__V1__Key *key)
{
    return !key->below_min && (key->state == CHANCERY__V1__KEY_STATE__KEY_STATE_ACTIVE ||
                               key->state == CHANCERY__V1__KEY_STATE__KEY_STATE_ARCHIVED);
}

static void show_all(Chancery__V1__Key *const *keys, size_t count)
{
    struct table table;
    table_begin(&table, "PURPOSE", "VERSION", "STATE", "OPENS", "MADE", "DESTROYED", NULL);
    for (size_t i = 0; i < count; i++) {
        char version[16], made[WHEN_BYTES], end[WHEN_BYTES];
        (void)snprintf(version, sizeof version, "%" PRId32, keys[i]->version);
        when_format(keys[i]->create_time, made);
        when_format(keys[i]->destroy_time, end);
        table_row(&table, purpose_name(keys[i]->purpose), version, state_name(keys[i]->state),
                  key_opens(keys[i]) ? "yes" : "no", made, keys[i]->destroy_time == NULL ? "" : end,
                  NULL);
    }
    table_end(&table);
}

void key_show(Chancery__V1__Key *key)
{
    show_all(&key, 1);
}

/* --- list ------------------------------------------------------------------------------------- */

static void show_list(const void *response)
{
    const Chancery__V1__ListKeysResponse *r = response;
    show_all(r->keys, r->n_keys);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListKeysRequest request;
    chancery__v1__list_keys_request__init(&request);
    return verb_list(s, args, "KeyService/ListKeys", &request.base,
                     &chancery__v1__list_keys_response__descriptor, show_list);
}

/* --- acts ------------------------------------------------------------------------------------- */

int key_read_purpose(struct session *s, const struct verb_args *args, Chancery__V1__KeyPurpose *out)
{
    size_t at = 0;
    int code = choice_read(s->command, "PURPOSE", args->operands[0], PURPOSES, &at);
    *out = (Chancery__V1__KeyPurpose)(at + 1);
    return code;
}

static int read_version(struct session *s, const struct verb_args *args,
                        Chancery__V1__KeyPurpose *purpose, int32_t *out)
{
    uint32_t version = 0;
    int code = key_read_purpose(s, args, purpose);
    if (code == EXIT_OK) {
        code = number_read(s->command, "VERSION", args->operands[1], 1, INT32_MAX, &version);
    }
    *out = (int32_t)version;
    return code;
}

static void show_rotated(const void *response)
{
    key_show(((const Chancery__V1__RotateKeyResponse *)response)->key);
}

static int rotate(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RotateKeyRequest request;
    chancery__v1__rotate_key_request__init(&request);
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code = key_read_purpose(s, args, &request.purpose);
    return code == EXIT_OK ? verb_call(s, args, "KeyService/RotateKey", &request.base,
                                       &chancery__v1__rotate_key_response__descriptor, show_rotated)
                           : code;
}

static void show_activated(const void *response)
{
    key_show(((const Chancery__V1__ActivateKeyResponse *)response)->key);
}

static int activate(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ActivateKeyRequest request;
    chancery__v1__activate_key_request__init(&request);
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code = read_version(s, args, &request.purpose, &request.version);
    return code == EXIT_OK
               ? verb_call(s, args, "KeyService/ActivateKey", &request.base,
                           &chancery__v1__activate_key_response__descriptor, show_activated)
               : code;
}

static void show_revoked(const void *response)
{
    key_show(((const Chancery__V1__RevokeKeyResponse *)response)->key);
}

static int revoke(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RevokeKeyRequest request;
    chancery__v1__revoke_key_request__init(&request);
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code = read_version(s, args, &request.purpose, &request.version);
    return code == EXIT_OK ? verb_call(s, args, "KeyService/RevokeKey", &request.base,
                                       &chancery__v1__revoke_key_response__descriptor, show_revoked)
                           : code;
}

static void show_restored(const void *response)
{
    key_show(((const Chancery__V1__RestoreKeyResponse *)response)->key);
}

static int restore(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RestoreKeyRequest request;
    chancery__v1__restore_key_request__init(&request);
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code = read_version(s, args, &request.purpose, &request.version);
    return code == EXIT_OK
               ? verb_call(s, args, "KeyService/RestoreKey", &request.base,
                           &chancery__v1__restore_key_response__descriptor, show_restored)
               : code;
}

static void show_destroying(const void *response)
{
    key_show(((const Chancery__V1__DestroyKeyResponse *)response)->key);
}

static int destroy(struct session *s, const struct verb_args *args)
{
    Chancery__V1__DestroyKeyRequest request;
    chancery__v1__destroy_key_request__init(&request);
    if (own_args(args)->reason == NULL) {
        return usage_error(s->command,
                           "--reason TEXT is required: who reads the log must learn why");
    }
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code =
        own_args(args)->days == NULL
            ? EXIT_OK
            : number_read(s->command, "--days", own_args(args)->days, 7, 90, &request.delay_days);
    code = code == EXIT_OK ? read_version(s, args, &request.purpose, &request.version) : code;
    return code == EXIT_OK
               ? verb_call(s, args, "KeyService/DestroyKey", &request.base,
                           &chancery__v1__destroy_key_response__descriptor, show_destroying)
               : code;
}

static void show_kept(const void *response)
{
    key_show(((const Chancery__V1__CancelDestroyKeyResponse *)response)->key);
}

static int cancel(struct session *s, const struct verb_args *args)
{
    Chancery__V1__CancelDestroyKeyRequest request;
    chancery__v1__cancel_destroy_key_request__init(&request);
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code = read_version(s, args, &request.purpose, &request.version);
    return code == EXIT_OK
               ? verb_call(s, args, "KeyService/CancelDestroyKey", &request.base,
                           &chancery__v1__cancel_destroy_key_response__descriptor, show_kept)
               : code;
}

static void show_min(const void *response)
{
    key_show(((const Chancery__V1__SetMinKeyVersionResponse *)response)->key);
}

static int min_version(struct session *s, const struct verb_args *args)
{
    Chancery__V1__SetMinKeyVersionRequest request;
    chancery__v1__set_min_key_version_request__init(&request);
    request.reason = text_field(own_args(args)->reason);
    request.etag = text_field(own_args(args)->etag);
    int code = read_version(s, args, &request.purpose, &request.version);
    return code == EXIT_OK
               ? verb_call(s, args, "KeyService/SetMinKeyVersion", &request.base,
                           &chancery__v1__set_min_key_version_response__descriptor, show_min)
               : code;
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"rotate", 1, 1, "one purpose", rotate},
                                    {"activate", 2, 2, "a purpose and a version", activate},
                                    {"revoke", 2, 2, "a purpose and a version", revoke},
                                    {"restore", 2, 2, "a purpose and a version", restore},
                                    {"destroy", 2, 2, "a purpose and a version", destroy},
                                    {"cancel-destroy", 2, 2, "a purpose and a version", cancel},
                                    {"min-version", 2, 2, "a purpose and a version", min_version},
                                    {"export", 1, 1, "the file to write", key_export},
                                    {"cancel-export", 1, 1, "one approval id", key_cancel_export},
                                    {"import", 1, 1, "one purpose", key_import}};

static int run(int argc, char **argv)
{
    struct key_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),          {"--reason", &args.reason, NULL, NULL},
        {"--days", &args.days, NULL, NULL}, {"--etag", &args.etag, NULL, NULL},
        {"--to", &args.to, NULL, NULL},     {"--approval", &args.approval, NULL, NULL},
        {"--keys", &args.keys, NULL, NULL}, {"--key", &args.key, NULL, NULL},
    };
    argc = options_take(&command_key, specs, sizeof specs / sizeof specs[0], argc, argv);
    bool is_offline = argc >= 2 && (strcmp(argv[1], "new-recipient") == 0 ||
                                    strcmp(argv[1], "open-exported") == 0);
    if (is_offline && args.common.format != NULL) {
        return usage_error(&command_key, "%s has no -o", argv[1]);
    }
    if (argc >= 2 && strcmp(argv[1], "new-recipient") == 0) {
        return key_new_recipient(argc, argv);
    }
    if (argc >= 2 && strcmp(argv[1], "open-exported") == 0) {
        return key_open_exported(&args, argc, argv);
    }
    return verbs_run(&command_key, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc, argv);
}

const struct command command_key = {
    .name = "key",
    .summary = "rotate, revoke, destroy, import and export a tenant's keys",
    .help = HELP,
    .run = run};
