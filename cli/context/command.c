/* SPDX-License-Identifier: Apache-2.0 */
/* chancery context */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "chancery/config/v1/context.pb-c.h"
#include "cli/context/context.h"
#include "cli/login.h"
#include "cli/table.h"

static const char HELP[] =
    "usage: chancery context list   [-o json|yaml]\n"
    "       chancery context add    NAME --server URL [OPTION…]\n"
    "       chancery context add    NAME --profile FILE [OPTION…]\n"
    "       chancery context use    NAME\n"
    "       chancery context show   [NAME] [-o json|yaml]\n"
    "       chancery context remove NAME\n"
    "\n"
    "Profiles with a name: which authority is asked, and as whom. --profile NAME uses one for one\n"
    "command, the environment's CHANCERY_PROFILE for a shell, and use for all that name none; the\n"
    "first of the three counts. A name has lower-case letters, digits and dashes. Whatever else\n"
    "--profile and CHANCERY_PROFILE name is the file of a profile, such as ./bob.\n"
    "\n"
    "  list     all of them; a * stands before the one that is used\n"
    "  add      makes one; the first one is used at once\n"
    "  use      says which one is used where none is named\n"
    "  show     what one says, without a name the one that is used\n"
    "  remove   forgets one, and what chancery login has got for it; the keys and tokens that it names\n"
    "           stay\n"
    "\n"
    "  --server URL         https://host:port or unix:/path\n"
    "  --ca FILE            authorities for the server's certificate (PEM); without it, the system's\n"
    "  --authority-url URL  the authority's own address, where it isn't the server's\n"
    "  --certificate FILE   a component's certificate (PEM)\n"
    "  --key FILE           and its key, readable by you only\n"
    "  --token FILE         the file with your token\n"
    "  --dpop-key FILE      the key to which the token is bound\n"
    "  --issuer URL         by whom chancery login signs in: an OpenID provider, as its tokens name it\n"
    "  --client-id ID       and under which client id\n"
    "  --client-secret FILE the client's secret, where it has one, readable by you only\n"
    "  --scope NAME         what is asked for, once for each; without it openid, email and, where the\n"
    "                       provider knows it, offline_access\n"
    "  --issuer-ca FILE     authorities for the provider's certificate (PEM)\n"
    "  --profile FILE       take over what this profile says\n"
    "  --use                use it at once\n"
    "  --replace            also in place of one that there is\n"
    "\n"
    "A context is a file of ~/.config/chancery/contexts ($XDG_CONFIG_HOME), with the fields of\n"
    "docs/config.md. Keys and tokens stay where they are. A context that others may write to is\n"
    "refused. add, use and remove have no -o.\n"
    "\n"
    "  chancery context add contoso-admin --server https://rms.example.org \\\n"
    "      --certificate admin.pem --key admin.key\n"
    "  chancery context use contoso-admin\n"
    "\n"
    "Next: chancery whoami asks the authority whom it takes you for.\n";

typedef Chancery__Config__V1__Context Context;

/* --- list and show ---------------------------------------------------------------------------- */

/* With its problem in place of what it says, so that the others are shown. */
static rc load(struct arena *arena, const char *name, const char *current, Context **out,
               struct err *err)
{
    struct err why = {0};
    const char *file;
    TRY(context_file(arena, name, &file, err));
    Context *context = ARENA_NEW(arena, Context);
    ARENA_ENSURE(context, err);
    chancery__config__v1__context__init(context);
    context->name = text_field(name);
    context->file = text_field(file);
    context->current = strcmp(name, current) == 0;
    if (!profile_read(arena, file, &context->profile, &why).ok) {
        context->problem = arena_strdup(arena, err_words(&why));
        ARENA_ENSURE(context->problem, err);
    }
    *out = context;
    return OK;
}

static const char *as_whom(const Profile *p)
{
    const char *signed_in = p->login == NULL ? "" : p->login->issuer;
    const char *token = p->token_file[0] == '\0' ? signed_in : p->token_file;
    return p->certificate_file[0] != '\0' ? p->certificate_file : token;
}

static const char *shown(struct arena *arena, const char *text)
{
    const char *escaped = utf8_escaped(arena, text, UTF8_LINE);
    CH_ASSERT(escaped != NULL); /* a session's arena is far larger than a profile */
    return escaped;
}

static void show_list(struct arena *arena, const Chancery__Config__V1__Contexts *list)
{
    struct table table;
    table_begin(&table, "", "NAME", "SERVER", "CREDENTIAL", NULL);
    for (size_t i = 0; i < list->n_contexts; i++) {
        const Context *c = list->contexts[i];
        table_row(&table, c->current ? "*" : "", c->name,
                  shown(arena, c->profile == NULL ? c->problem : c->profile->server),
                  shown(arena, c->profile == NULL ? "" : as_whom(c->profile)), NULL);
    }
    table_end(&table);
}

static rc load_all(struct arena *arena, Chancery__Config__V1__Contexts *list, struct err *err)
{
    char *const *names;
    const char *current;
    size_t count;
    if (!context_current(arena, &current, NULL).ok) {
        current = ""; /* whoever uses it is told; here one is found to use instead */
    }
    TRY(context_names(arena, &names, &count, err));
    list->contexts = ARENA_ARRAY(arena, Context *, count + 1);
    ARENA_ENSURE(list->contexts, err);
    for (; list->n_contexts < count; list->n_contexts++) {
        TRY(load(arena, names[list->n_contexts], current, &list->contexts[list->n_contexts], err));
    }
    return OK;
}

