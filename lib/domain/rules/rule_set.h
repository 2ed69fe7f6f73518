/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's rules, compiled: what all of them look for is looked for at once. Immutable when it is
 * done; used by one thread. */
#pragma once

#include "domain/rules/rule.h"

struct rule_set;

/* Begin with the rules in their order, which outlive the set. `seed` is random. */
struct rule_set *rule_set_new(const struct mail_rule *rules, size_t count, uint64_t seed);
void rule_set_free(struct rule_set *set);
/* Compile a part, some milliseconds at most. *done: the set may be used. R_FIELD_INVALID: a pattern
 * that can't be compiled, so that none of the rules may be used. */
rc rule_set_step(struct rule_set *set, bool *done, struct err *err);
/* About what it holds, in bytes; what patterns may come to hold while they run is counted. */
size_t rule_set_bytes(const struct rule_set *set);
/* The groups that conditions name, sorted, each once: whose members have to be known. */
const char *const *rule_set_groups(const struct rule_set *set, size_t *count);
