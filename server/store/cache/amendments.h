/* SPDX-License-Identifier: Apache-2.0 */
/* Amendments of contents, remembered per worker as the gate told them. What is remembered may be
 * out of date; the gate compares marks. Loop thread only. */
#pragma once

#include "base/ids.h"
#include "domain/values/amendment.h"

struct amendments;

struct amendments *amendments_new(size_t max);
void amendments_free(struct amendments *amendments);
/* Held by the arena; NULL when none is remembered. */
const struct amendment *amendments_get(struct amendments *amendments, struct content_id content,
                                       struct arena *arena);
