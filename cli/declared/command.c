/* SPDX-License-Identifier: Apache-2.0 */
/* chancery export, diff, apply */
#include <stdio.h>

#include "cli/declared/carry_out.h"
#include "cli/declared/export.h"
#include "cli/declared/patch.h"
#include "cli/declared/report.h"
#include "cli/verbs.h"

static const char EXPORT_HELP[] =
    "usage: chancery export --profile FILE [--tenant NAME] [--etags] [KIND…]\n"
    "\n"
    "Writes the state that admins set as YAML, one document for each resource, for chancery apply:\n"
    "all of the caller's tenant; of a platform admin boundaries, their rules, tenants, and the\n"
    "issuers and components of the platform. No keys, passwords or other secrets are in it. It has no\n"
    "-o, because YAML is what it writes.\n"
    "\n"
    "  --tenant NAME  for platform admins: what they administer of this tenant\n"
    "  --etags        with the state of each, so that apply refuses what was changed since\n"
    "\n"
    "Kinds are Boundary, BoundaryRule, Tenant, Domain, Denial, Exclusion, Issuer, TenantMapping,\n"
    "Component, Template, Branding and Rule.\n"
    "\n"
    "  chancery export --profile contoso-admin.yaml > contoso.yaml\n"
    "  chancery export --profile contoso-admin.yaml Template Rule > mail.yaml\n"
    "\n"
    "Next: change the file; chancery diff shows what apply would do.\n";
static const char DIFF_HELP[] =
    "usage: chancery diff --profile FILE -f PATH… [--tenant NAME] [--prune] [--exit-code]\n"
    "                     [-o json|yaml]\n"
    "\n"
    "Shows what chancery apply would do, like a patch, and changes nothing.\n"
    "\n"
    "  -f PATH        a file, a folder with files named .yaml or .yml, or - for standard input; more\n"
    "                 than once for several\n"
    "  --tenant NAME  whose the documents are that don't say it; without it the caller's\n"
    "  --prune        as for apply\n"
    "  --exit-code    end with 1 where there is a difference, for scripts\n"
    "  -o json|yaml   the plan as one document, for programs\n"
    "\n"
    "  chancery diff --profile contoso-admin.yaml -f contoso/\n"
    "\n"
    "Next: chancery apply does it.\n";
static const char APPLY_HELP[] =
    "usage: chancery apply --profile FILE -f PATH… [--tenant NAME] [--prune [--yes]] [--exit-code]\n"
    "                      [-o json|yaml]\n"
    "\n"
    "Makes and changes resources until they are as documents say, which chancery export writes. What a\n"
    "document doesn't name stays as it is; what is as declared already is not touched, so it may be\n"
    "applied again at any time. What somebody else changes meanwhile is never overwritten. The order\n"
    "of mail-flow rules is that of their documents.\n"
    "\n"
    "  -f PATH        a file, a folder with files named .yaml or .yml, or - for standard input; more\n"
    "                 than once for several\n"
    "  --tenant NAME  whose the documents are that don't say it; without it the caller's\n"
    "  --prune        also remove what no document describes, of the kinds that are in them\n"
    "  --yes          for --prune: don't ask\n"
    "  --exit-code    end with 1 where changes wait for another admin, for scripts\n"
    "  -o json|yaml   what was done as one document, for programs; also where one failed. With --prune\n"
    "                 it needs --yes\n"
    "\n"
    "All changes of a tenant are made together, or none of them: nobody sees a part. It stops at the\n"
    "first tenant where one is refused. Run it again when that is mended: it goes on there.\n"
    "\n"
    "  apiVersion: chancery.v1\n"
    "  kind: Template\n"
    "  metadata: {tenant: contoso}\n"
    "  spec:\n"
    "    names: [{language: en, text: Confidential}]\n"
    "    grants: [{principals: ['tenant:contoso'], rights: [VIEW, REPLY]}]\n"
    "\n"
    "  chancery apply --profile contoso-admin.yaml -f contoso/\n"
    "\n"
    "Next: chancery diff --exit-code tells of whatever is changed by other means.\n";

struct declared_args {
    struct verb_args common;
    const char **paths;
    bool prunes, has_exit_code, etags;
};

/* --- export ----------------------------------------------------------------------------------- */

static int run_export(int argc, char **argv)
{
    struct declared_args args = {0};
    const struct option_spec specs[] = {{"--profile", &args.common.profile, NULL, NULL},
                                        {"--tenant", &args.common.tenant, NULL, NULL},
                                        {"--etags", NULL, &args.etags, NULL}};
    struct session session;
    struct state state;
    argc = options_take(&command_export, specs, sizeof specs / sizeof specs[0], argc, argv);
    int code = session_open(&session, &command_export, args.common.profile);
    if (code != EXIT_OK) {
        return code;
    }
    code = state_begin(&state, &session);
    if (code == EXIT_OK) {
        const char *tenant = args.common.tenant == NULL ? state.own_tenant : args.common.tenant;
        code = export_print(&state, tenant, argv + 1, (size_t)argc - 1, args.etags);
    }
    session_close(&session);
    return code;
}

