/* SPDX-License-Identifier: Apache-2.0 */
/* For how long a call may go on. Any thread. */
#pragma once

#include <chancery/session.h>

#include "client/client.h"

/* The limits of a call that begins now; `default_ms` where the context sets no time, 0: none. */
struct client_limits context_limits(chancery_context *context, int64_t default_ms);
