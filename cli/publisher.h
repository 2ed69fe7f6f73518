/* SPDX-License-Identifier: Apache-2.0 */
/* Files of `chancery publisher get`. */
#pragma once

#include "cli/session.h"

/* Read one; the caller's to free. Prints what fails. Returns an exit code. */
int publisher_read(struct session *session, const char *path, chancery_publisher **out);
