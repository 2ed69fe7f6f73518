/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of what others have written: the message itself, and attachments that are looked at. Each
 * has a policy of its own, and prints and copies as the reader may. They are as large as a mail, so
 * threads write them. */
#pragma once

#include "exchange.h"

/* Of files that are saved: what opens them as a page all the same does nothing with them. */
extern const char *const file_policy;

/* Whether the address asks for pictures of other servers. */
bool wants_pictures(struct exchange *exchange);
/* The attachment of the address's number; NULL, and the page says so. */
const struct attachment *attachment_of(struct exchange *exchange, const struct reading *reading);
