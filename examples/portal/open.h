/* SPDX-License-Identifier: Apache-2.0 */
/* The message of a session, for the pages that show something of it. What was opened is given out as long as
 * its license lasts. */
#pragma once

#include "exchange.h"

/* Ask for a license anew, then `give` what was opened, or the page says why not. `is_to_save`: something of
 * it is about to be kept without protection. */
void open_message(struct exchange *exchange, bool is_to_save,
                  void (*give)(struct exchange *exchange, const struct reading *reading));
/* The same, at once if it is open. */
void with_message(struct exchange *exchange,
                  void (*give)(struct exchange *exchange, const struct reading *reading));
