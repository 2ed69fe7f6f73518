/* SPDX-License-Identifier: Apache-2.0 */
/* A message against a tenant's rules: which conditions hold. Pure; in parts, because texts are long. */
#pragma once

#include "domain/rules/rule_set.h"

struct rule_scan;

/* Begin; set and facts outlive it. */
struct rule_scan *rule_scan_new(const struct rule_set *set, const struct message_facts *facts);
void rule_scan_free(struct rule_scan *scan);
/* Look at a part, some milliseconds at most whatever the text; false: all is seen. */
bool rule_scan_step(struct rule_scan *scan);
/* What made the condition hold; NULL: it doesn't. */
const char *rule_scan_hit(const struct rule_scan *scan, size_t condition);
