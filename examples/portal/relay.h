/* SPDX-License-Identifier: Apache-2.0 */
/* Answers on their way: SMTP to the portal's relay, from the threads. */
#pragma once

#include <glib.h>

#include "settings.h"
#include "texts.h"

/* Hand one mail over, for all recipients (char *) or for none of them. 0 if the relay has taken it; else what
 * to say: it is away, or refuses. */
enum text relay_send(const struct settings *settings, const GPtrArray *recipients, GBytes *mail);
