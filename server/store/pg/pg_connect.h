/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: from nothing to a connection, over all hosts that the operator names. */
#pragma once

#include "dns/dns_host.h"

struct pg_conn;

/* How far a connection is on its way. A round goes over every host once, and over each of its addresses, beginning
 * with the host at which a connection of this store came about last. */
struct pg_route {
    bool is_in_round;
    bool has_failed; /* in this round */
    size_t host;     /* of store->conninfo.hosts */
    size_t hosts_left;
    struct dns_host lookup;
    bool is_looking_up, has_addresses;
    size_t address; /* of lookup.addresses */
};

/* Begin a round, or go on in it with the host and address whose turn it is. */
void pg_connect_start(struct pg_conn *conn);
/* The descriptor is ready. */
void pg_connect_go_on(struct pg_conn *conn);
/* After a failure: whether there is another address or host in this round. */
bool pg_connect_advance(struct pg_conn *conn);
/* It came about: the next one begins here. */
void pg_connect_succeeded(struct pg_conn *conn);
/* Forget a look-up. */
void pg_connect_stop(struct pg_conn *conn);
/* The host that is tried or connected, for the log. */
const char *pg_connect_host(const struct pg_conn *conn);
