/* SPDX-License-Identifier: Apache-2.0 */
/* chancery protect */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "chancery/v1/publishing.pb-c.h"
#include "cli/output.h"
#include "cli/session.h"
#include "client/content_file.h"
#include "client/mail.h"
#include "crypto/jwe.h"
#include "wire/publishing_license.h"

static const char HELP[] =
    "usage: chancery protect --profile FILE POLICY [OPTION…] INPUT [OUTPUT]\n"
    "\n"
    "Protects a mail (*.eml) or any other file, and prints its content id. A mail becomes a\n"
    "wrapper that every mail program shows; its OUTPUT defaults to INPUT.protected.eml. Any other\n"
    "file becomes INPUT.protected. Files may have any size, mails up to 64 MiB. A dash means\n"
    "standard input or output; what comes from standard input goes to standard output, unless an\n"
    "OUTPUT is named, and the content id to standard error.\n"
    "\n"
    "The policy is one of\n"
    "  --do-not-forward     recipients see, edit and reply, but don't forward, print or copy\n"
    "  --encrypt-only       recipients may do everything but export\n"
    "  --template ID        what the template says, now and later\n"
    "\n"
    "  --recipient ADDRESS  may be repeated; for a mail the default is To and Cc; name Bcc\n"
    "  --owner ADDRESS      for whom a gateway protects; for a mail the default is From\n"
    "  --name TEXT          shown to all who hold the protected content, so not secret; for a\n"
    "                       mail the default is the subject\n"
    "  --request-id UUID    makes a retry safe: for a day the same request gives the same content\n"
    "                       again; without it there is a new one, told when no answer comes\n"
    "  --mail, --file       take INPUT for a mail or a file, whatever its name\n"
    "\n"
    "  chancery protect --profile contoso-gateway.yaml --do-not-forward mail.eml\n"
    "  chancery protect --profile alice.yaml --encrypt-only --recipient bob@fabrikam.com plan.pdf\n"
    "\n"
    "Next: chancery open opens it, chancery track shows who did, chancery revoke takes it back.\n";

struct protect_args {
    const char *profile, *template, *owner, *name, *request_id, *input, *output;
    const char **recipients;      /* as given */
    const char **mail_recipients; /* from the mail's header, if none were given */
    bool is_dnf, is_encrypt_only, is_mail, is_file;
};

