/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/notice_mail.h"

#include "base/mem.h"
#include "mail/mail_message.h"
#include "store/resource/notice_store.h"

struct notice_mail {
    struct mail_queue queue; /* first */
    struct notice_claim claim;
};

struct job {
    struct mail_job mail; /* first */
    struct notice_row row;
};

static struct job *job_of(struct mail_job *mail)
{
    return LIST_ENTRY(mail, struct job, mail);
}

static const struct notice_mail *mail_of(const struct mail_queue *queue)
{
    return (const struct notice_mail *)(const void *)queue;
}

/* --- the rows --------------------------------------------------------------------------------- */

static void claim(struct mail_queue *queue, struct store_op *op, size_t max, int32_t lease_s)
{
    notice_store_claim(LIST_ENTRY(op, struct notice_claim, op), queue->config.served, max, lease_s);
}

static size_t claimed(const struct mail_queue *queue)
{
    return mail_of(queue)->claim.count;
}

static bool copy_events(struct job *job, const struct notice_row *row)
{
    const char **events = ARENA_ARRAY(job->mail.arena, const char *, row->event_count + 1);
    for (size_t i = 0; events != NULL && i < row->event_count; i++) {
        events[i] = arena_strdup(job->mail.arena, row->events[i]);
        if (events[i] == NULL) {
            return false;
        }
    }
    job->row.events = events;
    return events != NULL;
}

static bool take(struct mail_job *mail, size_t index)
{
    struct job *job = job_of(mail);
    const struct notice_row *row = &mail_of(mail->queue)->claim.rows[index];
    job->row = *row;
    job->row.owner = arena_strdup(mail->arena, row->owner);
    job->row.display_name = arena_strdup(mail->arena, row->display_name);
    mail->address = job->row.owner;
    mail->tries = row->tries;
    return job->row.owner != NULL && job->row.display_name != NULL && copy_events(job, row);
}

static void settle(struct mail_job *mail)
{
    notice_store_settle(&mail->settle, job_of(mail)->row.notice, mail->state, mail->wait_s,
                        mail->reason, mail->target);
}

/* --- work ------------------------------------------------------------------------------------- */

static rc compose(const struct job *job, struct slice *message, struct err *err)
{
    const struct mail_config *config = &job->mail.queue->config;
    const struct notice_row *row = &job->row;
    return mail_message_notice(job->mail.arena,
                               &(struct notice_message){.envelope = {.from = config->from,
                                                                     .from_name = config->from_name,
                                                                     .to = row->owner,
                                                                     .id = row->notice,
                                                                     .now = clock_unix()},
                                                        .name = row->display_name,
                                                        .content = row->content,
                                                        .opened = row->opened,
                                                        .refused = row->refused,
                                                        .events = row->events,
                                                        .event_count = row->event_count},
                               message, err);
}

static void work(struct mail_job *mail)
{
    struct job *job = job_of(mail);
    struct slice message = SLICE_NONE;
    struct err err = {0};
    if (job->row.is_over || job->row.opened + job->row.refused == 0) {
        mail_job_end(mail, MAIL_GIVEN_UP, R_NONE, "unwanted"); /* without a record */
    } else if (job->row.is_too_many) {
        mail->target = arena_printf(mail->arena, "%s: not mailed", job->row.owner);
        mail_job_end(mail, MAIL_GIVEN_UP, R_NOTICE_LIMIT, "too_many");
    } else if (compose(job, &message, &err).ok) {
        mail_job_send(mail, message);
    } else {
        mail_job_try_again(mail, reason_info(err.reason)->name);
    }
}

static const struct mail_kind KIND = {
    .waits = "notice_mail.waits",
    .not_sent = "notice_mail.not_sent",
    .queue = "notice_mail.queue",
    .count = M_NOTICE_MAILS,
    .job_size = sizeof(struct job),
    .claim = claim,
    .claimed = claimed,
    .take = take,
    .work = work,
    .settle = settle,
};

struct notice_mail *notice_mail_new(struct loop *loop, const struct mail_config *config)
{
    struct notice_mail *mail = xcalloc(1, sizeof *mail);
    mail_queue_init(&mail->queue, &KIND, loop, config, &mail->claim.op);
    return mail;
}

void notice_mail_stop(struct notice_mail *mail)
{
    if (mail != NULL) {
        mail_queue_stop(&mail->queue);
    }
}

void notice_mail_free(struct notice_mail *mail)
{
    if (mail != NULL) {
        mail_queue_fini(&mail->queue);
        xfree(mail);
    }
}
