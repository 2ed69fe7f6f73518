/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) without its library. */
#pragma once

/* Tell systemd, if it has started us: "READY=1", "STATUS=…". Never blocks. */
void notify(const char *state);
