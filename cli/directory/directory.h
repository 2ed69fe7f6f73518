/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `chancery directory`. */
#pragma once

#include "cli/verbs.h"

/* import.c: send a file in parts. */
int directory_import(struct session *s, const struct verb_args *args);
/* list.c: all pages. */
int directory_list(struct session *s, const struct verb_args *args);
