/* SPDX-License-Identifier: Apache-2.0 */
/* Protect that is asked for again by the same request id (docs/policy.md §5.2). */
#include "domain/decide/decide_retry.h"
#include "service/common/reply.h"
#include "service/publishing/protect.h"

static bool is_same(const struct protect *p)
{
    struct slice hash = slice_of(p->made.request_hash, sizeof p->made.request_hash);
    return p->made.key_version != 0 && request_id_made(&p->request, hash);
}

/* The key by which the content key was derived may be archived by now, but still has to be usable. */
static step find_key(struct call *c)
{
    struct protect *p = protect_of(c);
    uint32_t version = p->made.key_version;
    p->deriving = views_key(p->tenant, KEY_SEALING, version);
    if (p->deriving == NULL) {
        return call_fail(c, R_KEY_UNKNOWN, "sealing key %u", version);
    }
    switch (p->deriving->state) {
    case KEY_ACTIVE:
    case KEY_ARCHIVED:
        return STEP_NEXT;
    case KEY_IS_REVOKED:
        return call_fail(c, R_KEY_REVOKED, "sealing key %u", version);
    case KEY_IS_DESTROYED:
        break;
    }
    return call_fail(c, R_KEY_DESTROYED, "sealing key %u", version);
}

step protect_again(struct call *c)
{
    const struct protect *p = protect_of(c);
    const struct content_facts *facts = &caller_of(c)->entry.facts;
    enum reason reason = decide_retry(&(struct retry_question){
        .is_same = is_same(p),
        .made_at = {p->made.made_at / 1000000},
        .now = {p->made.now / 1000000},
        .is_revoked = facts->is_revoked || facts->user_is_revoked,
        .expires_at = protect_expiry(c),
    });
    return reason == R_NONE ? find_key(c) : call_fail(c, reason, "asked for again");
}

/* Whoever is refused as somebody else is no event of that content, which they never heard of. */
void protect_again_describe(struct call *c, struct gate_entry *entry)
{
    const struct protect *p = protect_of(c);
    const struct amendment *amendment = entry->facts.amendment;
    bool is_caller = is_same(p);
    if (is_caller) {
        entry->content = p->made.content;
        entry->policy_version = amendment == NULL ? entry->policy_version : amendment->version;
    }
    entry->target = arena_printf(call_arena(c),
                                 is_caller ? "again by request id %s"
                                           : "request id %s, which has made content %s",
                                 reply_uuid(c, p->request.id), reply_uuid(c, p->made.content.u));
}

void protect_forget_made(struct call *c)
{
    protect_of(c)->made = (struct gate_made){0};
    caller_of(c)->entry.facts = (struct content_facts){0};
}
