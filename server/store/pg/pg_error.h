/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store, and for chancery doctor: what an SQLSTATE means to a caller. */
#pragma once

#include "base/err.h"

/* The reason for an SQLSTATE: what the caller should hear when no statement knows better. */
enum reason pg_reason(const char *sqlstate);
