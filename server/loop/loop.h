/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: descriptors, timers, signals, deferred calls, and what runs at a turn's end.
 *
 * A turn is: all callbacks of descriptors and timers that are due, then the deferred tasks (also
 * those that tasks defer), then the turn-end hooks. A deferred task never runs inside the function
 * that deferred it. Everything is embedded in its owner and may be canceled at any time, also from
 * its own callback. Loop thread only, except where said. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"

struct loop;
struct event;

struct loop *loop_new(void);
void loop_free(struct loop *loop);
/* Run until loop_stop. */
void loop_run(struct loop *loop);
/* Finish the present turn, then return from loop_run. */
void loop_stop(struct loop *loop);

/* The times of the present turn: read once per turn, so equal for all that happens in it. */
struct mono_time loop_now(const struct loop *loop);
int64_t loop_unix_us(const struct loop *loop);
/* Nanoseconds spent in the present turn so far, by a fresh look at the clock; 0 outside of one. Work
 * that may be long asks this, and goes on in the next turn (loop_defer_to_next_turn) when it has had
 * its share. Every turn's length is counted (M_LOOP_TURN_SECONDS, M_LOOP_TURN_MAX_SECONDS). */
int64_t loop_turn_ns(const struct loop *loop);

/* --- deferred calls -------------------------------------------------------------------------- */

struct loop_task {
    struct list link;
    void (*run)(struct loop_task *task);
};
void loop_task_init(struct loop_task *task, void (*run)(struct loop_task *task));
/* Run the task later in this turn; does nothing when it is deferred already. */
void loop_defer(struct loop *loop, struct loop_task *task);
/* Run the task in the next turn, after the descriptors that are ready by then had theirs. */
void loop_defer_to_next_turn(struct loop *loop, struct loop_task *task);
void loop_task_cancel(struct loop_task *task);
bool loop_task_is_pending(const struct loop_task *task);

/* A hook runs once at the end of every turn in which loop_at_turn_end was called for it. */
#define loop_at_turn_end loop_defer_to_turn_end
void loop_defer_to_turn_end(struct loop *loop, struct loop_task *task);

/* --- timers ---------------------------------------------------------------------------------- */

struct loop_timer {
    struct event *event;
    void (*fire)(struct loop_timer *timer);
    struct loop *loop;
};
void loop_timer_init(struct loop_timer *timer, struct loop *loop,
                     void (*fire)(struct loop_timer *timer));
/* Fire once after `ms` (0 or more); arming again moves it. */
void loop_timer_arm(struct loop_timer *timer, int64_t ms);
void loop_timer_cancel(struct loop_timer *timer);
bool loop_timer_is_armed(const struct loop_timer *timer);
/* Free what the timer holds; needed before its owner goes. */
void loop_timer_fini(struct loop_timer *timer);

/* --- descriptors ----------------------------------------------------------------------------- */

struct loop_fd {
    struct event *read_event, *write_event;
    struct loop_task poke;
    void (*ready)(struct loop_fd *fd, bool readable, bool writable);
    struct loop *loop;
    int fd;
    bool wants_read, wants_write;
};
/* Watch a non-blocking descriptor, which stays the caller's. Nothing is enabled at first. */
void loop_fd_init(struct loop_fd *watch, struct loop *loop, int fd,
                  void (*ready)(struct loop_fd *fd, bool readable, bool writable));
/* Say what to watch for, level-triggered, until changed. */
void loop_fd_want(struct loop_fd *watch, bool readable, bool writable);
/* Call `ready` as readable at the end of this turn although the descriptor may not be: data waits
 * inside the TLS object. (Not by event_active: libevent then ignores an event_add.) */
void loop_fd_poke(struct loop_fd *watch);
void loop_fd_fini(struct loop_fd *watch);

/* --- signals --------------------------------------------------------------------------------- */

struct loop_signal {
    struct event *event;
    void (*caught)(struct loop_signal *signal);
    struct loop *loop;
    int number;
};
void loop_signal_init(struct loop_signal *signal, struct loop *loop, int number,
                      void (*caught)(struct loop_signal *signal));
void loop_signal_fini(struct loop_signal *signal);
