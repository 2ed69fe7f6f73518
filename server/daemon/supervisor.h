/* SPDX-License-Identifier: Apache-2.0 */
/* The first process: opens sockets, starts workers, starts them again, ends them. Reads nothing from the
 * network. SIGTERM and SIGINT: workers drain, then it ends. SIGHUP: workers are replaced one by one under the
 * configuration as it is now, if that is valid. */
#pragma once

#include "conf/conf.h"

/* Run until told to end; the exit code. */
int supervisor_run(const char *conf_path);
