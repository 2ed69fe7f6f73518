/* SPDX-License-Identifier: Apache-2.0 */
/* chancery protect */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "base/utf8.h"
#include "chancery/config/v1/receipt.pb-c.h"
#include "cli/answer.h"
#include "cli/output.h"
#include "cli/publisher.h"
#include "cli/wrapper.h"
#include "client/content_file.h"
#include "client/mail.h"
#include "wire/publishing_license.h"

static const char HELP[] =
    "usage: chancery protect --profile FILE POLICY [OPTION…] INPUT [OUTPUT]\n"
    "       chancery protect --offline PUBLISHER POLICY [OPTION…] INPUT [OUTPUT]\n"
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
    "  --branding NAME      how a mail looks to readers outside, how long they have it, and how they\n"
    "                       sign in (chancery branding); the default is the tenant's look alone\n"
    "  --language TAG       in which language a mail explains itself to them; may be repeated\n"
    "  --notify-owner       mail the owner when it is opened or somebody is refused, where the tenant\n"
    "                       lets owners be told; not with --offline\n"
    "  --offline PUBLISHER  ask nobody: by the file that chancery publisher get has written\n"
    "  --mail, --file       take INPUT for a mail or a file, whatever its name\n"
    "  -o json|yaml         print the content id as a document, with who can't be named\n"
    "\n"
    "  chancery protect --profile contoso-gateway.yaml --do-not-forward mail.eml\n"
    "  chancery protect --profile alice.yaml --encrypt-only --recipient bob@fabrikam.com plan.pdf\n"
    "\n"
    "Next: chancery open opens it, chancery track shows who did, chancery revoke takes it back.\n";

enum { SENDER_NAME_MAX = 256 /* bytes that the authority takes */ };

struct protect_args {
    const char *profile, *template, *owner, *name, *request_id, *input, *output, *branding,
        *offline, *format;
    enum answer answer;
    const char *sender, *sender_name; /* of a mail, by its header */
    const char **languages;
    const char **recipients;      /* as given */
    const char **mail_recipients; /* from the mail's header, if none were given */
    bool is_dnf, is_encrypt_only, is_mail, is_file, notify_owner;
};

/* Nobody is asked, not even for how a mail looks. */
static bool is_offline(const struct protect_args *args)
{
    return args->offline != NULL;
}

