/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker speaks, and within which bounds. */
#pragma once

#include "conf/conf.h"
#include "net/net.h"

struct net_config transport_config(const Conf *conf, struct net_tickets *tickets);
/* Listen on these sockets, one per configured listener. */
rc transport_listen(struct net_server *server, const Conf *conf, const int *sockets,
                    struct err *err);
