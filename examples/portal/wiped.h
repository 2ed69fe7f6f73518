/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is wiped when it is freed: mails, pages of them, tokens. */
#pragma once

#include <glib.h>

/* Bytes of a string or an array, which are taken. */
GBytes *wiped_from_string(GString *text);
GBytes *wiped_from_array(GByteArray *array);
/* A copy. */
GBytes *wiped_copy(const void *data, size_t size);
/* What functions have left on this thread's stack that have returned: they read mails through buffers there. */
void wipe_stack(void);
/* Wipe and free what was not taken; NULL is fine. */
void wipe_text(char *text);
void wipe_string(GString *text);
void wipe_array(GByteArray *array);
