/* SPDX-License-Identifier: Apache-2.0 */
/* The help of a command is one text, of which everything else is made: what a verb's --help prints, what
 * shells complete (completion.c), manual pages (scripts/gen-man). So it keeps a form:
 *
 *   usage: chancery NAME VERB [--option VALUE] OPERAND     a line for each verb, and lines that go on
 *
 *   What it is for.                                        the first paragraph is about all verbs
 *
 *     verb       what it does, in lines that are further in
 *     --option VALUE   what it means, likewise
 *
 *   verb does this and that.                               a paragraph about one verb, with what follows
 *
 *     chancery NAME VERB …                                 an example
 */
#pragma once

#include <stdio.h>

#include "cli/command.h"

enum { HELP_WORD = 64 };

/* Print all of it; with the name of a verb, what is about that one. */
void help_print(FILE *out, const struct command *command, const char *verb);
/* The verb that an argument names, lent by it; NULL: none. */
const char *help_verb(const struct command *command, const char *argument);

/* Call `take` for each verb, with what is said of it ("" if nothing). */
typedef void help_take(void *arg, const char *name, const char *meaning);
void help_each_verb(const struct command *command, help_take *take, void *arg);
/* For each option of a verb (NULL: of all), without -v and --timeout. */
void help_each_option(const struct command *command, const char *verb, help_take *take, void *arg);
/* For each word that an option takes, such as json and yaml; none where it takes others. */
void help_each_value(const struct command *command, const char *option, help_take *take, void *arg);
