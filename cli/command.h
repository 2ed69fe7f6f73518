/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `chancery`, each in a file of its own; main.c has the table. */
#pragma once

#include <stdio.h>

#include "base/arena.h"

/* Exit codes that scripts can use. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,  /* it was tried and didn't work */
    EXIT_USAGE = 2,   /* the command line was not understood; nothing was tried */
    EXIT_REFUSED = 3, /* the authority decided against it, and said why */
};

struct command {
    const char *name;
    const char *summary;               /* one line of `chancery --help` */
    const char *help;                  /* all of `chancery NAME --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command command_dev;
extern const struct command command_migrate;
extern const struct command command_token;
extern const struct command command_protect;
extern const struct command command_open;
extern const struct command command_inspect;
extern const struct command command_revoke;
extern const struct command command_restore;
extern const struct command command_amend;
extern const struct command command_super_user;
extern const struct command command_approval;
extern const struct command command_track;
extern const struct command command_template;
extern const struct command command_tenant;
extern const struct command command_directory;
extern const struct command command_component;
extern const struct command command_audit;
extern const struct command command_issuer;
extern const struct command command_doctor;
extern const struct command command_boundary;
extern const struct command command_partner;
extern const struct command command_delivery;

/* --- options: --name VALUE, --name=VALUE, --flag, -o VALUE ------------------------------------ */

struct option_spec {
    const char *name;   /* "--tenant" */
    const char **value; /* set to the value; NULL for flags */
    bool *flag;         /* set to true; NULL for values */
    const char ***list; /* repeated values, NULL-terminated, lent for ever; NULL for others */
};

/* NULL has no values. */
size_t option_list_count(const char *const *list);
/* Take the options out of argv, and return how many operands are left, argv[0] included. --help
 * prints the command's help and ends the process; so does an unknown option, or one without its
 * value, with EXIT_USAGE. */
int options_take(const struct command *command, const struct option_spec *specs, size_t count,
                 int argc, char **argv);
/* Print what is wrong with the command line, and how to get help. Returns EXIT_USAGE. */
int usage_error(const struct command *command, const char *format, ...) PRINTF_LIKE(2, 3);
/* Print what failed on this side, why, and what to do next. NULL is no command. Returns EXIT_FAILED. */
int fail_with(const struct command *command, const struct err *err);
/* Print text from outside (a name, a path, another program's words) so that it stays within its line
 * and shows as it reads (utf8_escaped). */
void print_shown(FILE *out, const char *text);
