/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of mails of our own that lies in PostgreSQL, so that no crash loses one, and the relay. Each worker takes some that
 * are due; until its lease on them ends nobody else does. What has been sent and could not be marked so is sent again with the
 * same Message-ID, which is all that SMTP allows (RFC 5321 §6.1). What mails say, and where their rows are, is the kind's
 * matter (passcode_mail.c, notice_mail.c). Loop thread only.
 *
 *   claim → take a row each → work ──> mail_job_send ──> sent, refused, or not yet
 *                                └──> mail_job_end, mail_job_try_again
 *                                                     └──> settle: the row says what has become of it */
#pragma once

#include "base/list.h"
#include "mail/smtp.h"
#include "obs/metrics.h"
#include "store/pg/store.h"
#include "store/resource/mail_state.h"

struct mail_queue;

struct mail_config {
    struct store *store;
    struct keys *keys;
    const char *const *served; /* boundaries whose mails are ours, NULL-terminated; empty: all */
    struct smtp_config relay;
    const char *from, *from_name; /* of the mails */
};

/* One mail on its way: what a kind's own begins with. */
struct mail_job {
    struct mail_queue *queue;
    struct list link;
    struct arena *arena;
    const char *address; /* to whom, normalized; set by take */
    uint32_t tries;      /* this one included; set by take */
    struct smtp_mail *sending;
    struct store_op settle;
    bool is_settling;
    struct loop_timer settle_again;
    unsigned settle_tries;
    /* How it has come out. */
    enum mail_state state;
    enum reason reason;
    int32_t wait_s;
    const char *target; /* of the record */
};

struct mail_kind {
    const char *waits, *not_sent, *queue; /* events of the log */
    enum metric count;
    size_t job_size;
    /* Submit the claim of at most so many rows on this operation; how many there are when it is done. */
    void (*claim)(struct mail_queue *queue, struct store_op *op, size_t max, int32_t lease_s);
    size_t (*claimed)(const struct mail_queue *queue);
    /* Copy a row of the claim into the job. False: no room; the lease ends, and somebody tries it again. */
    bool (*take)(struct mail_job *job, size_t row);
    void (*work)(struct mail_job *job);
    /* Submit on job->settle what has become of it. */
    void (*settle)(struct mail_job *job);
    void (*cancel)(struct mail_job *job); /* what the kind has begun itself; NULL: nothing */
};

/* A kind's own begins with it. */
struct mail_queue {
    const struct mail_kind *kind;
    struct loop *loop;
    struct mail_config config;
    struct smtp *smtp;
    struct loop_timer timer;
    struct arena *arena; /* of a claim */
    struct store_op *claim;
    bool is_claiming, is_paused, is_stopped;
    bool is_soon; /* the timer is armed for what was told of */
    struct list jobs;
    size_t job_count;
};

/* It looks for mails from now on. `claim`: the operation of the kind's claims. Borrows all that the configuration names. */
void mail_queue_init(struct mail_queue *queue, const struct mail_kind *kind, struct loop *loop,
                     const struct mail_config *config, struct store_op *claim);
/* There may be one: look soon. */
void mail_queue_wake(struct mail_queue *queue);
/* Whether it takes any for now; what is on its way goes on. */
void mail_queue_pause(struct mail_queue *queue, bool pauses);
/* Take no more; what is on its way goes on. */
void mail_queue_stop(struct mail_queue *queue);
/* Give up what is on its way: another worker will send it. */
void mail_queue_fini(struct mail_queue *queue);

/* Send it; then it ends by itself. The message lives in the job's arena. */
void mail_job_send(struct mail_job *job, struct slice message);
void mail_job_end(struct mail_job *job, enum mail_state state, enum reason reason,
                  const char *outcome);
/* Not now, for this reason of ours. */
void mail_job_try_again(struct mail_job *job, const char *problem);
