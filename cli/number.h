/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the command line. */
#pragma once

#include "cli/command.h"

/* A whole number in decimal digits, without sign, blanks or anything behind, from `least` to `most`.
 * Prints what is wrong with it. Returns an exit code. */
int number_read(const struct command *command, const char *option, const char *text, uint32_t least,
                uint32_t most, uint32_t *out);
