/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is. Calls that may go on wait in a line for each party, and one of every line runs after
 * the other, for as long as a turn of the loop may last. So whoever has a thousand calls on their way
 * makes others wait for one of them, and for what the loop does beside.
 *
 * While nobody waits, and the turn of the loop is young, a call goes on at once. */
#include <string.h>

#include "base/mem.h"
#include "rpc/call_internal.h"

/* Then descriptors are looked at again. Where several parties wait that is soon, so that none waits long
 * for its next step. One by itself waits for nobody: longer turns make fuller batches of the gate and
 * fewer, larger writes. */
enum { SLICE_NS = CALL_TURN_MS * 1000 * 1000, SLICE_ALONE_NS = 5 * 1000 * 1000 };

struct rpc_party {
    struct uuid id;
    size_t calls;
};

/* More than there are calls: net refuses those. */
enum { PARTIES_MAX = 1 << 16 };

/* --- turns ------------------------------------------------------------------------------------ */

static bool is_slice_over(const struct rpc *rpc, bool is_alone)
{
    return loop_turn_ns(rpc->loop) >= (is_alone ? SLICE_ALONE_NS : SLICE_NS);
}

static void run_one(struct call *c)
{
    c->holders |= HOLD_RUN;
    c->holders &= ~(unsigned)HOLD_QUEUED;
    call_with_scope(c, c->on_turn);
    call_release(c, HOLD_RUN);
}

static void run(struct loop_task *task)
{
    struct rpc *rpc = LIST_ENTRY(task, struct rpc, run);
    struct turn *turn;
    bool is_alone = true;
    do {
        is_alone = is_alone && rpc->runnable.line_count <= 1;
        turn = turns_take(&rpc->runnable);
        if (turn != NULL) {
            run_one(LIST_ENTRY(turn, struct call, turn));
        }
    } while (turn != NULL && !is_slice_over(rpc, is_alone));
    if (rpc->runnable.count > 0) {
        loop_defer_to_next_turn(rpc->loop, &rpc->run);
    }
}

void call_turns_init(struct rpc *rpc)
{
    turns_init(&rpc->runnable);
    rpc->parties = hashmap_new(PARTIES_MAX, xfree);
    loop_task_init(&rpc->run, run);
}

/* Of those whose clients went while they waited for their turn, only a committed one has anything to do. */
void call_turns_fini(struct rpc *rpc)
{
    struct turn *turn;
    while ((turn = turns_take(&rpc->runnable)) != NULL) {
        run_one(LIST_ENTRY(turn, struct call, turn));
    }
    hashmap_free(rpc->parties);
    loop_task_cancel(&rpc->run);
}

void call_queue(struct call *c, void (*body)(struct call *c))
{
    CH_ASSERT((c->holders & HOLD_QUEUED) == 0);
    c->holders |= HOLD_QUEUED;
    c->on_turn = body;
    turns_add(&c->rpc->runnable, c->party, &c->turn);
    if (!loop_task_is_pending(&c->rpc->run)) {
        loop_defer(c->rpc->loop, &c->rpc->run);
    }
}

void call_go_on(struct call *c, void (*body)(struct call *c))
{
    if (c->rpc->runnable.count == 0 && !is_slice_over(c->rpc, true)) {
        call_with_scope(c, body);
    } else {
        call_queue(c, body);
    }
}

/* --- parties ---------------------------------------------------------------------------------- */

struct uuid call_party(const struct call *c)
{
    return c->party;
}

/* Not a UUID of any version, so nobody's id. */
void call_begin_party(struct call *c)
{
    uint64_t number = net_stream_connection(c->stream);
    c->party = (struct uuid){{0}};
    memcpy(c->party.b + UUID_BYTES - sizeof number, &number, sizeof number);
}

static struct rpc_party *party_of(struct rpc *rpc, struct uuid id)
{
    struct slice key = slice_of(id.b, UUID_BYTES);
    struct rpc_party *party = hashmap_get(rpc->parties, key);
    if (party == NULL) {
        party = xcalloc(1, sizeof *party);
        party->id = id;
        hashmap_put(rpc->parties, key, party);
    }
    return party;
}

void call_leave_party(struct call *c)
{
    struct rpc_party *party = c->joined;
    if (party != NULL && --party->calls == 0) {
        (void)hashmap_remove(c->rpc->parties, slice_of(party->id.b, UUID_BYTES));
    }
    c->joined = NULL;
}

step call_join_party(struct call *c, struct tenant_id tenant)
{
    struct uuid id = tenant.u;
    if (uuid_is_zero(id)) {
        return STEP_NEXT;
    }
    id.b[0] ^= c->flow->trust == TRUST_NOTHING ? 0x80 : 0;
    c->party = id;
    call_leave_party(c);
    struct rpc_party *party = party_of(c->rpc, id);
    party->calls++;
    c->joined = party;
    return party->calls <= c->rpc->limits.party_calls
               ? STEP_NEXT
               : call_fail(c, R_TENANT_BUSY, "%zu calls on their way", party->calls - 1);
}
