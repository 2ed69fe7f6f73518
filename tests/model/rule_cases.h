/* SPDX-License-Identifier: Apache-2.0 */
/* Mail-flow rules for the reference model. Answers:
 *   blocked RULE MATCH…
 *   protected|sent PROTECTION BRANDING|- FLAGS|- RULE|- MATCH…|-
 * MATCH is a rule's number and what it did: 2:protection+stop, 3:-. */
#pragma once

#include <jansson.h>

void rule_answer(const json_t *from);
/* What the rules allow with any message. Answers:
 *   nothing
 *   protected PROTECTION TEMPLATE BRANDING|- t|- */
void rule_away_answer(const json_t *from);
