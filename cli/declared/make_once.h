/* SPDX-License-Identifier: Apache-2.0 */
/* Making what the authority would make twice: templates, which may have one name. They are made with an id of the request
 * that everybody has who applies a document of this name: those who do it at once make one. Inside cli/declared. */
#pragma once

#include "cli/declared/plan.h"

/* Each template of this name that was made, and removed or named otherwise since, takes an id. */
enum { MAKE_ONCE_ATTEMPTS_MAX = 100 };

/* By its attempt. */
char *make_once_id(struct session *s, const struct change *change);
/* Whether a template with this id was not there when the plan was made. */
bool make_once_is_new(struct state *state, const struct change *change, const char *id);
/* Whether somebody made one of this name since the plan was made. Prints what fails. Returns an exit code. */
int make_once_find_there(struct state *state, const struct change *change, bool *is_there);
