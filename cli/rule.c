/* SPDX-License-Identifier: Apache-2.0 */
/* chancery rule */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/mail_flow.pb-c.h"
#include "cli/number.h"
#include "cli/rule.h"
#include "cli/table.h"

static const char HELP[] =
    "usage: chancery rule list    --profile FILE [-o json|yaml]\n"
    "       chancery rule create  --profile FILE -f RULE.yaml [--position N] [-o json|yaml]\n"
    "       chancery rule show    --profile FILE ID\n"
    "       chancery rule update  --profile FILE -f RULE.yaml ID\n"
    "       chancery rule mode    --profile FILE ID enforce|test|off\n"
    "       chancery rule delete  --profile FILE [--yes] ID\n"
    "       chancery rule reorder --profile FILE ID…\n"
    "       chancery rule explain --profile FILE --mail MAIL.eml [--sender ADDRESS] [RECIPIENT…]\n"
    "       chancery rule explain --profile FILE --sender ADDRESS [-f FACTS.yaml] [--subject TEXT]\n"
    "                             [--body FILE] [RECIPIENT…]\n"
    "\n"
    "Mail-flow rules of the tenant whose admin the profile names, in their order: what a gateway\n"
    "does with a message. All conditions of a rule must hold, and no exception. The first rule\n"
    "that says how a message is protected has the word; `stop` ends the rules, and so does\n"
    "blocking. A rule in test mode is reported and does nothing.\n"
    "\n"
    "  --position N  where a new rule goes, from 1; without it behind all others\n"
    "\n"
    "A rule file has the fields of chancery.v1.Rule:\n"
    "\n"
    "  name: Contracts that leave the house\n"
    "  mode: TEST\n"
    "  conditions:\n"
    "  - recipient: {side: OUTSIDE}\n"
    "  - text: {place: SUBJECT_OR_BODY, words: [contract, strictly confidential]}\n"
    "  exceptions:\n"
    "  - sender: {groups: [press@contoso.com]}\n"
    "  actions: {protection: DO_NOT_FORWARD}\n"
    "\n"
    "A condition looks at one of sender, recipient, text, attachment, size, label, kind, and\n"
    "holds if any of what it names is found. Words are found at the boundaries of words without\n"
    "regard to case; `patterns` have RE2's syntax and begin with (?i) to disregard it. update\n"
    "changes the fields that the file sets; what it lists replaces the list. reorder takes the ids\n"
    "of all rules, in their new order.\n"
    "\n"
    "explain says of each rule what it would make of a message: that it matches and what was found,\n"
    "or the first condition that doesn't hold, or the exception that does. Nothing is sent, and\n"
    "nothing of the message is kept. --mail takes what a gateway would see of a mail; From is the\n"
    "sender, and To and Cc are the recipients, unless others are named. -f has what the options\n"
    "don't say, with the fields of chancery.v1.MessageFacts (headers' values and names of\n"
    "attachments are base64):\n"
    "\n"
    "  size: 40000\n"
    "  labels: [Internal]\n"
    "  attachments: [{type: application/pdf, size: 30000}]\n"
    "\n"
    "  chancery rule create --profile contoso-admin.yaml -f contracts.yaml\n"
    "  chancery rule explain --profile contoso-admin.yaml --sender alice@contoso.com \\\n"
    "      --subject 'The contract' --body text.txt bob@fabrikam.com\n"
    "  chancery rule explain --profile contoso-admin.yaml --mail sent.eml\n"
    "  chancery rule mode   --profile contoso-admin.yaml ID enforce\n"
    "\n"
    "Next: chancery audit shows who changed a rule.\n";

static const char *const MODES[] = {"?", "enforce", "test", "off"};

static const char *mode_of(const Chancery__V1__Rule *rule)
{
    size_t mode = (size_t)rule->mode;
    return MODES[mode < sizeof MODES / sizeof MODES[0] ? mode : 0];
}

