/* SPDX-License-Identifier: Apache-2.0 */
#include "service/passcode/passcode_refusal.h"

static step submit(struct call *c);

/* A refusal stays one whatever has changed of the content since. */
static step recorded(struct call *c)
{
    const struct gate_entry *entry = &caller_of(c)->entry;
    return entry->verdict == GATE_FACTS_CHANGED && entry->err.reason == R_NONE
               ? submit(c)
               : decision_log_settle(c, NULL, NULL);
}

static step submit(struct call *c)
{
    return decision_log_submit(c, recorded);
}

/* What was read past the caches is not compared again. */
step passcode_refusal_record(struct call *c, const struct passcode_refusal *refusal)
{
    struct gate_entry *entry = decision_log_begin(c, refusal->tenant);
    entry->reason = call_err(c)->reason;
    entry->content = refusal->content;
    entry->template = refusal->template;
    entry->target = refusal->address;
    entry->scope_count = 0;
    return submit(c);
}
