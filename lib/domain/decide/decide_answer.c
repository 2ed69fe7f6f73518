/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_answer.h"

#include "base/texts.h"
#include "domain/relations/effective_policy.h"

static uint32_t right_for(enum answer_kind kind)
{
    switch (kind) {
    case ANSWER_REPLY:
        return RIGHT_REPLY;
    case ANSWER_REPLY_ALL:
        return RIGHT_REPLYALL;
    case ANSWER_FORWARD:
        break;
    }
    return RIGHT_FORWARD;
}

static bool is_over(const struct answer_question *q)
{
    struct unix_time end = q->access->content_expires_at;
    return end.s != 0 && q->now.s >= end.s;
}

/* Whether recipients get no more than the reader holds: who comes to the content by another grant may hold less. */
static bool may_share(const struct answer_question *q)
{
    static const struct principal recipients = {PRINCIPAL_RECIPIENTS, ""};
    const struct rights *held = &q->access->rights;
    const struct effective_policy now =
        effective_policy_of(q->tenant, q->policy, q->facts.amendment);
    struct rights given;
    effective_policy_grants_to(&now, &recipients, &given);
    return rights_are_within(&given, held, held);
}

enum reason decide_answer(const struct answer_question *q)
{
    const struct effective_policy now =
        effective_policy_of(q->tenant, q->policy, q->facts.amendment);
    const char *problem;
    if (q->facts.is_revoked || q->facts.user_is_revoked) {
        return R_REVOKED;
    }
    if (is_over(q)) {
        return R_EXPIRED;
    }
    if (effective_policy_has_lost_template(&now)) {
        return R_TEMPLATE_MISSING;
    }
    if (!effective_policy_is_readable(&now, &problem)) {
        return R_POLICY_INVALID;
    }
    if ((q->access->rights.bits & right_for(q->kind)) == 0) {
        return R_RIGHT_MISSING;
    }
    return q->kind != ANSWER_FORWARD || may_share(q) ? R_NONE : R_RIGHTS_EXCEEDED;
}

size_t answer_recipients(const struct answer_question *q, const char *reader,
                         const char *const *named, size_t named_count, const char **out)
{
    const struct policy *policy = q->policy;
    bool is_to_all = q->kind == ANSWER_REPLY_ALL, is_forward = q->kind == ANSWER_FORWARD;
    const char *const *others = is_to_all ? policy->recipients : named;
    size_t count = is_to_all ? policy->recipient_count : is_forward ? named_count : 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = others[i];
    }
    if (may_share(q)) {
        out[count++] = reader;
    }
    return texts_sort(out, count);
}
