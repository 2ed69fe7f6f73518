/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/doctor/doctor.h"

struct doctor_report {
    struct arena *arena;
    const char *check;
    bool as_it_comes; /* as text */
    bool is_healthy;
    size_t told; /* of the check that runs */
    struct buf json;
    size_t entries;
};

struct doctor_report *doctor_report_new(struct arena *arena, bool as_it_comes)
{
    struct doctor_report *report = ARENA_NEW(arena, struct doctor_report);
    CH_ASSERT(report != NULL); /* the first thing in the arena */
    report->arena = arena;
    report->as_it_comes = as_it_comes;
    report->is_healthy = true;
    buf_init(&report->json, arena);
    return report;
}

static void add_text(struct buf *json, const char *name, const char *text)
{
    buf_printf(json, ", \"%s\": ", name);
    buf_add_json_text(json, text);
}

static void add_entry(struct doctor_report *r, const char *result,
                      const struct setup_finding *finding)
{
    buf_printf(&r->json, "%s{\"check\": \"%s\"", r->entries++ == 0 ? "" : ", ", r->check);
    add_text(&r->json, "result", result);
    if (finding != NULL) {
        add_text(&r->json, "reason", finding->code);
        add_text(&r->json, "what", finding->what);
        add_text(&r->json, "why", finding->why);
        add_text(&r->json, "next", finding->next);
    }
    buf_add_byte(&r->json, '}');
}

/* What an error quotes is on one line. */
static void print_finding_line(const char *text)
{
    fputs("  ", stdout);
    utf8_print(stdout, text);
    putchar('\n');
}

static void print_finding(const struct doctor_report *r, const struct setup_finding *f)
{
    printf("%-14s %s%s\n", r->check, f->code, f->severity == SETUP_WARNING ? " (warning)" : "");
    if (f->why[0] != '\0') {
        print_finding_line(f->why);
    }
    printf("  %s %s\n", f->what, f->next);
    fflush(stdout);
}

static void tell(void *ctx, const struct setup_finding *finding)
{
    struct doctor_report *r = ctx;
    bool is_warning = finding->severity == SETUP_WARNING;
    r->told++;
    r->is_healthy = r->is_healthy && is_warning;
    add_entry(r, is_warning ? "warning" : "failed", finding);
    if (r->as_it_comes) {
        print_finding(r, finding);
    }
}

struct setup_listener doctor_report_listener(struct doctor_report *report)
{
    return (struct setup_listener){.tell = tell, .ctx = report};
}

void doctor_report_begin(struct doctor_report *r, const char *check)
{
    r->check = check;
    r->told = 0;
}

static void end(struct doctor_report *r, const char *result)
{
    add_entry(r, result, NULL);
    if (r->as_it_comes) {
        printf("%-14s %s\n", r->check, result);
        fflush(stdout);
    }
}

void doctor_report_skip(struct doctor_report *r, const char *check)
{
    doctor_report_begin(r, check);
    end(r, "skipped");
}

void doctor_report_end(struct doctor_report *r)
{
    if (r->told == 0) {
        end(r, "ok");
    }
}

bool doctor_report_is_healthy(const struct doctor_report *report)
{
    return report->is_healthy;
}

const char *doctor_report_json(struct doctor_report *r)
{
    struct slice all;
    if (!buf_finish(&r->json, &all, NULL).ok) {
        return NULL;
    }
    const char *text =
        arena_printf(r->arena, "{\"healthy\": %s, \"checks\": [%.*s]}",
                     r->is_healthy ? "true" : "false", (int)all.len, (const char *)all.ptr);
    return text == NULL ? NULL : utf8_escaped(r->arena, text, UTF8_JSON);
}
