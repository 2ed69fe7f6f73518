/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold a private key, a token or another secret. */
#pragma once

#include "base/err.h"

/* R_FILE_MODE if others may read or change it (base/secret.h). Pipes and devices are taken as they are, "" and what is not there are for whoever opens
 * it. */
rc secret_file_check(const char *path, struct err *err);
