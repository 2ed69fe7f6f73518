/* SPDX-License-Identifier: Apache-2.0 */
/* chancery device */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "chancery/v1/device.pb-c.h"
#include "cli/number.h"
#include "cli/secret_file.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "client/device_proof.h"

static const char HELP[] =
    "usage: chancery device list     --profile FILE [--address ADDRESS] [-o json|yaml]\n"
    "       chancery device register --profile FILE --key FILE [--name TEXT] [--days N]\n"
    "       chancery device delete   --profile FILE [--address ADDRESS] THUMBPRINT\n"
    "\n"
    "Keys of your devices, and of your mailboxes at gateways. For a device that is registered a\n"
    "gateway can get licenses before you ask for them, so that a mail opens at once and without a\n"
    "connection. Nobody but the holder of the private key can use such a license.\n"
    "\n"
    "  --key FILE         the device's private key in PEM, on P-256 or P-384, readable by you only;\n"
    "                     openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE\n"
    "  --name TEXT        a name by which you know the device again\n"
    "  --days N           how long it holds, 1 to 90 days; 90 if not given. Registering again renews\n"
    "  --address ADDRESS  for admins: whose devices\n"
    "  --tenant NAME      for admins: of which tenant\n"
    "\n"
    "register needs a profile with a token that is bound to a key of yours (dpop_key_file, or a\n"
    "client certificate): a token that may have been stolen registers nothing. By a gateway's\n"
    "profile with its user's token it registers the user's mailbox there.\n"
    "\n"
    "A device no longer counts when it ends, when it is deleted, and when its person leaves the\n"
    "tenant's directory. Whoever has lost one deletes it; licenses that were made for it hold until\n"
    "they end.\n"
    "\n"
    "  chancery device register --profile bob.yaml --key phone.pem --name 'my phone'\n"
    "  chancery device list     --profile contoso-admin.yaml --address bob@contoso.com\n"
    "\n"
    "A THUMBPRINT that begins with a dash stands behind --. Next: chancery device list shows until\n"
    "when each holds.\n";

struct device_args {
    struct verb_args common;
    const char *key, *name, *days, *address;
};

static const struct device_args *own_args(const struct verb_args *args)
{
    return (const struct device_args *)args;
}

/* --- list ------------------------------------------------------------------------------------- */

static void show_all(Chancery__V1__Device *const *devices, size_t count)
{
    struct table table;
    table_begin(&table, "THUMBPRINT", "KIND", "UNTIL", "ADDRESS", "NAME", NULL);
    for (size_t i = 0; i < count; i++) {
        const Chancery__V1__Device *d = devices[i];
        char end[WHEN_BYTES];
        bool is_mailbox = d->kind == CHANCERY__V1__DEVICE_KIND__DEVICE_KIND_MAILBOX;
        when_format(d->expire_time, end);
        table_row(&table, d->thumbprint, is_mailbox ? "mailbox" : "device", end, d->address,
                  d->display_name, NULL);
    }
    table_end(&table);
}

static void show_list(const void *response)
{
    const Chancery__V1__ListDevicesResponse *r = response;
    show_all(r->devices, r->n_devices);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListDevicesRequest request;
    chancery__v1__list_devices_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.address = text_field(own_args(args)->address);
    return verb_list(s, args, "DeviceService/ListDevices", &request.base,
                     &chancery__v1__list_devices_response__descriptor, show_list);
}

/* --- register --------------------------------------------------------------------------------- */

enum { TOKEN_FILE_MAX = 64 * 1024 };

/* As the library sends it: without the line's end that editors add. */
static rc read_token(struct session *s, struct slice *out, struct err *err)
{
    ENSURE(s->profile->token_file[0] != '\0', err, R_PROFILE_INVALID);
    TRY(read_file(s->arena, s->profile->token_file, TOKEN_FILE_MAX, out, err));
    while (out->len > 0 && strchr(" \t\r\n", out->ptr[out->len - 1]) != NULL) {
        out->len--;
    }
    return OK;
}

static rc make_proof(struct session *s, const char *key, const char **out, struct err *err)
{
    struct device_proof_request request = {.key_file = key, .now = clock_unix()};
    TRY(secret_file_check(key, err));
    TRY(read_token(s, &request.token, err));
    request.url = session_authority_url(s);
    return device_proof_make(s->arena, &request, out, err);
}

static void show_registered(const void *response)
{
    const Chancery__V1__RegisterDeviceResponse *r = response;
    show_all(&r->device, 1);
}

static int enroll(struct session *s, const struct verb_args *args)
{
    const struct device_args *own = own_args(args);
    struct err err = {0};
    const char *proof = NULL;
    uint32_t days = 0;
    Chancery__V1__RegisterDeviceRequest request;
    chancery__v1__register_device_request__init(&request);
    if (own->key == NULL) {
        return usage_error(s->command, "name the device's --key");
    }
    int code =
        own->days == NULL ? EXIT_OK : number_read(s->command, "--days", own->days, 1, 90, &days);
    if (code != EXIT_OK) {
        return code;
    }
    if (!make_proof(s, own->key, &proof, &err).ok) {
        return fail_with(s->command, &err);
    }
    request.days = (int32_t)days;
    request.proof = text_field(proof);
    request.display_name = text_field(own->name);
    return verb_call(s, args, "DeviceService/RegisterDevice", &request.base,
                     &chancery__v1__register_device_response__descriptor, show_registered);
}

/* --- delete ----------------------------------------------------------------------------------- */

static int delete (struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteDeviceRequest request;
    chancery__v1__delete_device_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.address = text_field(own_args(args)->address);
    request.thumbprint = args->operands[0];
    return verb_act(s, args, "DeviceService/DeleteDevice", &request.base,
                    &chancery__v1__delete_device_response__descriptor, NULL);
}

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"register", 0, 0, NULL, enroll},
                                    {"delete", 1, 1, "one thumbprint", delete}};

static int run(int argc, char **argv)
{
    struct device_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),          {"--tenant", &args.common.tenant, NULL, NULL},
        {"--key", &args.key, NULL, NULL},   {"--name", &args.name, NULL, NULL},
        {"--days", &args.days, NULL, NULL}, {"--address", &args.address, NULL, NULL}};
    argc = options_take(&command_device, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_device, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_device = {.name = "device",
                                       .summary = "keep the keys of your devices and mailboxes",
                                       .help = HELP,
                                       .run = run};
