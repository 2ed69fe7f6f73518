/* SPDX-License-Identifier: Apache-2.0 */
/* chancery approval */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chancery/v1/approval.pb-c.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "google/protobuf/field_mask.pb-c.h"

static const char HELP[] =
    "usage: chancery approval list     --profile FILE [--tenant NAME] [--all] [-o json|yaml]\n"
    "       chancery approval show     --profile FILE [--tenant NAME] ID [-o json|yaml]\n"
    "       chancery approval approve  --profile FILE ID\n"
    "       chancery approval reject   --profile FILE ID\n"
    "       chancery approval withdraw --profile FILE [--tenant NAME] ID\n"
    "       chancery approval require  --profile FILE [--tenant NAME] OPERATION…|none\n"
    "\n"
    "What one admin of a tenant asked for, and another one must approve. A platform admin names\n"
    "the tenant by --tenant.\n"
    "\n"
    "  list      requests that wait, and what they change; with --all also those that were\n"
    "            decided or have ended\n"
    "  show      one request, with all that it asks for and changes, from what to what\n"
    "  approve   approve it, which carries it out at once; by another admin than the one who\n"
    "            asked, and by one who was an admin before\n"
    "  reject    reject it; nothing is done\n"
    "  withdraw  take back your own request\n"
    "  require   say which operations need a second admin: content-access, export-keys,\n"
    "            destroy-key, partner-exception, or none\n"
    "\n"
    "content-access is everything by which one admin could come to others' content: super users\n"
    "and what they are known by, issuers and their mappings, verified domains, addresses that join\n"
    "a person, members of groups that hold power, templates that let somebody new in, lifted\n"
    "exclusions, ended denials, settings that make tokens or licenses worth more.\n"
    "\n"
    "A request that nobody decides ends after 7 days. An export of keys that was approved can be\n"
    "taken back for its day: chancery key cancel-export. Taking an operation off the list needs\n"
    "approval itself. While anything is on it, only a platform admin registers admins of the\n"
    "tenant.\n"
    "\n"
    "  chancery approval require --profile admin.yaml content-access partner-exception\n"
    "  chancery approval list --profile second-admin.yaml\n";

struct approval_args {
    struct verb_args common;
    bool all;
};

static const char *const state_names[] = {"?",         "pending", "approved", "rejected",
                                          "withdrawn", "expired", "canceled"};

static const char *state_name(Chancery__V1__ApprovalState state)
{
    return (unsigned)state < sizeof state_names / sizeof state_names[0] ? state_names[state]
                                                                        : state_names[0];
}

/* " {issuer.jwks_url: https://a → https://b; issuer.audiences: → chancery; and 2 more}" */
static void write_changes(FILE *out, const Chancery__V1__Approval *a)
{
    for (size_t i = 0; i < a->n_changes; i++) {
        const Chancery__V1__ApprovalChange *change = a->changes[i];
        fprintf(out, "%s%s:%s%s →%s%s", i == 0 ? " {" : "; ", change->field,
                change->before[0] == '\0' ? "" : " ", change->before,
                change->after[0] == '\0' ? "" : " ", change->after);
    }
    if (a->changes_left_out > 0) {
        fprintf(out, "; and %lld more", (long long)a->changes_left_out);
    }
    fputs(a->n_changes == 0 ? "" : "}", out);
}

static void add_row(struct table *table, const Chancery__V1__Approval *a)
{
    char end[WHEN_BYTES], *what = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&what, &size);
    CH_ASSERT(out != NULL);
    fputs(a->summary, out);
    write_changes(out, a);
    CH_ASSERT(fclose(out) == 0);
    when_format(a->state == CHANCERY__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING ? a->expire_time
                                                                                 : a->decide_time,
                end);
    table_row(table, a->approval_id, state_name(a->state), end, a->requested_by, what, NULL);
    free(what);
}

