/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mail_queue.h"

#include "base/mem.h"
#include "mail/mail_message.h"
#include "obs/log.h"

enum {
    LOOK_MS = 5000, /* what others have put there */
    SOON_MS = 20,   /* several that are started at once are taken together */
    SETTLE_AGAIN_MS = 1000,
    SETTLE_TRIES = 600, /* ten minutes of a database that is away */
    LEASE_EXTRA_S = 60, /* beyond the time that a mail may take */
    WAIT_FIRST_S = 5,   /* between two tries: three times as long each */
    WAIT_MAX_S = 240,   /* a relay that asks for patience wants some minutes */
    /* A notice names twenty people, each by an address of up to 766 bytes, which its text encodes anew. */
    CLAIM_BYTES = 1024 * 1024,
    JOB_BYTES = 512 * 1024,
};

static void job_free(struct mail_job *job)
{
    if (job->queue->kind->cancel != NULL) {
        job->queue->kind->cancel(job);
    }
    if (job->sending != NULL) {
        smtp_cancel(job->sending);
    }
    if (job->is_settling) {
        store_op_cancel(&job->settle);
    }
    loop_timer_fini(&job->settle_again);
    list_remove(&job->link);
    job->queue->job_count--;
    arena_free(job->arena);
    xfree(job);
}

/* --- settle ----------------------------------------------------------------------------------- */

static void settle(struct mail_job *job);

static void settled(struct store_op *op)
{
    struct mail_job *job = op->user;
    struct mail_queue *queue = job->queue;
    job->is_settling = false;
    if (op->err.reason != R_NONE && ++job->settle_tries < SETTLE_TRIES && !queue->is_stopped) {
        loop_timer_arm(&job->settle_again, SETTLE_AGAIN_MS);
        return;
    }
    job_free(job);
    mail_queue_wake(queue); /* there is room for another one */
}

static void on_settle_again(struct loop_timer *timer)
{
    settle(LIST_ENTRY(timer, struct mail_job, settle_again));
}

static void settle(struct mail_job *job)
{
    job->is_settling = true;
    store_op_init(&job->settle, job->queue->config.store, job->arena, settled, job);
    job->queue->kind->settle(job);
}

void mail_job_end(struct mail_job *job, enum mail_state state, enum reason reason,
                  const char *outcome)
{
    job->state = state;
    job->reason = reason;
    metric_add(job->queue->kind->count, outcome, NULL, 1);
    settle(job);
}

/* --- send ------------------------------------------------------------------------------------- */

/* No longer than the mail is worth: the next claim finds it over. */
static int32_t wait_after(uint32_t tries)
{
    int32_t wait = WAIT_FIRST_S;
    for (uint32_t i = 1; i < tries && wait < WAIT_MAX_S; i++) {
        wait *= 3;
    }
    return wait < WAIT_MAX_S ? wait : WAIT_MAX_S;
}

void mail_job_try_again(struct mail_job *job, const char *problem)
{
    log_event(LOG_WARNING, job->queue->kind->waits, F_STR("problem", problem));
    job->wait_s = wait_after(job->tries);
    mail_job_end(job, MAIL_WAITING, R_NONE, "again");
}

static void sent(void *user, const struct smtp_result *result)
{
    struct mail_job *job = user;
    job->sending = NULL;
    if (result->is_sent) {
        job->target = arena_printf(job->arena, "%s: mailed", job->address);
        mail_job_end(job, MAIL_SENT, R_NONE, "sent");
        return;
    }
    log_event(LOG_WARNING, job->queue->kind->not_sent, F_USER("problem", result->problem),
              F_INT("smtp_code", result->code), F_INT("tries", job->tries));
    if (result->is_final) {
        job->target = arena_printf(job->arena, "%s: the mail relay refused it with code %ld",
                                   job->address, result->code);
        mail_job_end(job, MAIL_GIVEN_UP, R_MAIL_REFUSED, "refused");
        return;
    }
    job->wait_s = wait_after(job->tries);
    mail_job_end(job, MAIL_WAITING, R_NONE, "again");
}

void mail_job_send(struct mail_job *job, struct slice message)
{
    const char *to = mail_message_address(job->arena, job->address);
    job->sending = to == NULL ? NULL : smtp_send(job->queue->smtp, to, message, sent, job);
    if (job->sending == NULL) {
        mail_job_try_again(job, "out of memory");
    }
}

/* --- claim ------------------------------------------------------------------------------------ */

static void begin(struct mail_queue *queue, size_t row)
{
    struct mail_job *job = xcalloc(1, queue->kind->job_size);
    job->queue = queue;
    job->arena = arena_new(JOB_BYTES);
    job->target = "";
    loop_timer_init(&job->settle_again, queue->loop, on_settle_again);
    list_append(&queue->jobs, &job->link);
    queue->job_count++;
    if (queue->kind->take(job, row)) {
        queue->kind->work(job);
    } else {
        job_free(job);
    }
}

static void claimed(struct store_op *op)
{
    struct mail_queue *queue = op->user;
    queue->is_claiming = false;
    if (op->err.reason != R_NONE) {
        log_event(LOG_WARNING, queue->kind->queue, F_ERR(&op->err));
    } else {
        size_t count = queue->kind->claimed(queue);
        for (size_t i = 0; i < count; i++) {
            begin(queue, i);
        }
    }
    arena_reset(queue->arena);
}

static void on_timer(struct loop_timer *timer)
{
    struct mail_queue *queue = LIST_ENTRY(timer, struct mail_queue, timer);
    const struct smtp_config *relay = &queue->config.relay;
    size_t room = MAILS_MAX - queue->job_count;
    queue->is_soon = false;
    if (queue->is_stopped) {
        return;
    }
    loop_timer_arm(timer, LOOK_MS);
    if (!queue->is_claiming && !queue->is_paused && room > 0 &&
        store_is_ready(queue->config.store)) {
        queue->is_claiming = true;
        store_op_init(queue->claim, queue->config.store, queue->arena, claimed, queue);
        queue->kind->claim(queue, queue->claim, room,
                           (int32_t)(relay->timeout_ms / 1000) + LEASE_EXTRA_S);
    }
}

void mail_queue_init(struct mail_queue *queue, const struct mail_kind *kind, struct loop *loop,
                     const struct mail_config *config, struct store_op *claim)
{
    queue->kind = kind;
    queue->loop = loop;
    queue->config = *config;
    queue->claim = claim;
    queue->smtp = smtp_new(loop, &queue->config.relay);
    queue->arena = arena_new(CLAIM_BYTES);
    list_init(&queue->jobs);
    loop_timer_init(&queue->timer, loop, on_timer);
    loop_timer_arm(&queue->timer, LOOK_MS);
}

void mail_queue_wake(struct mail_queue *queue)
{
    if (!queue->is_stopped && !queue->is_soon) {
        queue->is_soon = true;
        loop_timer_arm(&queue->timer, SOON_MS);
    }
}

void mail_queue_pause(struct mail_queue *queue, bool pauses)
{
    queue->is_paused = pauses;
}

void mail_queue_stop(struct mail_queue *queue)
{
    queue->is_stopped = true;
    loop_timer_cancel(&queue->timer);
}

void mail_queue_fini(struct mail_queue *queue)
{
    if (queue->is_claiming) {
        store_op_cancel(queue->claim);
    }
    for (struct list *link = queue->jobs.next; link != &queue->jobs;) {
        struct mail_job *job = LIST_ENTRY(link, struct mail_job, link);
        link = link->next;
        job_free(job);
    }
    loop_timer_fini(&queue->timer);
    smtp_free(queue->smtp);
    arena_free(queue->arena);
}
