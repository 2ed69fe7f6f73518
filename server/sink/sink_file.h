/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that is a file of JSON lines. Files block, so a thread writes. What has arrived is on the disk. When the file was
 * renamed, as logrotate does, the next records go into a new one. */
#pragma once

#include "sink/sink_way.h"

/* Copies the path. R_STARTUP_FAILED. */
rc sink_file_new(struct loop *loop, const char *path, struct sink_way **out, struct err *err);
