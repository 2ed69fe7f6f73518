/* SPDX-License-Identifier: Apache-2.0 */
/* chancery completion: what shells complete. A shell asks by `completion words` what may stand in the
 * place of the last word, and gets a line for each: the word, a tab, what it means. No line: a file. */
#include <stdio.h>
#include <string.h>

#include "cli/completion_scripts.h"
#include "cli/contexts.h"
#include "cli/help.h"

static const char HELP[] =
    "usage: chancery completion bash\n"
    "       chancery completion zsh\n"
    "       chancery completion fish\n"
    "       chancery completion words -- WORD…\n"
    "\n"
    "Prints what lets a shell complete commands, verbs, options, their values and contexts' names.\n"
    "It has no -o.\n"
    "An installation puts it where each shell looks by itself; without one:\n"
    "\n"
    "  bash     source <(chancery completion bash), in ~/.bashrc\n"
    "  zsh      source <(chancery completion zsh), in ~/.zshrc behind compinit\n"
    "  fish     chancery completion fish | source, in ~/.config/fish/config.fish\n"
    "  words    what shells ask: the words that the last one may become, with what they mean\n"
    "\n"
    "  chancery completion bash >~/.local/share/bash-completion/completions/chancery\n";

/* --- words ------------------------------------------------------------------------------------ */

struct offering {
    const char *begun; /* the word as far as it is written */
};

static void offer(void *arg, const char *word, const char *meaning)
{
    const struct offering *o = arg;
    if (strncmp(word, o->begun, strlen(o->begun)) == 0) {
        printf("%s\t%s\n", word, meaning);
    }
}

static void offer_commands(struct offering *o)
{
    for (size_t i = 0; i < command_count; i++) {
        offer(o, commands[i]->name, commands[i]->summary);
    }
    offer(o, "help", "explain a command");
}

static void offer_contexts(struct offering *o)
{
    char *const *names;
    size_t count;
    struct arena *arena = arena_new(1024 * 1024);
    if (context_names(arena, &names, &count, NULL).ok) {
        for (size_t i = 0; i < count; i++) {
            offer(o, names[i], "context");
        }
    }
    arena_free(arena);
}

static bool is_context_operand(const struct command *command, const char *verb)
{
    return command == &command_context && verb != NULL &&
           (strcmp(verb, "use") == 0 || strcmp(verb, "show") == 0 || strcmp(verb, "remove") == 0);
}

static void offer_options(struct offering *o, const struct command *command, const char *verb)
{
    help_each_option(command, verb, offer, o);
    offer(o, "--help", "explain it");
}

/* What may follow `before`, the word in front of the last one. */
static void offer_behind(struct offering *o, const struct command *command, const char *verb,
                         const char *before, bool is_first)
{
    if (strcmp(before, "--profile") == 0 || is_context_operand(command, verb)) {
        offer_contexts(o);
    } else if (before[0] == '-' && before[1] != '\0') {
        help_each_value(command, before, offer, o);
    } else if (is_first && o->begun[0] != '-') {
        help_each_verb(command, offer, o);
    }
    if (o->begun[0] == '-') {
        offer_options(o, command, verb);
    }
}

static int words(char *const *list, int count)
{
    const char *last = count == 0 ? "" : list[count - 1];
    struct offering o = {.begun = last};
    if (count <= 1 || (count == 2 && strcmp(list[0], "help") == 0)) {
        offer_commands(&o);
        return EXIT_OK;
    }
    bool is_help = strcmp(list[0], "help") == 0;
    const struct command *command = command_named(list[is_help ? 1 : 0]);
    if (command != NULL && is_help && count == 3) {
        help_each_verb(command, offer, &o);
    } else if (command != NULL && !is_help) {
        const char *verb = count > 2 ? help_verb(command, list[1]) : NULL;
        offer_behind(&o, command, verb, list[count - 2], count == 2);
    }
    return EXIT_OK;
}

/* --- the command ------------------------------------------------------------------------------ */

static int run(int argc, char **argv)
{
    static const char *const verbs[] = {"bash", "zsh", "fish", "words", NULL};
    static const char *const *const scripts[] = {&COMPLETION_BASH, &COMPLETION_ZSH,
                                                 &COMPLETION_FISH};
    size_t at = 0;
    argc = options_take(&command_completion, NULL, 0, argc, argv);
    if (argc < 2) {
        return usage_error(&command_completion, "say bash, zsh or fish");
    }
    int code = choice_read(&command_completion, NULL, argv[1], verbs, &at);
    if (code != EXIT_OK) {
        return code;
    }
    if (at == sizeof scripts / sizeof scripts[0]) {
        return words(argv + 2, argc - 2);
    }
    if (argc > 2) {
        return usage_error(&command_completion, "%s takes no operand", verbs[at]);
    }
    fputs(*scripts[at], stdout);
    return EXIT_OK;
}

const struct command command_completion = {.name = "completion",
                                           .summary = "let your shell complete what you type",
                                           .help = HELP,
                                           .run = run};
