/* SPDX-License-Identifier: Apache-2.0 */
/* chancery audit */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/audit/audit.h"
#include "cli/number.h"
#include "cli/when.h"
#include "domain/values/power.h"

static const char HELP[] =
    "usage: chancery audit query  --profile FILE [--start TIME] [--end TIME] [FILTER…] [--limit N]\n"
    "                             [-o json|yaml]\n"
    "       chancery audit tail   --profile FILE [--start TIME] [--end TIME] [FILTER…] [--resume TOKEN]\n"
    "                             [-o table|jsonl]\n"
    "       chancery audit export --profile FILE --start TIME [--end TIME] [FILTER…]\n"
    "                             [--format jsonl|csv|w3c] [--output FILE [--continue]] [--resume TOKEN]\n"
    "\n"
    "Shows decisions and acts of admins. For auditors and admins. A platform admin names a tenant,\n"
    "or sees the platform's own record. Of callers whom nobody knew one line tells of many calls,\n"
    "by network and reason.\n"
    "\n"
    "  query    the latest that match, newest first: 100, or as many as --limit says\n"
    "  tail     those to come, as they are recorded, and with --start those since then; until it\n"
    "           is interrupted. An event comes about two seconds after it; none is left out\n"
    "  export   all of a range, oldest first. It ends at --end, or where nothing can be added any\n"
    "           more, about two seconds ago; standard error says where, for the next one's --start\n"
    "\n"
    "filters, of which all must match:\n"
    "  --tenant NAME    of that tenant, for platform admins\n"
    "  --content ID     of one content\n"
    "  --user ADDRESS   of one person\n"
    "  --reason REASON  with this reason, such as NO_RIGHTS\n"
    "  --operation OP   of one operation, such as acquire_license\n"
    "  --denied         refusals only\n"
    "  --power POWER    uses of one power, or of any: owner, issuer, super_user, decryptor, any\n"
    "\n"
    "  --start, --end   2027-01-31 (its first second in UTC) or 2027-01-31T12:00:00Z\n"
    "  --limit N        (query) at most so many, up to 1,000\n"
    "  --format         jsonl: a JSON object in each line; csv: RFC 4180, for spreadsheets, with a '\n"
    "                   before what they would take for a formula; w3c: the layout of usage logs\n"
    "                   that tools for other rights-management services read\n"
    "  --output FILE    where it goes; without it, or as -, standard output. What has come stands in\n"
    "                   FILE.part until the export is whole\n"
    "  --continue       go on with a FILE.part that was left, by the same options; one that another\n"
    "                   process is writing is left to it\n"
    "  --resume TOKEN   go on where an earlier one has said that it ended, without a heading\n"
    "\n"
    "tail and export go on by themselves when a connection is lost or a node is restarted: nothing\n"
    "is left out or comes twice.\n"
    "\n"
    "  chancery audit query --profile contoso-admin.yaml --denied --user bob@fabrikam.com\n"
    "  chancery audit export --profile auditor.yaml --start 2027-01-01 --end 2027-02-01 \\\n"
    "    --format csv --output january.csv\n"
    "  chancery audit tail --profile auditor.yaml --denied -o jsonl | logger -t chancery\n";

/* --- filters ---------------------------------------------------------------------------------- */

const char *audit_power_name(Chancery__V1__Power number)
{
    return (unsigned)number > POWER_DECRYPTOR ? "" : power_name((enum power)number);
}

static int read_power(const char *text, Chancery__V1__Power *out)
{
    static const char *const powers[] = {"owner", "issuer", "super_user", "decryptor", "any", NULL};
    size_t at = 0;
    if (text == NULL) {
        return EXIT_OK;
    }
    int code = choice_read(&command_audit, "--power", text, powers, &at);
    *out = strcmp(text, "any") == 0 ? CHANCERY__V1__POWER__POWER_ANY
                                    : (Chancery__V1__Power)power_of(text);
    return code;
}

static int read_time(const char *option, const char *text, Google__Protobuf__Timestamp *time,
                     Google__Protobuf__Timestamp **out)
{
    if (text == NULL) {
        return EXIT_OK;
    }
    if (!when_parse(text, &time->seconds)) {
        return usage_error(&command_audit, "%s takes 2027-01-31 or 2027-01-31T12:00:00Z, not %s",
                           option, text);
    }
    *out = time;
    return EXIT_OK;
}

