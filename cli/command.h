/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `chancery`: one table, one file each. */
#pragma once

#include "base/arena.h"

/* Exit codes that scripts can use. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,  /* it was tried and did not work */
    EXIT_USAGE = 2,   /* it was not understood */
    EXIT_REFUSED = 3, /* the authority said no: a decision, with its reason */
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

/* --- options: --name VALUE, --name=VALUE, --flag, -o VALUE ---------------------------------------- */

struct option_spec {
    const char *name;   /* "--tenant" */
    const char **value; /* set to the value; NULL for flags */
    bool *flag;         /* set to true; NULL for values */
    const char ***list; /* repeated values, NULL-terminated; lends; else NULL */
};

/* How many values a list has; NULL has none. */
size_t option_list_count(const char *const *list);
/* Take options out of argv; what is left are operands, argv[0] included. Prints the command's help and ends
 * the process for --help, and for what is unknown. The count of operands left. */
int options_take(const struct command *command, const struct option_spec *specs, size_t count,
                 int argc, char **argv);
/* Print "chancery NAME: what" and how to get help; EXIT_USAGE. */
int usage_error(const struct command *command, const char *what);
/* Print what failed, why, and what to do next; EXIT_FAILED. */
int fail_with(const struct command *command, const struct err *err);
