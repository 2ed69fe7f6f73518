/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is. Calls that may go on wait in a line for each party, and one of every line runs after
 * the other, for as long as a turn of the loop may last. So whoever has a thousand calls on their way
 * makes others wait for one of them, and for what the loop does beside.
 *
 * A call goes on at once, and waits in no line, while nobody else waits; and where several parties have
 * calls on their way, the first few times of each party in a turn of the loop. So whoever has one call
 * waits for descriptors only. */
#include "base/mem.h"
#include "rpc/call_internal.h"

/* Then descriptors are looked at again. In a crowd that is soon, so that nobody's answer from the database
 * waits long. One party by itself waits for nobody: longer turns make fuller batches of the gate and fewer,
 * larger writes. */
enum { SLICE_NS = 500 * 1000, SLICE_ALONE_NS = 5 * 1000 * 1000 };

/* Several parties are a crowd for so long after they were last seen in one turn of the loop. */
enum { CROWD_MS = 1000 };

/* A call takes so many turns from its request to its answer if it waits for the gate only. */
enum { AT_ONCE_MAX = 4 };

struct rpc_party {
    struct uuid id;
    size_t calls, streams;
};

/* More than there are calls: net refuses those. */
enum { PARTIES_MAX = 1 << 16 };

/* --- turns ------------------------------------------------------------------------------------ */

static bool is_crowd(const struct rpc *rpc)
{
    return loop_now(rpc->loop).ns < rpc->crowd_until.ns;
}

/* The turns that the call's party has had in this turn of the loop, this one included. */
static unsigned count_turn(const struct call *c)
{
    struct rpc *rpc = c->rpc;
    struct served *served = &rpc->served;
    struct mono_time now = loop_now(rpc->loop);
    if (served->turn.ns != now.ns) {
        *served = (struct served){.turn = now};
    }
    const uint8_t *id = c->party.b;
    uint8_t *times =
        &served->times[(id[0] ^ id[UUID_BYTES - 1] ^ id[UUID_BYTES - 2]) % sizeof served->times];
    served->parties += *times == 0;
    *times += *times < UINT8_MAX;
    if (served->parties > 1) {
        rpc->crowd_until = mono_add_ms(now, CROWD_MS);
    }
    return *times;
}

static void run_one(struct call *c)
{
    c->holders |= HOLD_RUN;
    c->holders &= ~(unsigned)HOLD_QUEUED;
    call_with_scope(c, c->on_turn);
    call_release(c, HOLD_RUN);
}

/* In a crowd the slice counts from here: whatever the descriptors took, the lines move. */
static bool is_slice_over(const struct rpc *rpc, struct mono_time since)
{
    return is_crowd(rpc) ? clock_mono().ns - since.ns >= SLICE_NS
                         : loop_turn_ns(rpc->loop) >= SLICE_ALONE_NS;
}

static void run(struct loop_task *task)
{
    struct rpc *rpc = LIST_ENTRY(task, struct rpc, run);
    struct mono_time since = clock_mono();
    struct turn *turn;
    do {
        turn = turns_take(&rpc->runnable);
        if (turn != NULL) {
            struct call *c = LIST_ENTRY(turn, struct call, turn);
            (void)count_turn(c);
            run_one(c);
        }
    } while (turn != NULL && !is_slice_over(rpc, since));
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

/* Never for longer than one party by itself may run. */
static bool may_go_at_once(struct call *c)
{
    unsigned times = count_turn(c);
    bool is_first = is_crowd(c->rpc) ? times <= AT_ONCE_MAX : c->rpc->runnable.count == 0;
    return is_first && loop_turn_ns(c->rpc->loop) < SLICE_ALONE_NS;
}

void call_go_on(struct call *c, void (*body)(struct call *c))
{
    if (may_go_at_once(c)) {
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

static size_t streams_of(const struct call *c)
{
    return c->method->server_streams != 0 ? 1 : 0;
}

void call_leave_party(struct call *c)
{
    struct rpc_party *party = c->joined;
    if (party != NULL) {
        party->streams -= streams_of(c);
    }
    if (party != NULL && --party->calls == 0) {
        (void)hashmap_remove(c->rpc->parties, slice_of(party->id.b, UUID_BYTES));
    }
    c->joined = NULL;
}

static const struct rpc_party *join(struct call *c)
{
    struct rpc_party *party = party_of(c->rpc, c->party);
    party->calls++;
    party->streams += streams_of(c);
    c->joined = party;
    return party;
}

/* A batch that is larger than what one may have still has its turn, when nothing else of its party is on its way.
 * Whoever is of no tenant counts by where they call from, since it is net that bounds their other calls, and net
 * sees no items. */
step call_join_items(struct call *c, size_t count)
{
    const struct rpc_party *party = c->joined == NULL ? join(c) : c->joined;
    size_t others = party->calls - 1;
    bool has_room = others == 0 || others + count < c->rpc->limits.party_calls;
    return has_room ? STEP_NEXT : call_fail(c, R_TENANT_BUSY, "%zu calls on their way", others);
}

void call_join_as_item(struct call *c, const struct call *batch)
{
    c->joined = batch->joined;
    c->joined->calls++;
}

step call_join_party(struct call *c, struct tenant_id tenant)
{
    struct uuid id = tenant.u;
    c->tenant = tenant;
    if (uuid_is_zero(id) && streams_of(c) == 0) {
        return STEP_NEXT;
    }
    if (!uuid_is_zero(id)) { /* else a stream counts by where it comes from */
        id.b[0] ^= c->flow->trust == TRUST_NOTHING ? 0x80 : 0;
        c->party = id;
    }
    call_leave_party(c);
    const struct rpc_party *party = join(c);
    if (streams_of(c) > 0 && party->streams > c->rpc->limits.party_streams) {
        return call_fail(c, R_TOO_MANY_STREAMS, "%zu streams", party->streams - 1);
    }
    /* An item was let in with its batch; it is here again because its caller is asked anew. */
    return c->part_of != NULL || party->calls <= c->rpc->limits.party_calls
               ? STEP_NEXT
               : call_fail(c, R_TENANT_BUSY, "%zu calls on their way", party->calls - 1);
}
