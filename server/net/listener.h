/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: TCP with SO_REUSEPORT, so that every worker has a queue of its own, and Unix.
 * net_listen and net_server_listen of net.h are here too. Inside server/net. */
#pragma once

struct net_server;

/* Accept no more: close and free all listeners of a server. */
void listeners_close(struct net_server *server);
