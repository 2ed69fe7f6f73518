/* SPDX-License-Identifier: Apache-2.0 */
/* A worker process: one event loop with everything on it. */
#pragma once

#include "conf/conf.h"

/* Exit codes that the supervisor understands (sysexits.h has 78 as EX_CONFIG). */
enum { EXIT_AGAIN = 1, EXIT_HOPELESS = 78 };

/* Serve on these listening sockets, one per configured listener, until SIGTERM; the exit code. */
int worker_run(const Conf *conf, const int *sockets, unsigned index);
