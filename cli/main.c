/* SPDX-License-Identifier: Apache-2.0 */
/* chancery: the command line for people and scripts. */
#include <stdio.h>
#include <string.h>

#include "base/suggestion.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/version.h"

/* In the order in which the help names them. */
static const struct command *const commands[] = {
    &command_dev,      &command_token,     &command_protect,    &command_open,
    &command_inspect,  &command_revoke,    &command_restore,    &command_amend,
    &command_track,    &command_template,  &command_tenant,     &command_directory,
    &command_issuer,   &command_component, &command_super_user, &command_approval,
    &command_boundary, &command_partner,   &command_delivery,   &command_audit,
    &command_migrate,  &command_doctor,
};

static void usage(FILE *out)
{
    fputs("usage: chancery COMMAND [OPTION…] [OPERAND…]\n\n"
          "Protects and opens mails and files, and administers an authority.\n\n",
          out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\nA profile says which authority is asked, and as whom; dev writes some to try out.\n\n"
          "  chancery dev start\n"
          "  chancery protect --profile contoso-gateway.yaml --do-not-forward mail.eml\n\n"
          "chancery COMMAND --help explains a command. -o json and -o yaml print an answer for\n"
          "programs, - is standard input or output, and what stands behind -- is no option. Exit\n"
          "codes: 0 done, 1 failed, 2 not understood, 3 refused by the authority.\n",
          out);
}

static int unknown_command(const char *name)
{
    struct suggestion meant = {.word = name};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        suggestion_consider(&meant, commands[i]->name);
    }
    fprintf(stderr, "chancery: there is no %s ", name[0] == '-' ? "option" : "command");
    utf8_print(stderr, name);
    if (meant.best != NULL) {
        fprintf(stderr, "; did you mean %s?", meant.best);
    }
    fputs("\nTry: chancery --help\n", stderr);
    return EXIT_USAGE;
}

/* chancery help [COMMAND] */
static int help(int argc, char **argv)
{
    for (size_t i = 0; argc >= 3 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i]->name, argv[2]) == 0) {
            fputs(commands[i]->help, stdout);
            return EXIT_OK;
        }
    }
    if (argc >= 3) {
        return unknown_command(argv[2]);
    }
    usage(stdout);
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    output_watch_standard();
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
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i]->name, argv[1]) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    return unknown_command(argv[1]);
}