/* --- diff and apply --------------------------------------------------------------------------- */

/* Open a session and make the plan. The session is open only if that is EXIT_OK. */
static int plan_for(const struct command *command, struct declared_args *args, int argc,
                    char **argv, struct session *session, struct plan *plan)
{
    struct documents documents;
    if (argc > 1) {
        return usage_error(command, "it takes no operand: %s", argv[1]);
    }
    if (args->paths == NULL) {
        return usage_error(command, "-f PATH is required");
    }
    int code = answer_read(command, args->common.format, &args->common.answer);
    code = code == EXIT_OK ? session_open(session, command, args->common.profile) : code;
    if (code != EXIT_OK) {
        return code;
    }
    code = documents_read(session, args->paths, &documents);
    if (code == EXIT_OK) {
        code = plan_make(session, documents, args->common.tenant, args->prunes, plan);
    }
    if (code != EXIT_OK) {
        session_close(session);
    }
    return code;
}

static int run_diff(int argc, char **argv)
{
    struct declared_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"-f", NULL, NULL, &args.paths},
                                        {"--tenant", &args.common.tenant, NULL, NULL},
                                        {"--prune", NULL, &args.prunes, NULL},
                                        {"--exit-code", NULL, &args.has_exit_code, NULL}};
    struct session session;
    struct plan plan;
    argc = options_take(&command_diff, specs, sizeof specs / sizeof specs[0], argc, argv);
    int code = plan_for(&command_diff, &args, argc, argv, &session, &plan);
    if (code != EXIT_OK) {
        return code;
    }
    if (args.common.answer != ANSWER_TEXT) {
        code = report_print(&plan, args.common.answer);
    } else {
        patch_print(&plan);
        patch_print_summary(&plan);
    }
    session_close(&session);
    return code == EXIT_OK && args.has_exit_code && plan.count > 0 ? EXIT_FAILED : code;
}

/* Whoever prunes sees what goes before they are asked. */
static int confirm(const struct session *session, const struct declared_args *args,
                   const struct plan *plan)
{
    char what[64];
    size_t count = plan_count(plan, ACT_REMOVE);
    if (count == 0 || args->common.is_sure) {
        return EXIT_OK;
    }
    if (args->common.answer != ANSWER_TEXT) {
        return usage_error(session->command,
                           "--prune would remove %zu resources: with -o say --yes too", count);
    }
    patch_print(plan);
    fflush(stdout);
    snprintf(what, sizeof what, "%zu resources that no document describes", count);
    return verb_confirm(session, &args->common, "remove", what,
                        "what they say is lost, unless it was exported");
}

static void tell_applied(const struct plan *plan, const struct carried_out *done)
{
    printf("%zu changes; %zu as declared already\n", done->made, plan->same);
    if (done->waiting > 0) {
        printf("%zu wait for another admin: apply again when they are approved\n", done->waiting);
    }
}

/* A document is printed of what failed, too: it says what was done before. */
static int apply(const struct declared_args *args, struct plan *plan)
{
    struct carried_out done;
    enum answer answer = args->common.answer;
    int code = carry_out(plan, answer, &done), printed = EXIT_OK;
    if (answer != ANSWER_TEXT) {
        printed = report_print(plan, answer);
    } else if (code == EXIT_OK) {
        tell_applied(plan, &done);
    }
    if (code == EXIT_OK && printed == EXIT_OK) {
        code = args->has_exit_code && done.waiting > 0 ? EXIT_FAILED : EXIT_OK;
    }
    return code == EXIT_OK ? printed : code;
}

static int run_apply(int argc, char **argv)
{
    struct declared_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"-f", NULL, NULL, &args.paths},
                                        {"--tenant", &args.common.tenant, NULL, NULL},
                                        {"--prune", NULL, &args.prunes, NULL},
                                        {"--exit-code", NULL, &args.has_exit_code, NULL},
                                        YES_OPTION(args.common)};
    struct session session;
    struct plan plan;
    argc = options_take(&command_apply, specs, sizeof specs / sizeof specs[0], argc, argv);
    int code = plan_for(&command_apply, &args, argc, argv, &session, &plan);
    if (code != EXIT_OK) {
        return code;
    }
    code = confirm(&session, &args, &plan);
    if (code == EXIT_OK) {
        code = apply(&args, &plan);
    }
    session_close(&session);
    return code;
}

const struct command command_export = {.name = "export",
                                       .summary = "write what admins set as YAML",
                                       .help = EXPORT_HELP,
                                       .run = run_export};
const struct command command_diff = {
    .name = "diff", .summary = "show what apply would change", .help = DIFF_HELP, .run = run_diff};
const struct command command_apply = {.name = "apply",
                                      .summary = "make everything as YAML documents say",
                                      .help = APPLY_HELP,
                                      .run = run_apply};
