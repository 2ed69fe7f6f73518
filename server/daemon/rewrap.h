/* SPDX-License-Identifier: Apache-2.0 */
/* Wraps anew what lies under another root key than the one that wraps now (docs/policy.md §13). */
#pragma once

#include "context/services.h"

struct rewrapper;

/* Borrows. */
struct rewrapper *rewrapper_new(const struct services *services);
/* From now on: one worker of a node is enough. */
void rewrapper_begin(struct rewrapper *rewrapper);
void rewrapper_free(struct rewrapper *rewrapper);
