/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody calls themselves, as it is shown to people beside their address. Pure; any thread. */
#pragma once

#include "base/arena.h"

/* The name with one space for white space however much, and without what can't be seen. "" for one in
 * which anything reads as @ (a fullwidth one, or one with something invisible beside it): it would be
 * taken for an address. Lent by the arena; NULL over budget. */
const char *shown_name(struct arena *arena, const char *name);