struct protected
{
    Chancery__V1__ProtectResponse *response;
    struct secret *key;
    struct content_id content;
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static void set_policy(const struct protect_args *args, Chancery__V1__ProtectRequest *request)
{
    static Chancery__V1__DoNotForward do_not_forward;
    static Chancery__V1__EncryptOnly encrypt_only;
    if (args->template != NULL) {
        request->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_TEMPLATE_ID;
        request->template_id = text_field(args->template);
    } else if (args->is_dnf) {
        chancery__v1__do_not_forward__init(&do_not_forward);
        request->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_DO_NOT_FORWARD;
        request->do_not_forward = &do_not_forward;
    } else {
        chancery__v1__encrypt_only__init(&encrypt_only);
        request->policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_ENCRYPT_ONLY;
        request->encrypt_only = &encrypt_only;
    }
}

/* The mail reaches them, and they can't open it. */
static void tell_refused(const Chancery__V1__ProtectResponse *response)
{
    for (size_t i = 0; i < response->n_refused_recipients; i++) {
        fputs("chancery protect: ", stderr);
        utf8_print(stderr, response->refused_recipients[i]);
        fputs(" is no address that can be named, and gets nothing\n", stderr);
    }
}

static int ask(struct session *s, const struct protect_args *args, struct protected *out)
{
    struct err err = {0};
    const char *request_id = session_request_id(s, args->request_id);
    ProtobufCMessage *response = NULL;
    Chancery__V1__ProtectRequest request;
    chancery__v1__protect_request__init(&request);
    set_policy(args, &request);
    request.request_id = text_field(request_id);
    request.owner = text_field(args->owner);
    request.display_name = text_field(args->name);
    const char **recipients = args->recipients != NULL ? args->recipients : args->mail_recipients;
    request.recipients = (char **)(uintptr_t)recipients;
    request.n_recipients = option_list_count(recipients);
    request.client_public_jwk = session_public_jwk(s);
    int code = session_call(s, "PublishingService/Protect", &request.base,
                            &chancery__v1__protect_response__descriptor, &response);
    if (code != EXIT_OK) {
        session_tell_retry(s, request_id);
        return code;
    }
    out->response = (Chancery__V1__ProtectResponse *)response;
    tell_refused(out->response);
    if (!uuid_parse(slice_str(out->response->content_id), &out->content.u, &err).ok ||
        !jwe_decrypt(s->key, slice_str(out->response->wrapped_content_key), R_CRYPTO_FAILED,
                     &out->key, &err)
             .ok) {
        (void)err_raise(&err, R_AUTHORITY_UNREACHABLE, __FILE__, __LINE__,
                        "its content id or content key can't be used");
        return fail_with(s->command, &err);
    }
    return EXIT_OK;
}

/* Where the protected content itself goes to standard output, beside it. */
static void tell_id(const struct protect_args *args, const struct protected *made)
{
    FILE *out = strcmp(args->output, "-") == 0 ? stderr : stdout;
    utf8_print(out, made->response->content_id);
    fputc('\n', out);
}

static const char *default_output(struct arena *arena, const struct protect_args *args)
{
    return strcmp(args->input, "-") == 0
               ? "-"
               : arena_printf(arena, "%s.protected%s", args->input, args->is_mail ? ".eml" : "");
}

/* --- mails ------------------------------------------------------------------------------------ */

/* Take what the command line leaves out from the mail's header. */
static rc complete(struct session *s, struct protect_args *args, struct slice mail, struct err *err)
{
    struct mail_envelope envelope;
    TRY(mail_read_envelope(s->arena, mail, &envelope, err));
    if (args->recipients == NULL) {
        args->mail_recipients = envelope.to;
    }
    if (args->owner == NULL && s->is_component) {
        args->owner = envelope.from;
    }
    if (args->name == NULL) {
        args->name = utf8_line(s->arena, slice_str(envelope.subject), LICENSE_DISPLAY_NAME_MAX);
    }
    return OK;
}

static int protect_mail(struct session *s, struct protect_args *args)
{
    struct err err = {0};
    struct slice mail, wrapper;
    struct protected made = {0};
    if (!read_file(s->arena, args->input, MAIL_BYTES_MAX, &mail, &err).ok ||
        !complete(s, args, mail, &err).ok) {
        return fail_with(s->command, &err);
    }
    int code = ask(s, args, &made);
    if (code != EXIT_OK) {
        return code;
    }
    struct slice license =
        slice_of(made.response->publishing_license.data, made.response->publishing_license.len);
    struct mail_wrapping wrapping = {mail, license, made.content, made.response->portal_url};
    rc result = mail_wrap(s->arena, &wrapping, made.key, &wrapper, &err);
    secret_free(made.key);
    if (!result.ok || !output_write(args->output, wrapper, &err).ok) {
        return fail_with(s->command, &err);
    }
    tell_id(args, &made);
    return EXIT_OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static rc stream(const struct protect_args *args, FILE *in, struct slice license,
                 const struct secret *key, struct err *err)
{
    struct output output;
    TRY(output_open(args->output, &output, err));
    rc result = content_file_write(in, output.file, license, key, err);
    return result.ok ? output_keep(&output, err) : output_drop(&output);
}

static int protect_file(struct session *s, const struct protect_args *args)
{
    struct err err = {0};
    struct protected made = {0};
    FILE *in = strcmp(args->input, "-") == 0 ? stdin : fopen(args->input, "re");
    if (in == NULL) {
        (void)err_raise(&err, R_FILE_UNREADABLE, __FILE__, __LINE__, "%s: %s", args->input,
                        strerrordesc_np(errno));
        return fail_with(s->command, &err);
    }
    int code = ask(s, args, &made);
    if (code == EXIT_OK) {
        struct slice license =
            slice_of(made.response->publishing_license.data, made.response->publishing_license.len);
        bool ok = stream(args, in, license, made.key, &err).ok;
        code = ok ? EXIT_OK : fail_with(s->command, &err);
        secret_free(made.key);
    }
    if (code == EXIT_OK) {
        tell_id(args, &made);
    }
    fclose(in);
    return code;
}

static int check_args(struct protect_args *args)
{
    int policies = (args->template != NULL) + args->is_dnf + args->is_encrypt_only;
    if (policies != 1) {
        return usage_error(&command_protect,
                           "give one policy: --do-not-forward, --encrypt-only or --template ID");
    }
    if (args->is_mail && args->is_file) {
        return usage_error(&command_protect, "give --mail or --file, not both");
    }
    args->is_mail = args->is_mail || (!args->is_file && ends_with(args->input, ".eml"));
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct protect_args args = {0};
    const struct option_spec specs[] = {
        {"--profile", &args.profile, NULL, NULL},
        {"--template", &args.template, NULL, NULL},
        {"--owner", &args.owner, NULL, NULL},
        {"--name", &args.name, NULL, NULL},
        {"--request-id", &args.request_id, NULL, NULL},
        {"--recipient", NULL, NULL, &args.recipients},
        {"--do-not-forward", NULL, &args.is_dnf, NULL},
        {"--encrypt-only", NULL, &args.is_encrypt_only, NULL},
        {"--mail", NULL, &args.is_mail, NULL},
        {"--file", NULL, &args.is_file, NULL},
    };
    struct session session;
    argc = options_take(&command_protect, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (argc < 2 || argc > 3) {
        return usage_error(&command_protect, "give an input, and an output if you like");
    }
    args.input = argv[1];
    if (argc == 2 && !output_is_beside(args.input)) {
        return usage_error(&command_protect, "%s is no file: name an output too", args.input);
    }
    int code = check_args(&args);
    code = code == EXIT_OK ? session_open(&session, &command_protect, args.profile) : code;
    if (code != EXIT_OK) {
        return code;
    }
    args.output = argc == 3 ? argv[2] : default_output(session.arena, &args);
    code = args.is_mail ? protect_mail(&session, &args) : protect_file(&session, &args);
    session_close(&session);
    return code;
}

const struct command command_protect = {.name = "protect",
                                        .summary = "protect a mail or a file under a policy",
                                        .help = HELP,
                                        .run = run};
