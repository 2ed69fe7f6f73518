/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/statement.h"

const struct statement_info STATEMENTS[ST_COUNT_] = {
#define STATEMENT(id, class, sql) [ST_##id] = {#id, STORE_##class, sql},
#include "store/statements.def"
#undef STATEMENT
};
