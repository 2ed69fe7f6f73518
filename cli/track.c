/* SPDX-License-Identifier: Apache-2.0 */
/* chancery revoke, restore, track, audit */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "chancery/v1/audit.pb-c.h"
#include "chancery/v1/tracking.pb-c.h"
#include "cli/protected.h"
#include "domain/values/power.h"

static const char REVOKE_HELP[] =
    "usage: chancery revoke --profile FILE [--user ADDRESS] [--reason TEXT] CONTENT-ID|FILE\n"
    "\n"
    "Takes content back, for everybody or for one person: licenses are refused from now on. For\n"
    "its owner, its issuer and admins of its tenant; with the protected mail or file also for\n"
    "whoever holds OWNER. A license that was given for offline use holds until it ends.\n"
    "\n"
    "  --user ADDRESS   only this person, by any of their addresses\n"
    "  --reason TEXT    why, for the audit log\n"
    "\n"
    "  chancery revoke --profile alice.yaml --reason \"wrong figures\" CONTENT-ID\n"
    "\n"
    "Next: chancery track shows who opened it before; chancery restore undoes it.\n";
static const char RESTORE_HELP[] =
    "usage: chancery restore --profile FILE [--user ADDRESS] [--reason TEXT] CONTENT-ID|FILE\n"
    "\n"
    "Undoes a revocation: of the content as a whole, where whoever was shut out personally stays\n"
    "shut out; or, with --user, of one person. What is not revoked is NOT_FOUND, also because it\n"
    "was restored before.\n"
    "\n"
    "  --user ADDRESS   only this person, by any of their addresses\n"
    "  --reason TEXT    why, for the audit log\n"
    "\n"
    "  chancery restore --profile alice.yaml --user bob@fabrikam.com CONTENT-ID\n"
    "\n"
    "Next: chancery track shows who opens it from now on.\n";
static const char TRACK_HELP[] =
    "usage: chancery track --profile FILE [-o json] CONTENT-ID|FILE\n"
    "\n"
    "Shows who opened a content, who was refused and why: the latest 50 attempts, newest first.\n"
    "For its owner, its issuer and admins of its tenant; with the protected mail or file also for\n"
    "whoever holds OWNER.\n"
    "\n"
    "  chancery track --profile alice.yaml CONTENT-ID\n"
    "\n"
    "Next: chancery revoke takes the content back; chancery audit query shows admins more.\n";
static const char AUDIT_HELP[] =
    "usage: chancery audit query --profile FILE [--tenant NAME] [--content ID] [--user ADDRESS]\n"
    "                            [--denied] [--power owner|issuer|super_user|decryptor|any]\n"
    "                            [-o json]\n"
    "\n"
    "Shows decisions and acts of admins: the latest 100 that match, newest first. For auditors\n"
    "and admins. A platform admin names a tenant, or sees the platform's own record. Of callers\n"
    "whom nobody knew one line tells of many calls, by network and reason.\n"
    "\n"
    "  --content ID     of one content\n"
    "  --user ADDRESS   of one person\n"
    "  --denied         refusals only\n"
    "  --power POWER    uses of one power, or of any\n"
    "\n"
    "  chancery audit query --profile contoso-admin.yaml --denied --user bob@fabrikam.com\n";

static void print_time(const Google__Protobuf__Timestamp *time)
{
    char text[RFC3339_BYTES] = "-";
    if (time != NULL) {
        clock_rfc3339(time->seconds * 1000000 + time->nanos / 1000, text);
    }
    printf("%-27s  ", text);
}

/* --- revoke and restore ----------------------------------------------------------------------- */

struct change_args {
    const char *profile, *user, *reason;
};

static int parse_change(const struct command *command, int argc, char **argv,
                        struct change_args *args)
{
    const struct option_spec specs[] = {{"--profile", &args->profile, NULL, NULL},
                                        {"--user", &args->user, NULL, NULL},
                                        {"--reason", &args->reason, NULL, NULL}};
    return options_take(command, specs, 3, argc, argv) == 2
               ? EXIT_OK
               : usage_error(command, "give one content id, or a protected mail or file");
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
        request.reason = text_field(args.reason);
        code = session_call(&session, "TrackingService/Revoke", &request.base,
                            &chancery__v1__revoke_response__descriptor, &response);
    }
    if (code == EXIT_OK) {
        puts("revoked");
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
        request.reason = text_field(args.reason);
        code = session_call(&session, "TrackingService/Restore", &request.base,
                            &chancery__v1__restore_response__descriptor, &response);
    }
    if (code == EXIT_OK) {
        puts("restored");
    }
    session_close(&session);
    return code;
}

const struct command command_restore = {
    .name = "restore", .summary = "undo a revocation", .help = RESTORE_HELP, .run = run_restore};

/* --- track ------------------------------------------------------------------------------------ */

