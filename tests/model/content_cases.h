/* SPDX-License-Identifier: Apache-2.0 */
/* The answers to cases of acts on content and of amendments (decide_cases.c):
 *   act    REASON, or OK protector|editor|owner|admin
 *   amend  WITHIN or BEYOND, and a digit for each principal of the change and for the expiry */
#pragma once

#include "case.h"

void content_answer_act(const json_t *from);
void content_answer_amend(const json_t *from);
