/* SPDX-License-Identifier: Apache-2.0 */
/* chancery publisher */
#include "cli/publisher.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "chancery/config/v1/receipt.pb-c.h"
#include "chancery/v1/publishing.pb-c.h"
#include "cli/output.h"
#include "cli/protected.h"
#include "cli/verbs.h"
#include "cli/when.h"

static const char HELP[] =
    "usage: chancery publisher get    --profile FILE [--domain NAME…] [--template ID…] PUBLISHER\n"
    "       chancery publisher show   PUBLISHER\n"
    "       chancery publisher register --profile FILE INPUT\n"
    "       chancery publisher revoke --profile FILE [--tenant NAME] [--reason TEXT] [--yes]\n"
    "                                 CERTIFICATE-ID|ADDRESS|COMPONENT-ID\n"
    "\n"
    "For protecting while the authority can't be reached. get makes a key and asks for a\n"
    "certificate, which for 7 days allows what protecting would allow now. Both are written to the\n"
    "file PUBLISHER, which only its owner can read: keep it like a key. Do it again to renew: the\n"
    "file is replaced. show tells what one holds, and asks nobody.\n"
    "\n"
    "register makes known what was protected offline, when the authority is there again: then it\n"
    "can be tracked and revoked by its id, and revoking the certificate leaves it alone. Without it,\n"
    "content is known when it is first opened.\n"
    "\n"
    "revoke is for admins, when such a file was lost: one certificate, or all until now of a user\n"
    "or a component. What was protected by them and was not opened yet stays closed; the rest\n"
    "opens as before. It can't be undone.\n"
    "\n"
    "  --domain NAME    (get) sender domains; the default is all for which the caller may protect\n"
    "  --template ID    (get) templates; the default is all that the caller may choose\n"
    "  --reason TEXT    (revoke) why, for the audit log\n"
    "  --yes            (revoke) you are sure: it can't be undone\n"
    "\n"
    "  chancery publisher get --profile contoso-gateway.yaml gateway.publisher\n"
    "\n"
    "Next: chancery protect --offline gateway.publisher, which needs no authority.\n";

enum { FILE_MAX = 64 * 1024 };

struct publisher_args {
    struct verb_args common;
    const char **domains, **templates;
    const char *reason;
};

int publisher_read(struct session *s, const char *path, chancery_publisher **out)
{
    struct err why = {0}, err = {0};
    AUTO(secret_free_at) struct secret *saved = NULL;
    if (!secret_read_file(path, FILE_MAX, SECRET_OWNER_OR_GROUP_OF_ROOTS, &saved, &why).ok) {
        (void)err_raise(&err, R_INPUT_INVALID, __FILE__, __LINE__,
                        "%s; a publisher's file can be read by its owner only (chmod 600)",
                        err_words(&why));
        return fail_with(s->command, &err);
    }
    struct slice bytes = secret_use(saved);
    return session_tell(s, chancery_publisher_load(bytes.ptr, bytes.len, out));
}

static int print_publisher(struct session *s, enum answer answer, const char *path,
                           const chancery_publisher *publisher)
{
    Chancery__Config__V1__PublisherFile document;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    chancery__config__v1__publisher_file__init(&document);
    size_t count = chancery_publisher_owner_count(publisher);
    time.seconds = chancery_publisher_expire_time(publisher);
    document.certificate_id = text_field(chancery_publisher_certificate_id(publisher));
    document.name = text_field(chancery_publisher_name(publisher));
    document.expire_time = &time;
    document.owners = ARENA_ARRAY(s->arena, char *, count + 1);
    CH_ASSERT(document.owners != NULL); /* a session's arena is far larger */
    for (; document.n_owners < count; document.n_owners++) {
        document.owners[document.n_owners] =
            text_field(chancery_publisher_owner(publisher, document.n_owners));
    }
    return answer_print_beside(s, answer, path, &document.base);
}

/* `path`: the file that is written; "": none is. */
static int show_publisher(struct session *s, enum answer answer, const char *path,
                          const chancery_publisher *publisher)
{
    char end[WHEN_BYTES];
    FILE *out = output_is_standard(path) ? stderr : stdout;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    if (answer != ANSWER_TEXT) {
        return print_publisher(s, answer, path, publisher);
    }
    time.seconds = chancery_publisher_expire_time(publisher);
    when_format(&time, end);
    fprintf(out, "certificate  %s\nends         %s\npublisher    ",
            chancery_publisher_certificate_id(publisher), end);
    utf8_print(out, chancery_publisher_name(publisher));
    for (size_t i = 0; i < chancery_publisher_owner_count(publisher); i++) {
        fputs(i == 0 ? "\nowners       " : "\n             ", out);
        utf8_print(out, chancery_publisher_owner(publisher, i));
    }
    fputc('\n', out);
    return EXIT_OK;
}

