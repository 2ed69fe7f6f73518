/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: an issuer as lookups and lists select it. */
#pragma once

#include "domain/values/issuer.h"
#include "store/pg/pg_submit.h"

/* The columns after those of the issuer. */
enum { ISSUER_COLUMNS = 16 };

/* Read the first ISSUER_COLUMNS columns of a row; all but the epoch. */
MUST rc issuer_read(struct arena *arena, const PGresult *r, int row, struct issuer *out,
                    struct err *err);