static void show_list(const void *response)
{
    const Chancery__V1__ListApprovalsResponse *r = response;
    struct table table;
    table_begin(&table, "ID", "STATE", "UNTIL", "ASKED BY", "WHAT", NULL);
    for (size_t i = 0; i < r->n_approvals; i++) {
        add_row(&table, r->approvals[i]);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ApprovalState states[] = {1, 2, 3, 4, 5, 6};
    Chancery__V1__ListApprovalsRequest request;
    chancery__v1__list_approvals_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.states = states;
    request.n_states =
        ((const struct approval_args *)args)->all ? sizeof states / sizeof states[0] : 0;
    return verb_list(s, args, "ApprovalService/ListApprovals", &request.base,
                     &chancery__v1__list_approvals_response__descriptor, show_list);
}

/* What stands before and after a character of JSON outside of its texts, on a line for each
 * member. */
static void print_json_char(char c, char before, char after, int *depth)
{
    bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    *depth += opens ? 1 : closes ? -1 : 0;
    if (closes && before != '{' && before != '[') {
        printf("\n%*s", 2 * *depth, "");
    }
    putchar(c);
    if ((opens && after != '}' && after != ']') || c == ',') {
        printf("\n%*s", 2 * *depth, "");
    }
    if (c == ':') {
        putchar(' ');
    }
}

/* The request is one line of JSON, and stays as it is but for white space. */
static void print_request(const char *json)
{
    int depth = 0;
    bool is_text = false, is_escaped = false;
    puts("\nWhat was asked for, as it came:");
    for (const char *p = json; *p != '\0'; p++) {
        bool is_quote = *p == '"' && !is_escaped;
        is_escaped = is_text && *p == '\\' && !is_escaped;
        if (is_text || is_quote) {
            putchar(*p);
        } else {
            print_json_char(*p, p == json ? '\0' : p[-1], p[1], &depth);
        }
        is_text = is_text != is_quote;
    }
    putchar('\n');
}

static void print_each_change(const Chancery__V1__Approval *a)
{
    puts("\nWhat changes:");
    for (size_t i = 0; i < a->n_changes; i++) {
        const Chancery__V1__ApprovalChange *change = a->changes[i];
        bool is_new = change->before[0] == '\0', is_gone = change->after[0] == '\0';
        printf("  %-7s %s\n", is_new ? "add" : is_gone ? "remove" : "change", change->field);
        if (!is_new) {
            printf("      from %s\n", change->before);
        }
        if (!is_gone) {
            printf("      to   %s\n", change->after);
        }
    }
    if (a->changes_left_out > 0) {
        printf("  and %lld more that are not shown, and are approved with these\n",
               (long long)a->changes_left_out);
    }
}

static void show_one(const Chancery__V1__Approval *a)
{
    char asked[WHEN_BYTES], end[WHEN_BYTES];
    when_format(a->request_time, asked);
    printf("%s\n\n  id        %s\n  asked by  %s, %s\n", a->summary, a->approval_id,
           a->requested_by, asked);
    if (a->state == CHANCERY__V1__APPROVAL_STATE__APPROVAL_STATE_PENDING) {
        when_format(a->expire_time, end);
        printf("  state     pending until %s\n", end);
    } else {
        when_format(a->decide_time, end);
        printf("  state     %s, %s %s\n", state_name(a->state), end, a->decided_by);
    }
    if (a->n_changes > 0) {
        print_each_change(a);
    }
    if (a->request_json[0] != '\0') {
        print_request(a->request_json);
    }
}

static int show(struct session *s, const struct verb_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__GetApprovalRequest request;
    chancery__v1__get_approval_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.approval_id = args->operands[0];
    int code = session_call(s, "ApprovalService/GetApproval", &request.base,
                            &chancery__v1__get_approval_response__descriptor, &message);
    Chancery__V1__GetApprovalResponse *r = (void *)message;
    if (code == EXIT_OK && args->answer != ANSWER_TEXT) {
        return answer_print(s, args->answer, &r->approval->base);
    }
    if (code == EXIT_OK) {
        show_one(session_shown(s, &r->approval->base));
    }
    return code;
}

static int approve(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ApproveRequestRequest request;
    chancery__v1__approve_request_request__init(&request);
    request.approval_id = args->operands[0];
    return verb_act(s, args, "ApprovalService/ApproveRequest", &request.base,
                    &chancery__v1__approve_request_response__descriptor, "approved and done");
}

static int reject(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RejectRequestRequest request;
    chancery__v1__reject_request_request__init(&request);
    request.approval_id = args->operands[0];
    return verb_act(s, args, "ApprovalService/RejectRequest", &request.base,
                    &chancery__v1__reject_request_response__descriptor, "rejected");
}

static int withdraw(struct session *s, const struct verb_args *args)
{
    Chancery__V1__WithdrawRequestRequest request;
    chancery__v1__withdraw_request_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.approval_id = args->operands[0];
    return verb_act(s, args, "ApprovalService/WithdrawRequest", &request.base,
                    &chancery__v1__withdraw_request_response__descriptor, "withdrawn");
}

/* --- require ---------------------------------------------------------------------------------- */

enum { OPERATIONS = 5 };

/* The number in chancery.v1.ApprovalOperation. Prints what there is if there is no such operation, and
 * returns 0. */
static int operation_named(const struct command *command, const char *name)
{
    static const char *const names[OPERATIONS] = {"content-access", "export-keys", "destroy-key",
                                                  "partner-exception", NULL};
    size_t at;
    if (strcmp(name, "grant-super-user") == 0) {
        return CHANCERY__V1__APPROVAL_OPERATION__APPROVAL_OPERATION_CONTENT_ACCESS; /* formerly */
    }
    return choice_read(command, "require", name, names, &at) == EXIT_OK ? (int)at + 1 : 0;
}

static void show_required(const void *response)
{
    (void)response;
    puts("required");
}

static int require(struct session *s, const struct verb_args *args)
{
    static char path[] = "two_person";
    char *paths[] = {path};
    Chancery__V1__ApprovalOperation operations[OPERATIONS];
    Chancery__V1__UpdateTenantRequest request;
    Chancery__V1__Tenant tenant;
    Google__Protobuf__FieldMask mask;
    chancery__v1__update_tenant_request__init(&request);
    chancery__v1__tenant__init(&tenant);
    google__protobuf__field_mask__init(&mask);
    bool none = args->operand_count == 1 && strcmp(args->operands[0], "none") == 0;
    for (size_t i = 0; !none && i < args->operand_count; i++) {
        int operation = operation_named(s->command, args->operands[i]);
        if (operation == 0) {
            return EXIT_USAGE;
        }
        operations[tenant.n_two_person++] = (Chancery__V1__ApprovalOperation)operation;
    }
    tenant.two_person = operations;
    tenant.tenant = text_field(args->tenant);
    mask.paths = paths;
    mask.n_paths = 1;
    request.tenant = &tenant;
    request.update_mask = &mask;
    return verb_call(s, args, "TenantService/UpdateTenant", &request.base,
                     &chancery__v1__update_tenant_response__descriptor, show_required);
}

static const struct verb VERBS[] = {
    {"list", 0, 0, NULL, list},
    {"show", 1, 1, "one approval id", show},
    {"approve", 1, 1, "one approval id", approve},
    {"reject", 1, 1, "one approval id", reject},
    {"withdraw", 1, 1, "one approval id", withdraw},
    {"require", 1, OPERATIONS - 1, "operations, or none", require},
};

static int run(int argc, char **argv)
{
    struct approval_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"--tenant", &args.common.tenant, NULL, NULL},
                                        {"--all", NULL, &args.all, NULL}};
    argc = options_take(&command_approval, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_approval, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_approval = {
    .name = "approval",
    .summary = "approve what another admin asked for, or require approval",
    .help = HELP,
    .run = run};
