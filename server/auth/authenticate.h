/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine finds out who is calling, before every method that is not public. */
#pragma once

#include "rpc/call.h"

extern const struct authenticator AUTHENTICATOR;
