/* SPDX-License-Identifier: Apache-2.0 */
/* chancery revoke, restore, track */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "chancery/v1/tracking.pb-c.h"
#include "cli/answer.h"
#include "cli/protected.h"
#include "cli/table.h"

static const char REVOKE_HELP[] =
    "usage: chancery revoke --profile FILE [--user ADDRESS | --outside] [--reason TEXT]\n"
    "                       [-o json|yaml] CONTENT-ID|FILE\n"
    "\n"
    "Takes content back, for everybody, for readers outside or for one person: licenses are refused\n"
    "from now on. For\n"
    "its owner, its issuer and admins of its tenant; with the protected mail or file also for\n"
    "whoever holds OWNER. A license that was given for offline use holds until it ends.\n"
    "\n"
    "  --user ADDRESS   only this person, by any of their addresses\n"
    "  --outside        only readers outside of the content's tenant, all of them\n"
    "  --reason TEXT    why, for the audit log\n"
    "\n"
    "  chancery revoke --profile alice.yaml --reason \"wrong figures\" CONTENT-ID\n"
    "\n"
    "Next: chancery track shows who opened it before; chancery restore undoes it.\n";
static const char RESTORE_HELP[] =
    "usage: chancery restore --profile FILE [--user ADDRESS | --outside] [--reason TEXT]\n"
    "                       [-o json|yaml] CONTENT-ID|FILE\n"
    "\n"
    "Undoes a revocation: of the content as a whole, where whoever was shut out personally stays\n"
    "shut out; or, with --user, of one person. What is not revoked is NOT_FOUND, also because it\n"
    "was restored before.\n"
    "\n"
    "  --user ADDRESS   only this person, by any of their addresses\n"
    "  --outside        only readers outside of the content's tenant, all of them\n"
    "  --reason TEXT    why, for the audit log\n"
    "\n"
    "  chancery restore --profile alice.yaml --user bob@fabrikam.com CONTENT-ID\n"
    "\n"
    "Next: chancery track shows who opens it from now on.\n";
static const char TRACK_HELP[] =
    "usage: chancery track --profile FILE [-o json|yaml] CONTENT-ID|FILE\n"
    "       chancery track --profile FILE --notify on|off [-o json|yaml] CONTENT-ID|FILE\n"
    "\n"
    "Shows who opened a content, who was refused and why: the latest 50 attempts, newest first.\n"
    "For its owner, its issuer and admins of its tenant; with the protected mail or file also for\n"
    "whoever holds OWNER.\n"
    "\n"
    "  --notify on|off  from now on mail the owner, or don't, when it is opened or somebody is refused:\n"
    "                   one mail for all of some minutes, where the tenant lets owners be told\n"
    "\n"
    "  chancery track --profile alice.yaml CONTENT-ID\n"
    "\n"
    "Next: chancery revoke takes the content back; chancery audit query shows admins more.\n";
static void time_text(const Google__Protobuf__Timestamp *time, char out[RFC3339_BYTES])
{
    snprintf(out, RFC3339_BYTES, "-");
    if (time != NULL) {
        clock_rfc3339(time->seconds * 1000000 + time->nanos / 1000, out);
    }
}

/* --- revoke and restore ----------------------------------------------------------------------- */

struct change_args {
    const char *profile, *user, *reason, *format;
    enum answer answer;
    bool outside;
};

static int parse_change(const struct command *command, int argc, char **argv,
                        struct change_args *args)
{
    const struct option_spec specs[] = {{"--profile", &args->profile, NULL, NULL},
                                        {"--user", &args->user, NULL, NULL},
                                        {"--outside", NULL, &args->outside, NULL},
                                        {"--reason", &args->reason, NULL, NULL},
                                        {"-o", &args->format, NULL, NULL}};
    if (options_take(command, specs, sizeof specs / sizeof specs[0], argc, argv) != 2) {
        return usage_error(command, "give one content id, or a protected mail or file");
    }
    return answer_read(command, args->format, &args->answer);
}

/* What was done has no more to say than that. */
static int tell_done(struct session *s, enum answer answer, const char *done,
                     const ProtobufCMessage *response)
{
    if (answer != ANSWER_TEXT) {
        return answer_print(s, answer, response);
    }
    puts(done);
    return EXIT_OK;
}

static int run_revoke(int argc, char **argv)
{
    struct change_args args = {0};
    struct session session;
    struct content_operand content;
    ProtobufCMessage *response = NULL;
    Chancery__V1__RevokeRequest request;
    int code = parse_change(&command_revoke, argc, argv, &args);
    code = code == EXIT_OK ? session_open(&session, &command_revoke, args.profile) : code;
    if (code != EXIT_OK) {
        return code;
    }
    code = content_operand_read(&session, argv[1], &content);
    if (code == EXIT_OK) {
        chancery__v1__revoke_request__init(&request);
        request.content_id = content.id;
        request.publishing_license = content.license;
        request.user = text_field(args.user);
        request.outside_only = args.outside;
        request.reason = text_field(args.reason);
        code = session_call(&session, "TrackingService/Revoke", &request.base,
                            &chancery__v1__revoke_response__descriptor, &response);
    }
    if (code == EXIT_OK) {
        code = tell_done(&session, args.answer, "revoked", response);
    }
    session_close(&session);
    return code;
}