static rc write_publisher(const char *path, const chancery_publisher *publisher, struct err *err)
{
    chancery_buffer *saved = NULL;
    chancery_error *error = chancery_publisher_save(publisher, &saved);
    if (error != NULL) {
        chancery_error_free(error);
        FAIL(err, R_COMMAND_FAILED, "the publisher can't be saved");
    }
    rc result =
        output_write(path, slice_of(chancery_buffer_data(saved), chancery_buffer_size(saved)), err);
    chancery_buffer_free(saved);
    return result;
}

static int get(struct session *s, const struct verb_args *common)
{
    const struct publisher_args *args = (const void *)common;
    struct err err = {0};
    chancery_publisher *publisher = NULL;
    int code = session_tell(s, chancery_publisher_request_for(s->library, args->domains,
                                                              args->templates, NULL, &publisher));
    if (code != EXIT_OK) {
        return code;
    }
    if (write_publisher(common->operands[0], publisher, &err).ok) {
        code = show_publisher(s, common->answer, common->operands[0], publisher);
    } else {
        code = fail_with(s->command, &err);
    }
    chancery_publisher_free(publisher);
    return code;
}

static int tell_registered(struct session *s, enum answer answer, const chancery_content *content)
{
    Chancery__Config__V1__RegisteredContent document;
    if (answer == ANSWER_TEXT) {
        puts(chancery_content_id(content));
        return EXIT_OK;
    }
    chancery__config__v1__registered_content__init(&document);
    document.content_id = text_field(chancery_content_id(content));
    return answer_print(s, answer, &document.base);
}

static int register_it(struct session *s, const struct verb_args *args)
{
    struct err err = {0};
    struct protected p = {0};
    chancery_content *content = NULL;
    bool is_loaded = protected_load(s->arena, args->operands[0], &p, &err).ok;
    protected_close(&p); /* the license is the arena's */
    if (!is_loaded) {
        return fail_with(s->command, &err);
    }
    int code =
        session_tell(s, chancery_content_from_license(p.license.ptr, p.license.len, &content));
    code = code == EXIT_OK ? session_tell(s, chancery_register(s->library, content, NULL)) : code;
    if (code == EXIT_OK) {
        code = tell_registered(s, args->answer, content);
    }
    chancery_content_free(content);
    return code;
}

static int revoke(struct session *s, const struct verb_args *common)
{
    const struct publisher_args *args = (const void *)common;
    Chancery__V1__RevokePublisherRequest request;
    chancery__v1__revoke_publisher_request__init(&request);
    request.tenant = text_field(common->tenant);
    request.reason = text_field(args->reason);
    request.publisher = common->operands[0];
    int code = verb_confirm(s, common, "revoke the certificates of", common->operands[0],
                            "what was protected by them and is not registered yet never opens");
    return code != EXIT_OK
               ? code
               : verb_act(s, common, "PublishingService/RevokePublisher", &request.base,
                          &chancery__v1__revoke_publisher_response__descriptor, "revoked");
}

static int show(struct verb_args *args, int argc, char **argv)
{
    struct session session;
    chancery_publisher *publisher = NULL;
    if (argc != 3) {
        return usage_error(&command_publisher, "show: give one publisher's file");
    }
    int code = answer_read(&command_publisher, args->format, &args->answer);
    code = code == EXIT_OK ? session_begin(&session, &command_publisher) : code;
    if (code != EXIT_OK) {
        return code;
    }
    code = publisher_read(&session, argv[2], &publisher);
    if (code == EXIT_OK) {
        code = show_publisher(&session, args->answer, "", publisher);
        chancery_publisher_free(publisher);
    }
    session_close(&session);
    return code;
}

static const struct verb VERBS[] = {
    {"get", 1, 1, "the file to write", get},
    {"register", 1, 1, "one protected mail or file", register_it},
    {"revoke", 1, 1, "one certificate's id, address or component's id", revoke},
};

static int run(int argc, char **argv)
{
    struct publisher_args args = {0};
    const struct option_spec specs[] = {
        VERB_OPTIONS(args.common),
        YES_OPTION(args.common),
        {"--tenant", &args.common.tenant, NULL, NULL},
        {"--domain", NULL, NULL, &args.domains},
        {"--template", NULL, NULL, &args.templates},
        {"--reason", &args.reason, NULL, NULL},
    };
    argc = options_take(&command_publisher, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (argc >= 2 && strcmp(argv[1], "show") == 0) {
        return show(&args.common, argc, argv);
    }
    return verbs_run(&command_publisher, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_publisher = {.name = "publisher",
                                          .summary = "protect while the authority can't be reached",
                                          .help = HELP,
                                          .run = run};
