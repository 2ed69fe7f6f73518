/* SPDX-License-Identifier: Apache-2.0 */
/* Before and behind a scanner: protected mail is opened for it where the tenant says so, and closed again under the
 * same license (docs/milter.md, docs/policy.md §3.12). Any thread. */
#pragma once

#include "gateway.h"

struct transit;

/* NULL: the key file can't be read, or no memory. */
struct transit *transit_new(const struct settings *settings);
/* What becomes of a mail before the scanner, and behind it. */
void transit_open(struct gateway *gateway, const struct message *message, struct decision *out);
void transit_close(struct gateway *gateway, const struct message *message, struct decision *out);
