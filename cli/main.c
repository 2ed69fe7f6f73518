/* SPDX-License-Identifier: Apache-2.0 */
/* chancery: the command line for people and scripts. */
#include <stdio.h>
#include <string.h>

#include "base/suggestion.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/output.h"
#include "cli/version.h"

static void usage(FILE *out)
{
    fputs("usage: chancery COMMAND [OPTION…] [OPERAND…]\n\n"
          "Protects and opens mails and files, and administers an authority.\n\n",
          out);
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs(
        "\nA profile says which authority is asked, and as whom; context gives it a name, and dev\n"
        "writes some to try out.\n\n"
        "  chancery dev start\n"
        "  chancery protect --profile contoso-gateway.yaml --do-not-forward mail.eml\n\n"
        "chancery COMMAND --help explains a command, COMMAND VERB --help a verb. -o json and -o yaml print an answer for\n"
        "programs, - is standard input or output, and what stands behind -- is no option. Exit\n"
        "codes: 0 done, 1 failed, 2 not understood, 3 refused by the authority.\n",
        out);
}

static int unknown_command(const char *name)
{
    struct suggestion meant = {.word = name};
    const char *what = name[0] == '-' ? "option" : "command";
    for (size_t i = 0; i < command_count; i++) {
        suggestion_consider(&meant, commands[i]->name);
    }
    return meant.best == NULL
               ? usage_error(NULL, "there is no %s %s", what, name)
               : usage_error(NULL, "there is no %s %s; did you mean %s?", what, name, meant.best);
}

/* chancery help [COMMAND [VERB]] */
static int help(int argc, char **argv)
{
    const struct command *command = argc >= 3 ? command_named(argv[2]) : NULL;
    if (argc >= 3 && command == NULL) {
        return unknown_command(argv[2]);
    }
    if (command == NULL) {
        usage(stdout);
    } else {
        help_print(stdout, command, argc >= 4 ? help_verb(command, argv[3]) : NULL);
    }
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    output_watch_standard();
    invocation_look(argc, argv);
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        puts("chancery " CHANCERY_VERSION);
        return EXIT_OK;
    }
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        return help(argc, argv);
    }
    const struct command *command = command_named(argv[1]);
    return command == NULL ? unknown_command(argv[1]) : command->run(argc - 1, argv + 1);
}
