/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit/event_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/audit/audit.h"
#include "domain/values/channel.h"
#include "domain/values/rights.h"
#include "wire/message_text.h"

const char *const EVENT_FORMATS[] = {
    [EVENT_JSONL] = "jsonl", [EVENT_CSV] = "csv", [EVENT_W3C] = "w3c", NULL};

enum { CELLS = 19, RIGHTS_BYTES = RIGHTS_TEXT_MAX, NUMBER_BYTES = 24 };

/* An event as texts, for formats of rows. */
struct cells {
    const char *list[CELLS];
    char time[RFC3339_BYTES], version[NUMBER_BYTES], calls[NUMBER_BYTES], rights[RIGHTS_BYTES];
};

static void add_right(char rights[RIGHTS_BYTES], const char *name)
{
    size_t len = strlen(rights);
    (void)snprintf(rights + len, RIGHTS_BYTES - len, "%s%s", len == 0 ? "" : " ", name);
}

static void format_time(const Google__Protobuf__Timestamp *time, char out[RFC3339_BYTES])
{
    clock_rfc3339(time == NULL ? 0 : time->seconds * 1000000 + time->nanos / 1000, out);
}

static const char *channel_text(Chancery__V1__Channel channel)
{
    return (unsigned)channel > CHANNEL_PORTAL ? "" : channel_name((enum channel)channel);
}

static void cells_of(const Chancery__V1__AuditEvent *e, struct cells *c)
{
    format_time(e->time, c->time);
    (void)snprintf(c->version, sizeof c->version, "%" PRId64, e->policy_version);
    (void)snprintf(c->calls, sizeof c->calls, "%" PRId64, e->calls);
    c->rights[0] = '\0';
    for (size_t i = 0; i < e->n_rights; i++) {
        size_t index = (size_t)e->rights[i] - 1;
        add_right(c->rights, index < RIGHTS_STANDARD ? rights_standard_name(index) : "?");
    }
    for (size_t i = 0; i < e->n_custom_rights; i++) {
        add_right(c->rights, e->custom_rights[i]);
    }
    const char *const list[CELLS] = {c->time,
                                     e->event_id,
                                     e->tenant,
                                     e->operation,
                                     e->granted ? "true" : "false",
                                     e->reason,
                                     e->user,
                                     e->component,
                                     e->content_id,
                                     e->template_id,
                                     c->version,
                                     c->rights,
                                     channel_text(e->channel),
                                     audit_power_name(e->power),
                                     e->client_address,
                                     e->user_agent,
                                     e->correlation_id,
                                     e->target,
                                     c->calls};
    memcpy(c->list, list, sizeof list);
}

/* --- CSV -------------------------------------------------------------------------------------- */

static const char CSV_HEADING[] =
    "time,event_id,tenant,operation,granted,reason,user,component,content_id,template_id,"
    "policy_version,rights,channel,power,client_address,user_agent,correlation_id,target,calls\r\n";

/* What a spreadsheet may take for a formula (OWASP, CSV Injection); full-width signs count there, too. */
static bool is_formula(const char *text)
{
    static const char *const heads[] = {
        "=",           "+", "-", "@", "\t", "\r", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
        "\xef\xbc\xa0"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (strncmp(text, heads[i], strlen(heads[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* RFC 4180 §2; always in quotes, so that a cell has one spelling. */
static void write_cell(const char *text, FILE *out)
{
    fputc('"', out);
    if (is_formula(text)) {
        fputc('\'', out);
    }
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_csv(const Chancery__V1__AuditEvent *event, FILE *out)
{
    struct cells cells;
    cells_of(event, &cells);
    for (size_t i = 0; i < CELLS; i++) {
        if (i > 0) {
            fputc(',', out);
        }
        write_cell(cells.list[i], out);
    }
    fputs("\r\n", out);
}

/* --- W3C -------------------------------------------------------------------------------------- */

/* The fields of the usage logs that the field's tools read, in their order; then what those don't have. */
static const char W3C_HEADING[] =
    "#Software: Chancery\n"
    "#Version: 1.1\n"
    "#Fields: date time row-id request-type user-id result correlation-id content-id owner-email issuer "
    "template-id file-name date-published c-info c-ip admin-action acting-as-user x-tenant x-component "
    "x-power x-channel x-rights x-target x-calls\n";

/* "acquire_license": "AcquireLicense"; what the field has another name for has that. */
static void write_request_type(const char *operation, FILE *out)
{
    bool is_first = true;
    if (strcmp(operation, "revoke") == 0) {
        operation = "revoke_access";
    }
    for (; *operation != '\0'; operation++) {
        bool is_between = *operation == '_';
        bool is_small = *operation >= 'a' && *operation <= 'z';
        if (!is_between) {
            fputc(is_first && is_small ? *operation - 'a' + 'A' : *operation, out);
        }
        is_first = is_between;
    }
}

/* Tabs stand between fields, and an absent one is a dash. */
static void write_field(const char *before, const char *text, const char *after, FILE *out)
{
    fputc('\t', out);
    if (text[0] == '\0') {
        fputc('-', out);
        return;
    }
    fputs(before, out);
    for (; *text != '\0'; text++) {
        if (*text == '\'' && before[0] == '\'') {
            fputc('\'', out);
        }
        fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
    fputs(after, out);
}

static void write_w3c(const Chancery__V1__AuditEvent *e, FILE *out)
{
    struct cells c;
    cells_of(e, &c);
    fprintf(out, "%.10s\t%.8s\t%s\t", c.time, c.time + 11, e->event_id);
    write_request_type(e->operation, out);
    write_field("'", e->user[0] != '\0' ? e->user : e->component, "'", out);
    write_field("'", e->granted ? "Success" : e->reason, "'", out);
    write_field("", e->correlation_id, "", out);
    write_field("{", e->content_id, "}", out);
    write_field("", "", "", out); /* owner-email */
    write_field("", "", "", out); /* issuer */
    write_field("{", e->template_id, "}", out);
    write_field("", "", "", out); /* file-name */
    write_field("", "", "", out); /* date-published */
    write_field("'", e->user_agent, "'", out);
    write_field("", e->client_address, "", out);
    write_field("", "", "", out); /* admin-action */
    write_field("", "", "", out); /* acting-as-user */
    write_field("", e->tenant, "", out);
    write_field("'", e->component, "'", out);
    write_field("", audit_power_name(e->power), "", out);
    write_field("", channel_text(e->channel), "", out);
    write_field("'", c.rights, "'", out);
    write_field("'", e->target, "'", out);
    write_field("", c.calls, "", out);
    fputc('\n', out);
}

/* --- all -------------------------------------------------------------------------------------- */

void event_write_heading(enum event_format format, FILE *out)
{
    fputs(format == EVENT_CSV ? CSV_HEADING : format == EVENT_W3C ? W3C_HEADING : "", out);
}

rc event_write(enum event_format format, struct arena *arena, const Chancery__V1__AuditEvent *event,
               FILE *out, struct err *err)
{
    const char *json;
    if (format == EVENT_CSV) {
        write_csv(event, out);
    } else if (format == EVENT_W3C) {
        write_w3c(event, out);
    } else {
        TRY(message_to_json(arena, &event->base, false, true, &json, err));
        fputs(json, out);
        fputc('\n', out);
    }
    return OK;
}
