/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/keys only. Makes an import key in a thread, because that takes up to seconds. Loop thread. */
#pragma once

#include "keys/keys_internal.h"

struct import_maker;

/* `made` comes once from the loop, with the key (taken) or NULL when none could be made. R_OVERLOADED when no thread can be
 * had. */
rc import_maker_start(struct loop *loop, void (*made)(void *user, struct secret *key), void *user,
                      struct import_maker **out, struct err *err);
/* Forget it: `made` will not come. Waits for the thread, which ends soon. */
void import_maker_cancel(struct import_maker *maker);
