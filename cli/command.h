/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `chancery`, each in a file of its own; commands.c has the table. */
#pragma once

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

extern const struct command *const commands[];
extern const size_t command_count;
/* NULL: there is none of that name. */
const struct command *command_named(const char *name);

extern const struct command command_completion;
extern const struct command command_dev;
extern const struct command command_init;
extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_migrate;
extern const struct command command_token;
extern const struct command command_protect;
extern const struct command command_open;
extern const struct command command_publisher;
extern const struct command command_inspect;
extern const struct command command_revoke;
extern const struct command command_restore;
extern const struct command command_amend;
extern const struct command command_super_user;
extern const struct command command_approval;
extern const struct command command_track;
extern const struct command command_template;
extern const struct command command_rule;
extern const struct command command_branding;
extern const struct command command_tenant;
extern const struct command command_directory;
extern const struct command command_component;
extern const struct command command_context;
extern const struct command command_audit;
extern const struct command command_issuer;
extern const struct command command_signal;
extern const struct command command_doctor;
extern const struct command command_whoami;
extern const struct command command_boundary;
extern const struct command command_partner;
extern const struct command command_delivery;
extern const struct command command_device;
extern const struct command command_key;
extern const struct command command_root_key;
extern const struct command command_export;
extern const struct command command_diff;
extern const struct command command_apply;

/* --- options: --name VALUE, --name=VALUE, --flag, -o VALUE ------------------------------------ *
 * Whatever has --profile also takes -v and --timeout (invocation.h).
 * What stands behind -- is an operand, whatever it begins with. A dash alone is one too: standard
 * input or output. */

struct option_spec {
    const char *name;   /* "--tenant" */
    const char **value; /* set to the value; NULL for flags */
    bool *flag;         /* set to true; NULL for values */
    const char ***list; /* repeated values, NULL-terminated, lent for ever; NULL for others */
};

/* Take the options out of argv, and return how many operands are left, argv[0] included. --help
 * prints the command's help and ends the process; so does an unknown option, one without its
 * value, or a flag with one, with EXIT_USAGE. */
int options_take(const struct command *command, const struct option_spec *specs, size_t count,
                 int argc, char **argv);
/* Which of the names (NULL-terminated) an option's value is; without option, a verb. Prints what it may be. Returns an exit
 * code. */
int choice_read(const struct command *command, const char *option, const char *value,
                const char *const *names, size_t *out);
/* Print what is wrong with the command line, and how to get help. NULL is no command. Returns EXIT_USAGE. */
int usage_error(const struct command *command, const char *format, ...) PRINTF_LIKE(2, 3);
/* Print what failed on this side, why, and what to do next. NULL is no command. Returns EXIT_FAILED. */
int fail_with(const struct command *command, const struct err *err);
