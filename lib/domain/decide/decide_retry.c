/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_retry.h"

enum reason decide_retry(const struct retry_question *q)
{
    if (!q->is_same || q->now.s - q->made_at.s >= RETRY_LIFE_S) {
        return R_REQUEST_ID_REUSED;
    }
    if (q->is_revoked) {
        return R_REVOKED;
    }
    return q->expires_at.s != 0 && q->now.s >= q->expires_at.s ? R_EXPIRED : R_NONE;
}
