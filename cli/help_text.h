/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a command's help, read by its form (help.h). */
#pragma once

#include "base/slice.h"
#include "cli/help.h"

enum { HELP_USAGE_INDENT = 7 }; /* of "usage: ", and of what stands below it */

/* One entry of the usage, with the lines that go on; an empty text: there are no more. */
struct help_usage {
    struct slice text, rest;
};

struct help_usage help_usage_first(const struct command *command);
struct help_usage help_usage_next(const struct help_usage *usage);
/* The verb of an entry; of several with | between, each. False: there are no more. */
bool help_usage_verb(const struct help_usage *usage, size_t index, char out[HELP_WORD]);
bool help_usage_has_verb(const struct help_usage *usage, const char *verb);

/* What stands below the usage. */
struct slice help_body(const struct command *command);
/* Take the next line off a text; false at its end. */
bool help_line(struct slice *text, struct slice *line);
/* A word of a line, without a comma behind it; "" if there are fewer. */
void help_word(struct slice line, size_t index, char out[HELP_WORD]);

/* The options that the text names, each once, in its order; false: there are no more. */
bool help_option(const struct command *command, size_t index, char out[HELP_WORD]);
/* Whether a verb takes an option, as far as the text says: one that its usage names; with "OPTION…" all
 * that are described. NULL: any verb. */
bool help_has_option(const struct command *command, const char *verb, const char *option);
/* What an option takes, as "json|yaml"; false where those are no fixed words. */
bool help_values(const struct command *command, const char *option, char out[HELP_WORD]);
