/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the version that an act has made or changed. */
#pragma once

#include "store/resource/key_store.h"
#include "store/sql/statements.gen.h"

/* Fill op->key. */
rc key_row_keep(struct change_op *op, const struct sql_key *key, struct err *err);
/* For a statement that rotates. */
struct sql_key_rotation key_row_rotation(const struct key_rotation *rotation);
