/* SPDX-License-Identifier: Apache-2.0 */
/* chancery boundary */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/boundary.pb-c.h"
#include "cli/table.h"
#include "cli/verbs.h"

static const char HELP[] =
    "usage: chancery boundary list   --profile FILE [-o json|yaml]\n"
    "       chancery boundary show   --profile FILE NAME [-o json|yaml]\n"
    "       chancery boundary create --profile FILE NAME --suite p256|p384 [OPTION…] [-o json|yaml]\n"
    "       chancery boundary update --profile FILE NAME [OPTION…] [-o json|yaml]\n"
    "       chancery boundary rule   --profile FILE CONTENT READER native|portal|block|built-in\n"
    "\n"
    "Sovereign clouds, and what may pass between them. For platform admins; tenant admins and\n"
    "auditors may look. Changes hold from the next license on.\n"
    "\n"
    "  --suite p256|p384       curve and hash of its tenants' keys; fixed once it has tenants\n"
    "  --display-name TEXT     name for people\n"
    "  --fips yes|no           whether only nodes with a FIPS provider may serve it\n"
    "  --authority-url URL     where its authority answers; other nodes send callers there\n"
    "  --portal-url URL        where its portal answers; refused readers are told of it\n"
    "\n"
    "A rule says how content of one boundary reaches readers of another, or of external: people\n"
    "of no tenant. It holds in this direction only. The built-in rule is native within a boundary\n"
    "and between commercial and gcc, and portal otherwise.\n"
    "\n"
    "  chancery boundary create --profile platform-admin.yaml nordic --suite p384\n"
    "  chancery boundary rule --profile platform-admin.yaml nordic external block\n"
    "\n"
    "Next: chancery tenant create --boundary NAME makes a tenant in it; chancery partner lets two\n"
    "tenants of different boundaries read each other's content natively.\n";

struct boundary_args {
    struct verb_args common;
    const char *suite, *display_name, *fips, *authority_url, *portal_url;
};

static const char *const RULES[] = {"built-in", "native", "portal", "block", NULL};
static const char *const SUITES[] = {"", "p256", "p384", NULL};

/* --- list and show ------------------------------------------------------------------------------ */

static void show_all(Chancery__V1__Boundary *const *boundaries, size_t count)
{
    struct table table;
    table_begin(&table, "BOUNDARY", "SUITE", "FIPS", "NAME", "AUTHORITY", "PORTAL", NULL);
    for (size_t i = 0; i < count; i++) {
        const Chancery__V1__Boundary *b = boundaries[i];
        table_row(&table, b->boundary, SUITES[b->suite <= 2 ? b->suite : 0], b->fips ? "fips" : "",
                  b->display_name, b->authority_url, b->portal_url, NULL);
    }
    table_end(&table);
}

static void show_rules(Chancery__V1__BoundaryRule *const *rules, size_t count)
{
    struct table table;
    table_begin(&table, "CONTENT OF", "READERS OF", "RULE", NULL);
    for (size_t i = 0; i < count; i++) {
        table_row(&table, rules[i]->content_boundary, rules[i]->reader_boundary,
                  RULES[rules[i]->rule <= 3 ? rules[i]->rule : 0], NULL);
    }
    fputs(count > 0 ? "\n" : "", stdout);
    table_end(&table);
}

static void show_list(const void *response)
{
    const Chancery__V1__ListBoundariesResponse *r = response;
    show_all(r->boundaries, r->n_boundaries);
    show_rules(r->rules, r->n_rules);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListBoundariesRequest request;
    chancery__v1__list_boundaries_request__init(&request);
    request.page_size = 200; /* one page: there are at most 100 boundaries */
    return verb_call(s, args, "BoundaryService/ListBoundaries", &request.base,
                     &chancery__v1__list_boundaries_response__descriptor, show_list);
}

static void show_found(const void *response)
{
    const Chancery__V1__GetBoundaryResponse *r = response;
    show_all(&r->boundary, 1);
    show_rules(r->rules, r->n_rules);
}

static int show(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetBoundaryRequest request;
    chancery__v1__get_boundary_request__init(&request);
    request.boundary = args->operands[0];
    return verb_call(s, args, "BoundaryService/GetBoundary", &request.base,
                     &chancery__v1__get_boundary_response__descriptor, show_found);
}

/* --- create and update -------------------------------------------------------------------------- */

/* Put the fields that were given into the boundary, and their names into `mask`. Returns how many
 * they are; -1 after a usage error. */