static void show_list(const void *response)
{
    const Chancery__V1__ListRulesResponse *r = response;
    struct table table;
    table_begin(&table, "POSITION", "ID", "MODE", "NAME", "NOTE", NULL);
    for (size_t i = 0; i < r->n_rules; i++) {
        const Chancery__V1__Rule *rule = r->rules[i];
        char position[16];
        snprintf(position, sizeof position, "%d", (int)rule->position);
        table_row(&table, position, rule->rule_id, mode_of(rule), rule->name,
                  rule->unreadable ? "unreadable: no message is evaluated" : "", NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListRulesRequest request;
    chancery__v1__list_rules_request__init(&request);
    return verb_list(s, args, "MailFlowService/ListRules", &request.base,
                     &chancery__v1__list_rules_response__descriptor, show_list);
}

static void show_created(const void *response)
{
    const Chancery__V1__CreateRuleResponse *r = response;
    puts(r->rule->rule_id);
}

static int create(struct session *s, const struct verb_args *args)
{
    const struct rule_args *own = (const struct rule_args *)args;
    ProtobufCMessage *message = NULL;
    uint32_t position = 0;
    Chancery__V1__CreateRuleRequest request;
    chancery__v1__create_rule_request__init(&request);
    int code = verb_read_file(s, own->file, &chancery__v1__rule__descriptor, &message);
    if (code == EXIT_OK && own->position != NULL) {
        code = number_read(&command_rule, "--position", own->position, 1, INT32_MAX, &position);
    }
    if (code != EXIT_OK) {
        return code;
    }
    request.rule = (Chancery__V1__Rule *)message;
    request.position = (int32_t)position;
    return verb_call(s, args, "MailFlowService/CreateRule", &request.base,
                     &chancery__v1__create_rule_response__descriptor, show_created);
}

static int show(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetRuleRequest request;
    chancery__v1__get_rule_request__init(&request);
    request.rule_id = args->operands[0];
    return verb_call(s, args, "MailFlowService/GetRule", &request.base,
                     &chancery__v1__get_rule_response__descriptor, NULL);
}

static int change(struct session *s, const struct verb_args *args, Chancery__V1__Rule *rule)
{
    Chancery__V1__UpdateRuleRequest request;
    chancery__v1__update_rule_request__init(&request);
    rule->rule_id = args->operands[0];
    request.rule = rule;
    return verb_act(s, args, "MailFlowService/UpdateRule", &request.base,
                    &chancery__v1__update_rule_response__descriptor, "changed");
}

static int update(struct session *s, const struct verb_args *args)
{
    const struct rule_args *own = (const struct rule_args *)args;
    ProtobufCMessage *message = NULL;
    int code = verb_read_file(s, own->file, &chancery__v1__rule__descriptor, &message);
    return code == EXIT_OK ? change(s, args, (Chancery__V1__Rule *)message) : code;
}

static int set_mode(struct session *s, const struct verb_args *args)
{
    static const char *const names[] = {"enforce", "test", "off", NULL};
    size_t mode;
    Chancery__V1__Rule rule;
    int code = choice_read(&command_rule, NULL, args->operands[1], names, &mode);
    if (code != EXIT_OK) {
        return code;
    }
    chancery__v1__rule__init(&rule);
    rule.mode = (Chancery__V1__RuleMode)(mode + 1);
    return change(s, args, &rule);
}

static int delete (struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteRuleRequest request;
    chancery__v1__delete_rule_request__init(&request);
    request.rule_id = args->operands[0];
    int code = verb_confirm(s, args, "delete rule", args->operands[0],
                            "what it says is lost, unless you have its file");
    return code != EXIT_OK ? code
                           : verb_act(s, args, "MailFlowService/DeleteRule", &request.base,
                                      &chancery__v1__delete_rule_response__descriptor, "removed");
}

static int reorder(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ReorderRulesRequest request;
    chancery__v1__reorder_rules_request__init(&request);
    request.rule_ids = args->operands;
    request.n_rule_ids = args->operand_count;
    return verb_act(s, args, "MailFlowService/ReorderRules", &request.base,
                    &chancery__v1__reorder_rules_response__descriptor, "reordered");
}

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"create", 0, 0, NULL, create},
                                    {"show", 1, 1, "one rule id", show},
                                    {"update", 1, 1, "one rule id", update},
                                    {"mode", 2, 2, "a rule id, and enforce, test or off", set_mode},
                                    {"delete", 1, 1, "one rule id", delete},
                                    {"reorder", 1, 1000, "the ids of all rules", reorder},
                                    {"explain", 0, 1000, "recipients", rule_explain}};

static int run(int argc, char **argv)
{
    struct rule_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        YES_OPTION(args.common),
                                        {"-f", &args.file, NULL, NULL},
                                        {"--position", &args.position, NULL, NULL},
                                        {"--mail", &args.mail, NULL, NULL},
                                        {"--sender", &args.sender, NULL, NULL},
                                        {"--subject", &args.subject, NULL, NULL},
                                        {"--body", &args.body, NULL, NULL}};
    argc = options_take(&command_rule, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_rule, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_rule = {
    .name = "rule",
    .summary = "list, create, show, change, reorder, remove and explain mail-flow rules",
    .help = HELP,
    .run = run};
