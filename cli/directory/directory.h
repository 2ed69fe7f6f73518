/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `chancery directory`. */
#pragma once

#include "cli/verbs.h"

/* import.c: sends a file in parts. */
int directory_import(struct session *s, const struct verb_args *args);
/* list.c: prints all pages, one after the other. */
int directory_list(struct session *s, const struct verb_args *args);
/* token.c: makes, lists and revokes tokens of identity providers. `days` and `path` may be NULL. */
int directory_token(struct session *s, const struct verb_args *args, const char *days,
                    const char *path);