static int read_fields(const struct session *s, const struct boundary_args *args,
                       Chancery__V1__Boundary *b, char **mask)
{
    int count = 0;
    static const char *const answers[] = {"no", "yes", NULL};
    size_t suite = 0, fips = 0;
    if ((args->suite != NULL &&
         choice_read(s->command, "--suite", args->suite, SUITES + 1, &suite) != EXIT_OK) ||
        (args->fips != NULL &&
         choice_read(s->command, "--fips", args->fips, answers, &fips) != EXIT_OK)) {
        return -1;
    }
    b->suite = (Chancery__V1__CryptoSuite)(args->suite == NULL ? 0 : suite + 1);
    b->fips = fips == 1;
    b->display_name = text_field(args->display_name);
    b->authority_url = text_field(args->authority_url);
    b->portal_url = text_field(args->portal_url);
    const struct {
        const char *given, *path;
    } fields[] = {{args->suite, "suite"},
                  {args->fips, "fips"},
                  {args->display_name, "display_name"},
                  {args->authority_url, "authority_url"},
                  {args->portal_url, "portal_url"}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].given != NULL) {
            mask[count++] = text_field(fields[i].path);
        }
    }
    return count;
}

enum { FIELDS_MAX = 5 };

static void show_created(const void *response)
{
    show_all(&((const Chancery__V1__CreateBoundaryResponse *)response)->boundary, 1);
}

static int create(struct session *s, const struct verb_args *common)
{
    const struct boundary_args *args = (const void *)common;
    char *mask[FIELDS_MAX];
    Chancery__V1__CreateBoundaryRequest request;
    Chancery__V1__Boundary boundary;
    chancery__v1__create_boundary_request__init(&request);
    chancery__v1__boundary__init(&boundary);
    request.boundary = &boundary;
    boundary.boundary = common->operands[0];
    if (args->suite == NULL) {
        return usage_error(s->command, "--suite is required");
    }
    if (read_fields(s, args, &boundary, mask) < 0) {
        return EXIT_USAGE;
    }
    return verb_call(s, common, "BoundaryService/CreateBoundary", &request.base,
                     &chancery__v1__create_boundary_response__descriptor, show_created);
}

static void show_updated(const void *response)
{
    show_all(&((const Chancery__V1__UpdateBoundaryResponse *)response)->boundary, 1);
}

static int update(struct session *s, const struct verb_args *common)
{
    const struct boundary_args *args = (const void *)common;
    char *mask[FIELDS_MAX];
    Chancery__V1__UpdateBoundaryRequest request;
    Chancery__V1__Boundary boundary;
    Google__Protobuf__FieldMask paths;
    chancery__v1__update_boundary_request__init(&request);
    chancery__v1__boundary__init(&boundary);
    google__protobuf__field_mask__init(&paths);
    request.boundary = &boundary;
    request.update_mask = &paths;
    boundary.boundary = common->operands[0];
    int count = read_fields(s, args, &boundary, mask);
    if (count <= 0) {
        return count < 0 ? EXIT_USAGE : usage_error(s->command, "say what to change");
    }
    paths.paths = mask;
    paths.n_paths = (size_t)count;
    return verb_call(s, common, "BoundaryService/UpdateBoundary", &request.base,
                     &chancery__v1__update_boundary_response__descriptor, show_updated);
}

/* --- rule ------------------------------------------------------------------------------------- */

static void show_rule(const void *response)
{
    const Chancery__V1__SetRuleResponse *r = response;
    printf("%s to %s: %s\n", r->rule->content_boundary, r->rule->reader_boundary,
           RULES[r->rule->rule <= 3 ? r->rule->rule : 0]);
}

static int rule(struct session *s, const struct verb_args *args)
{
    Chancery__V1__SetRuleRequest request;
    Chancery__V1__BoundaryRule one;
    chancery__v1__set_rule_request__init(&request);
    chancery__v1__boundary_rule__init(&one);
    size_t number;
    if (choice_read(s->command, "rule", args->operands[2], RULES, &number) != EXIT_OK) {
        return EXIT_USAGE;
    }
    request.rule = &one;
    one.content_boundary = args->operands[0];
    one.reader_boundary = args->operands[1];
    one.rule = (Chancery__V1__DeliveryRule)number;
    return verb_call(s, args, "BoundaryService/SetRule", &request.base,
                     &chancery__v1__set_rule_response__descriptor, show_rule);
}

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"show", 1, 1, "one name", show},
                                    {"create", 1, 1, "one name", create},
                                    {"update", 1, 1, "one name", update},
                                    {"rule", 3, 3, "two boundaries and a rule", rule}};

static int run(int argc, char **argv)
{
    struct boundary_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"--suite", &args.suite, NULL, NULL},
                                        {"--display-name", &args.display_name, NULL, NULL},
                                        {"--fips", &args.fips, NULL, NULL},
                                        {"--authority-url", &args.authority_url, NULL, NULL},
                                        {"--portal-url", &args.portal_url, NULL, NULL}};
    argc = options_take(&command_boundary, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_boundary, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_boundary = {.name = "boundary",
                                         .summary =
                                             "make sovereign clouds, and the rules between them",
                                         .help = HELP,
                                         .run = run};
