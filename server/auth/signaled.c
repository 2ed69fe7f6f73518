/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/signaled.h"

#include "auth/caller.h"
#include "context/wait.h"

static struct signaled *signaled_of(const struct call *c)
{
    return &caller_of(c)->signaled;
}

static step decide(struct call *c, const struct known_signal *known)
{
    const struct signaled *s = signaled_of(c);
    enum reason reason = R_NONE;
    for (size_t i = 0; i < s->count; i++) {
        enum reason one = decide_signaled(&known[i].state, s->issued_at);
        caller_add_scope(c, s->scopes[i], known[i].epoch);
        reason = reason == R_NONE || one == R_ACCOUNT_DISABLED ? one : reason;
    }
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "signaled");
}

static step found(struct call *c)
{
    const struct signals_find *find = &signaled_of(c)->find;
    return find->op.err.reason == R_NONE ? decide(c, find->found) : wait_failed(c, &find->op.err);
}

static bool are_known(struct call *c, struct known_signal *out)
{
    const struct signaled *s = signaled_of(c);
    bool are = call_trusts_caches(c);
    for (size_t i = 0; are && i < s->count; i++) {
        are = signals_known(services_of(c)->signals, s->scopes[i], &out[i]);
    }
    return are;
}

static bool add(struct call *c, const struct signaled_question *q, enum signal_name_kind kind,
                const char *name)
{
    struct signaled *s = signaled_of(c);
    return name != NULL && signals_scope(call_arena(c), q->tenant->id, kind, name,
                                         &s->scopes[s->count++], call_err(c))
                               .ok;
}

/* A token's addresses are few; those of the directory are in what is stored (receive_signal). */
static bool add_all(struct call *c, const struct signaled_question *q)
{
    bool ok = true;
    for (size_t i = 0; ok && i < q->address_count && i < TOKEN_ADDRESSES_MAX; i++) {
        ok = add(c, q, SIGNAL_BY_ADDRESS, q->addresses[i]);
    }
    if (ok && q->subject != NULL && q->subject[0] != '\0') {
        ok = add(c, q, SIGNAL_BY_SUBJECT, signal_subject_name(call_arena(c), q->iss, q->subject));
    }
    if (ok && q->subject_name != NULL && q->subject_name[0] != '\0') {
        ok = add(c, q, SIGNAL_BY_SUBJECT, q->subject_name);
    }
    return ok;
}

step signaled_check(struct call *c, const struct signaled_question *q)
{
    struct signaled *s = signaled_of(c);
    struct known_signal known[TOKEN_ADDRESSES_MAX + 2];
    s->count = 0;
    s->issued_at = q->issued_at;
    if (q->tenant == NULL || !q->tenant->has_signals) {
        return STEP_NEXT;
    }
    if (!add_all(c, q)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "names");
    }
    if (are_known(c, known)) {
        return decide(c, known);
    }
    s->find =
        (struct signals_find){.tenant = q->tenant->id, .scopes = s->scopes, .count = s->count};
    wait_store_init(c, &s->find.op);
    signals_ask(services_of(c)->signals, &s->find);
    return wait_store(c, found, &s->find.op);
}

static bool has_moved(const struct caller *caller, struct uuid scope)
{
    for (size_t i = 0; i < caller->scope_count; i++) {
        if (caller->scopes[i].is_stale && uuid_eq(caller->scopes[i].scope, scope)) {
            return true;
        }
    }
    return false;
}

void signaled_forget(struct call *c)
{
    const struct signaled *s = signaled_of(c);
    for (size_t i = 0; i < s->count; i++) {
        if (has_moved(caller_of(c), s->scopes[i])) {
            signals_drop(services_of(c)->signals, s->scopes[i]);
        }
    }
}