int audit_filter_read(const struct audit_args *args, struct audit_filter *out)
{
    Chancery__V1__AuditFilter *filter = &out->filter;
    chancery__v1__audit_filter__init(filter);
    google__protobuf__timestamp__init(&out->start);
    google__protobuf__timestamp__init(&out->end);
    filter->tenant = text_field(args->common.tenant);
    filter->content_id = text_field(args->content);
    filter->user = text_field(args->user);
    filter->reason = text_field(args->reason);
    filter->operation = text_field(args->operation);
    filter->denied_only = args->denied;
    int code = read_power(args->power, &filter->power);
    code = code == EXIT_OK ? read_time("--start", args->start, &out->start, &filter->start_time)
                           : code;
    return code == EXIT_OK ? read_time("--end", args->end, &out->end, &filter->end_time) : code;
}

/* --- query ------------------------------------------------------------------------------------ */

enum { QUERY_DEFAULT = 100, QUERY_MOST = 1000 };

/* The widths of both: lines come one by one, so nobody knows the widest. */
static const char LINE[] = "%-27s  %-16s %-18s %-26s %-14s %s%s%s\n";

void audit_show_heading(void)
{
    printf(LINE, "TIME", "OPERATION", "REASON", "USER", "COMPONENT", "CONTENT OR TARGET", "", "");
}

void audit_show_event(const Chancery__V1__AuditEvent *e)
{
    char time[RFC3339_BYTES] = "-";
    if (e->time != NULL) {
        clock_rfc3339(e->time->seconds * 1000000 + e->time->nanos / 1000, time);
    }
    const char *power = audit_power_name(e->power);
    printf(LINE, time, e->operation, e->reason, e->user, e->component,
           e->content_id[0] != '\0' ? e->content_id : e->target,
           power[0] != '\0' ? "  by power: " : "", power);
}

void audit_tell_kept(const Google__Protobuf__Timestamp *start,
                     const Google__Protobuf__Timestamp *kept_since)
{
    char time[WHEN_BYTES];
    if (kept_since == NULL || (start != NULL && start->seconds >= kept_since->seconds)) {
        return;
    }
    when_format(kept_since, time);
    fprintf(stderr, "chancery audit: events before %s are gone: the log is not kept for longer\n",
            time);
}

static void show_events(const void *response)
{
    const Chancery__V1__QueryResponse *r = response;
    if (r->n_events > 0) {
        audit_show_heading();
    }
    for (size_t i = 0; i < r->n_events; i++) {
        audit_show_event(r->events[i]);
    }
}

/* A page may have fewer events than were asked for, and say where to go on. */
static int query_all(struct session *s, Chancery__V1__QueryRequest *request, uint32_t limit,
                     Chancery__V1__QueryResponse **out)
{
    Chancery__V1__QueryResponse *all = NULL, *page;
    Chancery__V1__AuditEvent **events = ARENA_ARRAY(s->arena, Chancery__V1__AuditEvent *, limit);
    size_t count = 0;
    CH_ASSERT(events != NULL); /* a session's arena is far larger */
    do {
        ProtobufCMessage *message = NULL;
        request->page_size = (int32_t)(limit - count);
        int code = session_call(s, "AuditService/Query", &request->base,
                                &chancery__v1__query_response__descriptor, &message);
        if (code != EXIT_OK) {
            return code;
        }
        page = (Chancery__V1__QueryResponse *)(void *)message;
        for (size_t i = 0; i < page->n_events && count < limit; i++) {
            events[count++] = page->events[i];
        }
        all = page;
        request->page_token = page->next_page_token;
    } while (count < limit && request->page_token[0] != '\0');
    all->events = events;
    all->n_events = count;
    *out = all;
    return EXIT_OK;
}