static void show_access(const Chancery__V1__ListAccessResponse *r)
{
    for (size_t i = 0; i < r->n_events; i++) {
        const Chancery__V1__AccessEvent *e = r->events[i];
        print_time(e->time);
        printf("%-8s %-20s %s%s\n", e->granted ? "opened" : "refused", e->granted ? "" : e->reason,
               e->user[0] == '\0' ? e->component : e->user,
               e->channel == CHANCERY__V1__CHANNEL__CHANNEL_NATIVE   ? " by native"
               : e->channel == CHANCERY__V1__CHANNEL__CHANNEL_PORTAL ? " by portal"
                                                                     : "");
    }
}

static int run_track(int argc, char **argv)
{
    const char *profile = NULL, *format = "text";
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL},
                                        {"-o", &format, NULL, NULL}};
    struct session session;
    struct content_operand content;
    ProtobufCMessage *response = NULL;
    Chancery__V1__ListAccessRequest request;
    if (options_take(&command_track, specs, 2, argc, argv) != 2) {
        return usage_error(&command_track, "give one content id, or a protected mail or file");
    }
    int code = session_open(&session, &command_track, profile);
    if (code != EXIT_OK) {
        return code;
    }
    code = content_operand_read(&session, argv[1], &content);
    if (code == EXIT_OK) {
        chancery__v1__list_access_request__init(&request);
        request.content_id = content.id;
        request.publishing_license = content.license;
        code = session_call(&session, "TrackingService/ListAccess", &request.base,
                            &chancery__v1__list_access_response__descriptor, &response);
    }
    if (code == EXIT_OK && strcmp(format, "json") == 0) {
        code = session_print_json(&session, response);
    } else if (code == EXIT_OK) {
        show_access(session_shown(&session, response));
    }
    session_close(&session);
    return code;
}

const struct command command_track = {.name = "track",
                                      .summary = "show who opened a content and who was refused",
                                      .help = TRACK_HELP,
                                      .run = run_track};

/* --- audit ------------------------------------------------------------------------------------ */

/* The power of that number; none for one that this version doesn't know. */
static const char *power_text(Chancery__V1__Power number)
{
    return (unsigned)number > POWER_DECRYPTOR ? "" : power_name((enum power)number);
}

static bool read_power(const char *text, Chancery__V1__Power *out)
{
    *out = text == NULL               ? CHANCERY__V1__POWER__POWER_UNSPECIFIED
           : strcmp(text, "any") == 0 ? CHANCERY__V1__POWER__POWER_ANY
                                      : (Chancery__V1__Power)power_of(text);
    return text == NULL || *out != CHANCERY__V1__POWER__POWER_UNSPECIFIED;
}

static void show_events(const Chancery__V1__QueryResponse *r)
{
    for (size_t i = 0; i < r->n_events; i++) {
        const Chancery__V1__AuditEvent *e = r->events[i];
        print_time(e->time);
        printf("%-16s %-18s %-26s %-14s %s%s%s\n", e->operation, e->reason, e->user, e->component,
               e->content_id[0] != '\0' ? e->content_id : e->target,
               power_text(e->power)[0] != '\0' ? "  by power: " : "", power_text(e->power));
    }
}

static int run_audit(int argc, char **argv)
{
    const char *profile = NULL, *format = "text", *tenant = NULL, *content = NULL, *user = NULL,
               *power = NULL;
    bool denied = false;
    const struct option_spec specs[] = {
        {"--profile", &profile, NULL, NULL}, {"-o", &format, NULL, NULL},
        {"--tenant", &tenant, NULL, NULL},   {"--content", &content, NULL, NULL},
        {"--user", &user, NULL, NULL},       {"--denied", NULL, &denied, NULL},
        {"--power", &power, NULL, NULL}};
    struct session session;
    ProtobufCMessage *response = NULL;
    Chancery__V1__QueryRequest request;
    Chancery__V1__AuditFilter filter;
    if (options_take(&command_audit, specs, 7, argc, argv) != 2 || strcmp(argv[1], "query") != 0) {
        return usage_error(&command_audit, "say query");
    }
    chancery__v1__audit_filter__init(&filter);
    if (!read_power(power, &filter.power)) {
        return usage_error(&command_audit, "there is no power %s", power);
    }
    int code = session_open(&session, &command_audit, profile);
    if (code != EXIT_OK) {
        return code;
    }
    chancery__v1__query_request__init(&request);
    filter.tenant = text_field(tenant);
    filter.content_id = text_field(content);
    filter.user = text_field(user);
    filter.denied_only = denied;
    request.filter = &filter;
    code = session_call(&session, "AuditService/Query", &request.base,
                        &chancery__v1__query_response__descriptor, &response);
    if (code == EXIT_OK && strcmp(format, "json") == 0) {
        code = session_print_json(&session, response);
    } else if (code == EXIT_OK) {
        show_events(session_shown(&session, response));
    }
    session_close(&session);
    return code;
}

const struct command command_audit = {.name = "audit",
                                      .summary = "query the record of decisions and admin acts",
                                      .help = AUDIT_HELP,
                                      .run = run_audit};