static int list(struct session *s, const struct context_args *args, const char *name)
{
    struct err err = {0};
    Chancery__Config__V1__Contexts contexts;
    (void)name;
    chancery__config__v1__contexts__init(&contexts);
    if (!load_all(s->arena, &contexts, &err).ok) {
        return fail_with(s->command, &err);
    }
    if (args->answer != ANSWER_TEXT) {
        return answer_print(s, args->answer, &contexts.base);
    }
    show_list(s->arena, &contexts);
    return EXIT_OK;
}

static int no_context(struct session *s)
{
    return usage_error(s->command, "no context is used: name one");
}

/* The one that is named, or the current one; it must be there. */
static rc find(struct session *s, const char *name, struct profile_name *out, struct err *err)
{
    if (name == NULL) {
        TRY(context_current(s->arena, &name, err));
    } else if (!context_is_name(name)) {
        FAIL(err, R_PROFILE_INVALID, "%s is no context's name", name);
    }
    return profile_find(s->arena, name, out, err);
}

static int show(struct session *s, const struct context_args *args, const char *name)
{
    struct err err = {0};
    struct profile_name named;
    Profile *profile = NULL;
    if (!find(s, name, &named, &err).ok) {
        return fail_with(s->command, &err);
    }
    if (named.file == NULL) {
        return no_context(s);
    }
    if (!profile_read(s->arena, named.file, &profile, &err).ok) {
        return fail_with(s->command, &err);
    }
    return answer_print(s, args->answer == ANSWER_JSON ? ANSWER_JSON : ANSWER_YAML, &profile->base);
}

/* --- use and remove --------------------------------------------------------------------------- */

static rc use_it(struct session *s, const char *name, struct err *err)
{
    struct profile_name named;
    TRY(find(s, name, &named, err));
    return context_set_current(s->arena, name, err);
}

static int use(struct session *s, const struct context_args *args, const char *name)
{
    struct err err = {0};
    (void)args;
    return use_it(s, name, &err).ok ? EXIT_OK : fail_with(s->command, &err);
}

static rc remove_it(struct session *s, const char *name, struct err *err)
{
    struct profile_name named;
    const char *current;
    TRY(find(s, name, &named, err));
    TRY(context_current(s->arena, &current, err));
    AUTO(login_unlock) int lock = -1;
    bool was_there;
    TRY(login_lock(s->arena, name, &lock, err));
    TRY(login_forget(s->arena, name, &was_there, err));
    TRY(context_delete(s->arena, name, err));
    if (strcmp(name, current) != 0) {
        return OK;
    }
    puts("none is used now: chancery context use NAME");
    return context_set_current(s->arena, "", err);
}

static int remove_one(struct session *s, const struct context_args *args, const char *name)
{
    struct err err = {0};
    (void)args;
    return remove_it(s, name, &err).ok ? EXIT_OK : fail_with(s->command, &err);
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct context_verb {
    const char *name;
    int least, most; /* operands */
    bool has_answer; /* it prints a document, so it takes -o */
    int (*run)(struct session *s, const struct context_args *args, const char *name);
} VERBS[] = {{"list", 0, 0, true, list},
             {"add", 1, 1, false, context_add},
             {"use", 1, 1, false, use},
             {"show", 0, 1, true, show},
             {"remove", 1, 1, false, remove_one}};
static const char *const VERB_NAMES[] = {"list", "add", "use", "show", "remove", NULL};

static int run_verb(const struct context_verb *verb, struct context_args *args, const char *name)
{
    struct session session;
    if (args->format != NULL && !verb->has_answer) {
        return usage_error(&command_context, "%s has no -o", verb->name);
    }
    int code = answer_read(&command_context, args->format, &args->answer);
    code = code == EXIT_OK ? session_begin(&session, &command_context) : code;
    if (code == EXIT_OK) {
        code = verb->run(&session, args, name);
        session_close(&session);
    }
    return code;
}

static int run(int argc, char **argv)
{
    struct context_args args = {0};
    const struct option_spec specs[] = {{"-o", &args.format, NULL, NULL},
                                        {"--profile", &args.profile, NULL, NULL},
                                        {"--server", &args.server, NULL, NULL},
                                        {"--ca", &args.ca, NULL, NULL},
                                        {"--authority-url", &args.authority_url, NULL, NULL},
                                        {"--certificate", &args.certificate, NULL, NULL},
                                        {"--key", &args.key, NULL, NULL},
                                        {"--token", &args.token, NULL, NULL},
                                        {"--dpop-key", &args.dpop_key, NULL, NULL},
                                        {"--issuer", &args.issuer, NULL, NULL},
                                        {"--client-id", &args.client_id, NULL, NULL},
                                        {"--client-secret", &args.client_secret, NULL, NULL},
                                        {"--scope", NULL, NULL, &args.scopes},
                                        {"--issuer-ca", &args.issuer_ca, NULL, NULL},
                                        {"--use", NULL, &args.is_used, NULL},
                                        {"--replace", NULL, &args.is_replacing, NULL}};
    size_t at = 0;
    argc = options_take(&command_context, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (argc < 2) {
        return usage_error(&command_context, "say list, add, use, show or remove");
    }
    int code = choice_read(&command_context, NULL, argv[1], VERB_NAMES, &at);
    if (code != EXIT_OK) {
        return code;
    }
    const struct context_verb *verb = &VERBS[at];
    if (argc - 2 < verb->least || argc - 2 > verb->most) {
        return usage_error(&command_context, "%s: give %s", verb->name,
                           verb->most == 0 ? "no name" : "one name");
    }
    return run_verb(verb, &args, argc == 3 ? argv[2] : NULL);
}

const struct command command_context = {.name = "context",
                                        .summary =
                                            "give profiles names, and choose the one that is used",
                                        .help = HELP,
                                        .run = run};
