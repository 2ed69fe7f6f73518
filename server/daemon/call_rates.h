/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a second, as the configuration limits them. */
#pragma once

#include "auth/rate_limits.h"
#include "conf/conf.h"

/* Borrows loop and store. */
struct rate_limits *call_rates_new(const Conf *conf, struct loop *loop, struct store *store);
