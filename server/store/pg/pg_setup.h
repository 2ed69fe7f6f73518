/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the setup of a fresh connection. */
#pragma once

#include "store/pg/pg_conn.h"

/* The setup of a fresh connection: check the schema, then prepare. */
void pg_setup_begin(struct pg_conn *conn);
/* A result for the connection's own requests. */
void pg_setup_result(struct pg_conn *conn, const PGresult *result);
void pg_setup_synced(struct pg_conn *conn);
