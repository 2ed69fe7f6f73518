/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <stdlib.h>
#include <string.h>

#include "net/body.h"
#include "obs/metrics.h"

enum { KIB = 1024, MIB = 1024 * 1024, BODIES = 12, STREAMS = 4 };

/* Four bodies on each of three connections. */
struct world {
    struct body_pool pool;
    struct body_share shares[BODIES / STREAMS];
    struct body bodies[BODIES];
    char story[64]; /* "+c": the third body was granted its room; "-c": it was evicted */
};

static struct world *world;
static const struct mono_time now = {1000};

static void tell(char what, const struct body *body)
{
    size_t n = strlen(world->story);
    assert_true(n + 2 < sizeof world->story);
    world->story[n] = what;
    world->story[n + 1] = (char)('a' + (body - world->bodies));
}

static void granted(struct body *body)
{
    tell('+', body);
}

static void evicted(struct body *body)
{
    tell('-', body);
}

static void set_up(struct world *w, size_t bytes_max)
{
    world = w;
    memset(w, 0, sizeof *w);
    metrics_reset();
    body_pool_init(&w->pool, bytes_max);
    w->pool.granted = granted;
    w->pool.evicted = evicted;
    for (size_t i = 0; i < BODIES; i++) {
        if (i % STREAMS == 0) {
            body_share_init(&w->shares[i / STREAMS], STREAMS);
        }
        body_init(&w->bodies[i], &w->pool, &w->shares[i / STREAMS]);
    }
}

static void tear_down(struct world *w)
{
    for (size_t i = 0; i < BODIES; i++) {
        body_drop(&w->bodies[i]);
    }
    for (size_t i = 0; i < BODIES / STREAMS; i++) {
        body_share_fini(&w->shares[i]);
    }
    assert_int_equal(w->pool.loose + w->pool.reserved + w->pool.waiting, 0);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 0);
    assert_int_equal(metric_value(M_NET_BODY_RESERVED_BYTES, NULL, NULL), 0);
}

static void add(struct body *body, size_t len)
{
    static const uint8_t zeros[MIB];
    body_add(body, slice_of(zeros, len), now);
}

static void loose_bytes_hold_the_window(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 64 * MIB);
    struct body *a = &w.bodies[0];
    assert_int_equal(body_wish(a), BODY_LOOSE_MAX);
    add(a, 1000);
    assert_int_equal(body_take_owed(a), 0);
    assert_int_equal(body_wish(a), BODY_LOOSE_MAX - 1000);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 1000);
    body_take(a, 600);
    assert_int_equal(body_take_owed(a), 600);
    body_drop(a);
    assert_int_equal(body_take_owed(a), 400);
    assert_int_equal(body_take_owed(a), 0);
    tear_down(&w);
}

static void a_connection_has_a_bound(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 64 * MIB);
    for (size_t i = 0; i < STREAMS; i++) {
        add(&w.bodies[i], BODY_LOOSE_MAX);
    }
    assert_string_equal(w.story, "");
    add(&w.bodies[2], 1); /* more than its window: a client that ignores our SETTINGS */
    assert_string_equal(w.story, "-c");
    assert_int_equal(w.shares[0].loose, 3 * BODY_LOOSE_MAX);
    assert_int_equal(body_take_owed(&w.bodies[2]), BODY_LOOSE_MAX + 1);
    assert_int_equal(metric_value(M_NET_BODIES_EVICTED, "connection", NULL), 1);
    tear_down(&w);
}

static void a_server_has_a_bound_and_the_oldest_goes(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 2 * 5 * BODY_LOOSE_MAX);
    for (size_t i = 0; i < 5; i++) {
        add(&w.bodies[i], BODY_LOOSE_MAX);
    }
    body_take(&w.bodies[0], BODY_LOOSE_MAX); /* goes on, so it is no longer the oldest */
    add(&w.bodies[0], BODY_LOOSE_MAX);
    assert_string_equal(w.story, "");
    add(&w.bodies[6], 1);
    assert_string_equal(w.story, "-b");
    assert_int_equal(w.pool.loose, 4 * BODY_LOOSE_MAX + 1);
    assert_int_equal(metric_value(M_NET_BODIES_EVICTED, "server", NULL), 1);
    tear_down(&w);
}

static void a_reservation_frees_the_window(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 64 * MIB);
    struct body *a = &w.bodies[0];
    add(a, BODY_LOOSE_MAX);
    assert_true(body_reserve(a, 3 * MIB, MIB));
    assert_true(body_reserve(a, 3 * MIB, MIB)); /* asking again changes nothing */
    assert_int_equal(w.pool.reserved, 4 * MIB);
    assert_int_equal(w.pool.loose, 0);
    assert_int_equal(body_take_owed(a), BODY_LOOSE_MAX);
    assert_int_equal(body_wish(a), 3 * MIB); /* a window of loose bytes for what follows included */
    add(a, MIB);
    assert_int_equal(body_take_owed(a), MIB);
    add(a, MIB);
    add(a, MIB); /* the message, and a window full of the next one */
    assert_int_equal(w.pool.loose, BODY_LOOSE_MAX);
    assert_int_equal(body_wish(a), 0);
    assert_int_equal(body_take_owed(a), 2 * MIB - BODY_LOOSE_MAX);
    body_take(a, 3 * MIB);
    assert_int_equal(w.pool.reserved, 0);
    assert_int_equal(body_take_owed(a), 0);
    tear_down(&w);
}