int audit_query(struct session *s, const struct verb_args *args)
{
    const struct audit_args *own = (const struct audit_args *)args;
    struct audit_filter filter = {0};
    uint32_t limit = QUERY_DEFAULT;
    Chancery__V1__QueryRequest request;
    Chancery__V1__QueryResponse *response = NULL;
    int code = audit_filter_read(own, &filter);
    if (code == EXIT_OK && own->limit != NULL) {
        code = number_read(s->command, "--limit", own->limit, 1, QUERY_MOST, &limit);
    }
    chancery__v1__query_request__init(&request);
    request.filter = &filter.filter;
    code = code == EXIT_OK ? query_all(s, &request, limit, &response) : code;
    if (code == EXIT_OK && response->next_page_token[0] == '\0') {
        audit_tell_kept(filter.filter.start_time, response->kept_since);
    }
    if (code != EXIT_OK || args->answer != ANSWER_TEXT) {
        return code == EXIT_OK ? answer_print(s, args->answer, &response->base) : code;
    }
    show_events(session_shown(s, &response->base));
    return EXIT_OK;
}

/* --- the command ------------------------------------------------------------------------------ */

/* What of the options belongs to other verbs only. */
static int check_options(const char *verb, const struct audit_args *args)
{
    bool is_query = strcmp(verb, "query") == 0, is_export = strcmp(verb, "export") == 0;
    const struct {
        bool is_wrong;
        const char *words;
    } checks[] = {
        {!is_export && (args->format != NULL || args->output != NULL || args->goes_on),
         "--format, --output and --continue are for export"},
        {is_query && args->resume != NULL, "--resume is for tail and export"},
        {!is_query && args->limit != NULL, "--limit is for query"},
        {is_export && args->common.format != NULL, "an export has --format, and no -o"},
        {is_export && args->start == NULL, "--start is required"},
        {args->goes_on && args->output == NULL, "--continue needs --output"},
        {args->goes_on && args->resume != NULL,
         "--continue knows where to go on, so give no --resume"},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checks[i].is_wrong) {
            return usage_error(&command_audit, "%s", checks[i].words);
        }
    }
    return EXIT_OK;
}

/* Tail has formats of its own, which verbs_run must not look at. */
static int take_tail_format(const char *verb, struct audit_args *args)
{
    static const char *const formats[] = {"table", "jsonl", NULL};
    size_t at = 0;
    if (strcmp(verb, "tail") != 0 || args->common.format == NULL) {
        return EXIT_OK;
    }
    int code = choice_read(&command_audit, "-o", args->common.format, formats, &at);
    args->format = args->common.format;
    args->common.format = NULL;
    return code;
}

static int run(int argc, char **argv)
{
    static const struct verb verbs[] = {{"query", 0, 0, NULL, audit_query},
                                        {"tail", 0, 0, NULL, audit_tail},
                                        {"export", 0, 0, NULL, audit_export}};
    struct audit_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"--tenant", &args.common.tenant, NULL, NULL},
                                        {"--content", &args.content, NULL, NULL},
                                        {"--user", &args.user, NULL, NULL},
                                        {"--reason", &args.reason, NULL, NULL},
                                        {"--operation", &args.operation, NULL, NULL},
                                        {"--denied", NULL, &args.denied, NULL},
                                        {"--power", &args.power, NULL, NULL},
                                        {"--start", &args.start, NULL, NULL},
                                        {"--end", &args.end, NULL, NULL},
                                        {"--limit", &args.limit, NULL, NULL},
                                        {"--format", &args.format, NULL, NULL},
                                        {"--output", &args.output, NULL, NULL},
                                        {"--continue", NULL, &args.goes_on, NULL},
                                        {"--resume", &args.resume, NULL, NULL}};
    struct audit_filter filter = {0};
    argc = options_take(&command_audit, specs, sizeof specs / sizeof specs[0], argc, argv);
    const char *verb = argc >= 2 ? argv[1] : "";
    bool is_verb = false;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        is_verb = is_verb || strcmp(verb, verbs[i].name) == 0;
    }
    int code = is_verb ? check_options(verb, &args) : EXIT_OK;
    code = code == EXIT_OK ? audit_filter_read(&args, &filter) : code;
    code = code == EXIT_OK ? take_tail_format(verb, &args) : code;
    return code == EXIT_OK ? verbs_run(&command_audit, verbs, sizeof verbs / sizeof verbs[0],
                                       &args.common, argc, argv)
                           : code;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "query, follow and export the record of decisions and acts",
    .help = HELP,
    .run = run};
