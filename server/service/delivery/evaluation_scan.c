/* SPDX-License-Identifier: Apache-2.0 */
/* The message against all conditions of the tenant's rules, in parts, and what the rules say then. */
#include "base/clock.h"
#include "service/delivery/evaluation.h"

/* Of processor time: that the machine is busy is not the rules' fault. Patterns are bounded by what they may cost for
 * each byte; this bounds the lot. */
enum { SCAN_MAX_MS = 2000 };

static void free_scan(void *scan)
{
    rule_scan_free(scan);
}

/* Until the turn has lasted long, or all is seen. */
static bool scan_turn(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    int64_t begin = clock_thread_ns();
    bool has_more = true;
    do {
        has_more = rule_scan_step(e->scan);
    } while (has_more && !call_should_yield(c));
    e->spent_ns += clock_thread_ns() - begin;
    return has_more;
}

static step go_on(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    if (!scan_turn(c)) {
        return STEP_NEXT;
    }
    return e->spent_ns > (int64_t)SCAN_MAX_MS * 1000000
               ? call_fail(c, R_RULES_TOO_SLOW, "scanned for %d ms", SCAN_MAX_MS)
               : call_yield(c, go_on);
}

step evaluation_scan(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    e->spent_ns = 0;
    e->scan = rule_scan_new(e->book->set, &e->facts);
    return arena_on_free(call_arena(c), free_scan, e->scan, call_err(c)).ok ? go_on(c)
                                                                            : STEP_FAILED;
}

rc evaluation_decide(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    return rules_decide(call_arena(c), e->book->set, e->scan, &e->decision, call_err(c));
}
