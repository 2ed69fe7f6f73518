/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl copies headers, and with them tokens, into buffers of its own. Its memory is wiped when it
 * is freed. */
#pragma once

/* Start libcurl, once per process and before anything else does. */
void wiped_memory_start(void);
/* Wipe and free a text of ours; NULL is fine. */
void wiped_text_free(char *text);
