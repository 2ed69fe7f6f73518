/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the table of all statements. */
#pragma once

#include "store/pg/store.h"

enum statement {
#define STATEMENT(id, class, sql) ST_##id,
#include "store/statements.def"
#undef STATEMENT
    ST_COUNT_
};

struct statement_info {
    const char *name; /* "gate", also its name on the server */
    enum store_class class;
    const char *sql;
};
extern const struct statement_info STATEMENTS[ST_COUNT_];