const struct command command_revoke = {.name = "revoke",
                                       .summary = "take content back, for everybody or one person",
                                       .help = REVOKE_HELP,
                                       .run = run_revoke};

static int run_restore(int argc, char **argv)
{
    struct change_args args = {0};
    struct session session;
    struct content_operand content;
    ProtobufCMessage *response = NULL;
    Chancery__V1__RestoreRequest request;
    int code = parse_change(&command_restore, argc, argv, &args);
    code = code == EXIT_OK ? session_open(&session, &command_restore, args.profile) : code;
    if (code != EXIT_OK) {
        return code;
    }
    code = content_operand_read(&session, argv[1], &content);
    if (code == EXIT_OK) {
        chancery__v1__restore_request__init(&request);
        request.content_id = content.id;
        request.publishing_license = content.license;
        request.user = text_field(args.user);
        request.outside_only = args.outside;
        request.reason = text_field(args.reason);
        code = session_call(&session, "TrackingService/Restore", &request.base,
                            &chancery__v1__restore_response__descriptor, &response);
    }
    if (code == EXIT_OK) {
        code = tell_done(&session, args.answer, "restored", response);
    }
    session_close(&session);
    return code;
}

const struct command command_restore = {
    .name = "restore", .summary = "undo a revocation", .help = RESTORE_HELP, .run = run_restore};

/* --- track ------------------------------------------------------------------------------------ */

static void show_access(const Chancery__V1__ListAccessResponse *r)
{
    struct table table;
    table_begin(&table, "TIME", "OUTCOME", "WHO", "CHANNEL", "REASON", NULL);
    for (size_t i = 0; i < r->n_events; i++) {
        const Chancery__V1__AccessEvent *e = r->events[i];
        char time[RFC3339_BYTES];
        time_text(e->time, time);
        table_row(&table, time, e->granted ? "opened" : "refused",
                  e->user[0] == '\0' ? e->component : e->user,
                  e->channel == CHANCERY__V1__CHANNEL__CHANNEL_NATIVE   ? "native"
                  : e->channel == CHANCERY__V1__CHANNEL__CHANNEL_PORTAL ? "portal"
                                                                        : "",
                  e->granted ? "" : e->reason, NULL);
    }
    table_end(&table);
    if (r->kept_since != NULL && r->next_page_token[0] == '\0') {
        char time[RFC3339_BYTES];
        time_text(r->kept_since, time);
        fprintf(stderr,
                "chancery track: attempts before %s are gone: the log is not kept for longer\n",
                time);
    }
}

/* Fill a request from the operand, ask, and let `response` be the answer. Returns an exit code. */
static int ask_access(struct session *session, const struct content_operand *content,
                      ProtobufCMessage **response)
{
    Chancery__V1__ListAccessRequest request;
    chancery__v1__list_access_request__init(&request);
    request.content_id = content->id;
    request.publishing_license = content->license;
    return session_call(session, "TrackingService/ListAccess", &request.base,
                        &chancery__v1__list_access_response__descriptor, response);
}

static int set_notification(struct session *session, const struct content_operand *content,
                            bool is_on, enum answer answer)
{
    ProtobufCMessage *response = NULL;
    Chancery__V1__SetNotificationRequest request;
    chancery__v1__set_notification_request__init(&request);
    request.content_id = content->id;
    request.publishing_license = content->license;
    request.notify_owner = is_on;
    int code = session_call(session, "TrackingService/SetNotification", &request.base,
                            &chancery__v1__set_notification_response__descriptor, &response);
    return code == EXIT_OK
               ? tell_done(session, answer, is_on ? "the owner is told" : "the owner is not told",
                           response)
               : code;
}

static int show(struct session *session, const struct content_operand *content, enum answer answer)
{
    ProtobufCMessage *response = NULL;
    int code = ask_access(session, content, &response);
    if (code != EXIT_OK || answer != ANSWER_TEXT) {
        return code == EXIT_OK ? answer_print(session, answer, response) : code;
    }
    show_access(session_shown(session, response));
    return EXIT_OK;
}

static int run_track(int argc, char **argv)
{
    static const char *const positions[] = {"on", "off", NULL};
    const char *profile = NULL, *format = NULL, *notify = NULL;
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL},
                                        {"-o", &format, NULL, NULL},
                                        {"--notify", &notify, NULL, NULL}};
    struct session session;
    struct content_operand content;
    enum answer answer;
    size_t position = 0;
    if (options_take(&command_track, specs, sizeof specs / sizeof specs[0], argc, argv) != 2) {
        return usage_error(&command_track, "give one content id, or a protected mail or file");
    }
    int code = answer_read(&command_track, format, &answer);
    if (code == EXIT_OK && notify != NULL) {
        code = choice_read(&command_track, "--notify", notify, positions, &position);
    }
    code = code == EXIT_OK ? session_open(&session, &command_track, profile) : code;
    if (code != EXIT_OK) {
        return code;
    }
    code = content_operand_read(&session, argv[1], &content);
    if (code == EXIT_OK) {
        code = notify == NULL ? show(&session, &content, answer)
                              : set_notification(&session, &content, position == 0, answer);
    }
    session_close(&session);
    return code;
}

const struct command command_track = {.name = "track",
                                      .summary = "show who opened a content and who was refused",
                                      .help = TRACK_HELP,
                                      .run = run_track};
