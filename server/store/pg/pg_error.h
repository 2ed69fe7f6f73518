/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: what an SQLSTATE means to a caller. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* The reason for an SQLSTATE: what the caller should hear when no statement knows better. */
enum reason pg_reason(const char *sqlstate);
/* Whether the error is about the data of one row (classes 22 and 23; 42501: row-level security): the
 * others of a batch are not to blame. */
bool pg_is_data_error(const char *sqlstate);