/* What was made, as the library has it, and its key for what is written here. */
struct protected
{
    chancery_content *content;
    struct secret *key;
    struct slice license; /* the content's */
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static void set_policy(const struct protect_args *args, chancery_protection *request)
{
    if (args->template != NULL) {
        chancery_protection_set_template(request, args->template);
    } else if (args->is_dnf) {
        chancery_protection_set_do_not_forward(request);
    } else {
        chancery_protection_set_encrypt_only(request);
    }
}

/* The mail reaches them, and they can't open it. */
static void tell_refused(const chancery_content *content)
{
    for (size_t i = 0; i < chancery_content_refused_count(content); i++) {
        fputs("chancery protect: ", stderr);
        utf8_print(stderr, chancery_content_refused(content, i));
        fputs(" is no address that can be named, and gets nothing\n", stderr);
    }
}

static chancery_protection *request_of(struct session *s, const struct protect_args *args)
{
    chancery_protection *request = chancery_protection_new();
    set_policy(args, request);
    chancery_protection_set_request_id(request, session_request_id(s, args->request_id));
    chancery_protection_set_owner(request, args->owner);
    chancery_protection_set_display_name(request, args->name);
    chancery_protection_set_branding(request, args->branding);
    chancery_protection_set_notify_owner(request, args->notify_owner);
    const char **recipients = args->recipients != NULL ? args->recipients : args->mail_recipients;
    for (size_t i = 0; i < texts_count(recipients); i++) {
        chancery_protection_add_recipient(request, recipients[i]);
    }
    return request;
}

static void protected_free(struct protected *made)
{
    secret_free(made->key);
    chancery_content_free(made->content);
}

static int make_offline(struct session *s, const struct protect_args *args,
                        const chancery_protection *request, chancery_content **out)
{
    chancery_publisher *publisher = NULL;
    int code = publisher_read(s, args->offline, &publisher);
    if (code == EXIT_OK) {
        code = session_tell(s, chancery_protect_offline(publisher, request, out));
    }
    chancery_publisher_free(publisher);
    return code;
}

static int make_online(struct session *s, const chancery_protection *request,
                       chancery_content **out)
{
    return session_tell(s, chancery_protect(s->library, request, NULL, out));
}

static int ask(struct session *s, const struct protect_args *args, struct protected *out)
{
    struct err err = {0};
    size_t len;
    chancery_protection *request = request_of(s, args);
    int code = is_offline(args) ? make_offline(s, args, request, &out->content)
                                : make_online(s, request, &out->content);
    chancery_protection_free(request);
    if (code != EXIT_OK) {
        return code;
    }
    if (args->answer == ANSWER_TEXT) {
        tell_refused(out->content);
    }
    const void *license = chancery_content_license(out->content, &len);
    out->license = slice_of(license, len);
    return session_content_key(out->content, &out->key, &err).ok ? EXIT_OK
                                                                 : fail_with(s->command, &err);
}

/* Where the protected content itself goes to standard output, beside it. */
static int tell_made(struct session *s, const struct protect_args *args,
                     const struct protected *made)
{
    Chancery__Config__V1__ProtectedContent document;
    chancery__config__v1__protected_content__init(&document);
    size_t refused = chancery_content_refused_count(made->content);
    if (args->answer == ANSWER_TEXT) {
        FILE *out = output_is_standard(args->output) ? stderr : stdout;
        utf8_print(out, chancery_content_id(made->content));
        fputc('\n', out);
        return EXIT_OK;
    }
    document.content_id = text_field(chancery_content_id(made->content));
    document.output = text_field(args->output);
    document.refused = ARENA_ARRAY(s->arena, char *, refused + 1);
    CH_ASSERT(document.refused != NULL); /* a session's arena is far larger */
    for (; document.n_refused < refused; document.n_refused++) {
        document.refused[document.n_refused] =
            text_field(chancery_content_refused(made->content, document.n_refused));
    }
    return answer_print_beside(s, args->answer, args->output, &document.base);
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
    args->sender = args->owner != NULL ? args->owner : s->is_component ? envelope.from : "";
    args->sender_name = utf8_line(s->arena, slice_str(envelope.from_name), SENDER_NAME_MAX);
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

static rc wrap(struct session *s, const struct protect_args *args, struct slice mail,
               const struct protected *made, struct err *err)
{
    struct slice wrapper;
    const struct wrapper_ask look = {.branding = args->branding,
                                     .languages = args->languages,
                                     .sender = args->sender,
                                     .sender_name = args->sender_name,
                                     .content_id = chancery_content_id(made->content)};
    struct mail_wrapping wrapping = {.mail = mail,
                                     .license = made->license,
                                     .portal_url = chancery_content_portal_url(made->content),
                                     .notice = is_offline(args) ? NULL : wrapper_ask(s, &look)};
    TRY(uuid_parse(slice_str(chancery_content_id(made->content)), &wrapping.content.u, err));
    TRY(mail_wrap(s->arena, &wrapping, made->key, &wrapper, err));
    return output_write(args->output, wrapper, err);
}

static int protect_mail(struct session *s, struct protect_args *args)
{
    struct err err = {0};
    struct slice mail;
    AUTO(protected_free) struct protected made = {0};
    if (!read_file(s->arena, args->input, MAIL_BYTES_MAX, &mail, &err).ok ||
        !complete(s, args, mail, &err).ok) {
        return fail_with(s->command, &err);
    }
    int code = ask(s, args, &made);
    if (code != EXIT_OK) {
        return code;
    }
    if (!wrap(s, args, mail, &made, &err).ok) {
        return fail_with(s->command, &err);
    }
    return tell_made(s, args, &made);
}

/* --- files ------------------------------------------------------------------------------------ */

static rc stream(const struct protect_args *args, FILE *in, const struct protected *made,
                 struct err *err)
{
    struct output output;
    TRY(output_open(args->output, &output, err));
    rc result = content_file_write(in, output.file, made->license, made->key, err);
    return result.ok ? output_keep(&output, err) : output_drop(&output);
}

static int protect_file(struct session *s, const struct protect_args *args)
{
    struct err err = {0};
    AUTO(protected_free) struct protected made = {0};
    FILE *in = strcmp(args->input, "-") == 0 ? stdin : fopen(args->input, "re");
    if (in == NULL) {
        (void)err_raise(&err, R_FILE_UNREADABLE, __FILE__, __LINE__, "%s: %s", args->input,
                        strerrordesc_np(errno));
        return fail_with(s->command, &err);
    }
    int code = ask(s, args, &made);
    if (code == EXIT_OK && !stream(args, in, &made, &err).ok) {
        code = fail_with(s->command, &err);
    }
    if (code == EXIT_OK) {
        code = tell_made(s, args, &made);
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
    if (is_offline(args) && args->profile != NULL) {
        return usage_error(&command_protect, "give --profile or --offline, not both");
    }
    if (is_offline(args) && args->notify_owner) {
        return usage_error(&command_protect, "--notify-owner goes not with --offline: say chancery "
                                             "track --notify on when the content is known");
    }
    args->is_mail = args->is_mail || (!args->is_file && ends_with(args->input, ".eml"));
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct protect_args args = {0};
    const struct option_spec specs[] = {
        {"--profile", &args.profile, NULL, NULL},
        {"-o", &args.format, NULL, NULL},
        {"--template", &args.template, NULL, NULL},
        {"--owner", &args.owner, NULL, NULL},
        {"--name", &args.name, NULL, NULL},
        {"--request-id", &args.request_id, NULL, NULL},
        {"--branding", &args.branding, NULL, NULL},
        {"--offline", &args.offline, NULL, NULL},
        {"--language", NULL, NULL, &args.languages},
        {"--recipient", NULL, NULL, &args.recipients},
        {"--do-not-forward", NULL, &args.is_dnf, NULL},
        {"--encrypt-only", NULL, &args.is_encrypt_only, NULL},
        {"--notify-owner", NULL, &args.notify_owner, NULL},
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
    int code = answer_read(&command_protect, args.format, &args.answer);
    code = code == EXIT_OK ? check_args(&args) : code;
    if (code == EXIT_OK) {
        code = is_offline(&args) ? session_begin(&session, &command_protect)
                                 : session_open(&session, &command_protect, args.profile);
    }
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