static void reservations_wait_in_turn_between_connections(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 2 * 4 * MIB);
    assert_true(body_reserve(&w.bodies[0], 3 * MIB, 0));
    for (size_t i = 1; i < STREAMS; i++) {
        assert_false(body_reserve(&w.bodies[i], 3 * MIB, 0));
    }
    assert_false(body_reserve(&w.bodies[4], 3 * MIB, 0));
    assert_false(body_reserve(&w.bodies[8], 2 * MIB, 0));
    assert_int_equal(w.pool.waiting, 5);
    assert_false(body_reserve(&w.bodies[5], KIB, 0)); /* would fit, but nobody overtakes */
    assert_string_equal(w.story, "+a");
    body_drop(&w.bodies[0]);
    body_drop(&w.bodies[1]);
    body_drop(&w.bodies[4]);
    body_drop(&w.bodies[8]);
    assert_string_equal(w.story, "+a+b+e+i+c+f");
    tear_down(&w);
}

static void the_largest_message_gets_through_alone(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 2 * MIB);
    assert_true(body_reserve(&w.bodies[0], 9 * MIB, 0));
    assert_false(body_reserve(&w.bodies[4], 1, 0));
    body_drop(&w.bodies[0]);
    assert_string_equal(w.story, "+a+e");
    tear_down(&w);
}

static void a_connection_at_its_bound_stops_no_other(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 64 * MIB);
    assert_true(body_reserve(&w.bodies[0], 4 * MIB, 0));
    assert_true(body_reserve(&w.bodies[1], 4 * MIB, 0));
    assert_false(body_reserve(&w.bodies[2], 4 * KIB, 0));
    assert_true(body_reserve(&w.bodies[4], 4 * MIB, 0));
    body_drop(&w.bodies[4]);
    assert_string_equal(w.story, "+a+b+e");
    body_take(&w.bodies[1], 0);
    assert_string_equal(w.story, "+a+b+e+c");
    tear_down(&w);
}

static void who_leaves_the_queue_is_forgotten(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 2 * MIB);
    assert_true(body_reserve(&w.bodies[0], MIB, 0));
    assert_false(body_reserve(&w.bodies[8], MIB, 0));
    assert_false(body_reserve(&w.bodies[4], MIB, 0));
    body_drop(&w.bodies[4]);
    body_share_fini(&w.shares[1]); /* its connection is lost while another is before it */
    memset(&w.shares[1], 0xff, sizeof w.shares[1]);
    body_drop(&w.bodies[0]);
    assert_string_equal(w.story, "+a+i");
    body_share_init(&w.shares[1], STREAMS);
    tear_down(&w);
}

static void a_stalled_reservation_goes_when_others_wait(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 2 * MIB);
    assert_true(body_reserve(&w.bodies[0], MIB, 0));
    add(&w.bodies[0], 1);
    struct mono_time late = mono_add_ms(now, BODY_STALL_MS), later = mono_add_ms(late, 1);
    body_pool_expire(&w.pool, later);
    assert_string_equal(w.story, "+a"); /* nobody waits */
    add(&w.bodies[4], 1);
    assert_false(body_reserve(&w.bodies[4], MIB, 0));
    assert_false(body_reserve(&w.bodies[8], MIB, 0));
    body_pool_expire(&w.pool, late);
    assert_string_equal(w.story, "+a");
    body_pool_expire(&w.pool, later);
    assert_string_equal(w.story, "+a+e-a");
    body_pool_expire(&w.pool, later); /* who waited as long has time from now on */
    body_pool_expire(&w.pool, mono_add_ms(later, BODY_STALL_MS));
    assert_string_equal(w.story, "+a+e-a");
    body_pool_expire(&w.pool, mono_add_ms(later, BODY_STALL_MS + 1));
    assert_string_equal(w.story, "+a+e-a+i-e");
    tear_down(&w);
}

/* What came is loose or owed, each byte once, whatever happens. */
static void windows_are_given_back_exactly(void **state)
{
    (void)state;
    struct world w;
    size_t came = 0, owed = 0;
    unsigned short seed[3] = {1, 2, 3};
    set_up(&w, 4 * MIB);
    for (int i = 0; i < 20000; i++) {
        struct body *b = &w.bodies[nrand48(seed) % BODIES];
        size_t len = (size_t)nrand48(seed) % (64 * KIB);
        size_t live = bytes_view(&b->in).len;
        memset(w.story, 0, sizeof w.story);
        switch (nrand48(seed) % 5) {
        case 0:
        case 1:
            len = len < body_wish(b) ? len : body_wish(b);
            add(b, len);
            came += len;
            break;
        case 2:
            (void)body_reserve(b, BODY_LOOSE_MAX + len * 8, len);
            break;
        case 3:
            body_take(b, len < live ? len : live);
            break;
        default:
            body_drop(b);
        }
        size_t loose = 0, reserved = 0;
        for (size_t k = 0; k < BODIES; k++) {
            owed += body_take_owed(&w.bodies[k]);
            loose += w.bodies[k].loose;
            reserved += w.bodies[k].is_waiting ? 0 : w.bodies[k].cover + w.bodies[k].beside;
        }
        assert_int_equal(came, owed + loose);
        assert_int_equal(w.pool.loose, loose);
        assert_int_equal(w.pool.reserved, reserved);
        assert_true(loose <= w.pool.loose_max);
    }
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loose_bytes_hold_the_window),
        cmocka_unit_test(a_connection_has_a_bound),
        cmocka_unit_test(a_server_has_a_bound_and_the_oldest_goes),
        cmocka_unit_test(a_reservation_frees_the_window),
        cmocka_unit_test(reservations_wait_in_turn_between_connections),
        cmocka_unit_test(the_largest_message_gets_through_alone),
        cmocka_unit_test(a_connection_at_its_bound_stops_no_other),
        cmocka_unit_test(who_leaves_the_queue_is_forgotten),
        cmocka_unit_test(a_stalled_reservation_goes_when_others_wait),
        cmocka_unit_test(windows_are_given_back_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
