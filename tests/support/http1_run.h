/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 connection without a socket's timing: what a client sends, and what it would be told. Every
 * page is answered at once by a body that tells what was asked; a call, when all of it came, by how many
 * messages of how many bytes it had, or by an error that is always the same. */
#pragma once

#include "net/bytes.h"

/* Feed `in` in pieces of `step` bytes, up to the end of the connection. Fills `said` (the caller frees it) and
 * says how many requests reached the handler. */
size_t http1_run(struct slice in, size_t step, struct bytes *said);
/* The same, in one piece; `rest` comes when nobody waits for it any more, and nothing was closed yet. */
size_t http1_run_late(struct slice in, struct slice rest, struct bytes *said);
