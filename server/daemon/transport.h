/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker speaks, and within which bounds. */
#pragma once

#include "conf/conf.h"
#include "net/net.h"

struct net_config transport_config(const Conf *conf, struct net_tickets *tickets);
