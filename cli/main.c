/* SPDX-License-Identifier: Apache-2.0 */
/* chancery: the command line for people and scripts. */
#include <stdio.h>
#include <string.h>

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
          "chancery COMMAND --help explains a command. Exit codes: 0 done, 1 failed, 2 not\n"
          "understood, 3 refused by the authority.\n",
          out);
}

int main(int argc, char **argv)
{
    output_watch_standard();
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        puts("chancery " CHANCERY_VERSION);
        return EXIT_OK;
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i]->name, argv[1]) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    fputs("chancery: there is no command ", stderr);
    print_shown(stderr, argv[1]);
    fputs("\nTry: chancery --help\n", stderr);
    return EXIT_USAGE;
}
