/* SPDX-License-Identifier: Apache-2.0 */
/* May a reader protect an answer to content through the portal, and for whom (docs/policy.md §5.3)? Pure. */
#pragma once

#include "domain/decide/decide_access.h"

/* By the numbers of chancery.v1.AnswerKind. */
enum answer_kind { ANSWER_REPLY = 1, ANSWER_REPLY_ALL = 2, ANSWER_FORWARD = 3 };

struct answer_question {
    enum answer_kind kind;
    const struct tenant_view *tenant; /* of the content that is answered */
    const struct policy *policy;      /* its */
    struct content_facts facts;
    struct unix_time now;
    const struct access_decision
        *access; /* to it: granted, by its grants or the reader's own power */
};

/* R_NONE, or REVOKED, EXPIRED (which bind owners too: nothing new is made of such content);
 * TEMPLATE_MISSING, POLICY_INVALID (nobody could open the answer by it); RIGHT_MISSING; RIGHTS_EXCEEDED, where those to
 * whom it is forwarded would get more than the reader holds. */
enum reason decide_answer(const struct answer_question *question);

/* Whose the answer is beside its owner, sorted, each once; the reader is among them unless they would get more by that than they
 * hold: `out` has room for the policy's recipients or the ones that are
 * named, and one more. named: of a forwarded answer. Returns how many. */
size_t answer_recipients(const struct answer_question *question, const char *reader,
                         const char *const *named, size_t named_count, const char **out);
