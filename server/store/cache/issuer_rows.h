/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: an issuer as lookups and lists select it. */
#pragma once

#include "domain/values/issuer.h"
#include "store/sql/statements.gen.h"

/* All but the epoch. The result points into what `from` points to. */
struct issuer issuer_from_row(const struct sql_issuer *from);
