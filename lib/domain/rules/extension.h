/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of files' names, as rules compare them. Pure; any thread. */
#pragma once

#include "domain/rules/rule.h"

/* The end of a file's name behind its last dot, in compared form: as programs see it that leave white
 * space and dots at the end out (Windows). False: it has none, or a longer one than a rule can name. */
bool extension_of(struct slice name, char out[RULE_VALUE_BYTES_MAX + 1]);
