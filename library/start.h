/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries below need once in a process. Any thread. */
#pragma once

#include "base/err.h"

/* The first call does it, and all have its outcome. R_STARTUP_FAILED names the algorithm that OpenSSL
 * lacks. */
rc library_start(struct err *err);
