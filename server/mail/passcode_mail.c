/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/passcode_mail.h"

#include <string.h>

#include "base/mem.h"
#include "mail/mail_message.h"
#include "store/resource/passcode_store.h"

struct passcode_mail {
    struct mail_queue queue; /* first */
    struct passcode_mail_claim claim;
};

struct job {
    struct mail_job mail; /* first */
    struct passcode_mail_row row;
    struct keys_op keys;
    bool is_deriving;
};

static struct job *job_of(struct mail_job *mail)
{
    return LIST_ENTRY(mail, struct job, mail);
}

static const struct passcode_mail *mail_of(const struct mail_queue *queue)
{
    return (const struct passcode_mail *)(const void *)queue;
}

/* --- the rows --------------------------------------------------------------------------------- */

static void claim(struct mail_queue *queue, struct store_op *op, size_t max, int32_t lease_s)
{
    passcode_store_claim_mails(LIST_ENTRY(op, struct passcode_mail_claim, op), queue->config.served,
                               max, lease_s);
}

static size_t claimed(const struct mail_queue *queue)
{
    return mail_of(queue)->claim.count;
}

static bool take(struct mail_job *mail, size_t index)
{
    struct job *job = job_of(mail);
    const struct passcode_mail_row *row = &mail_of(mail->queue)->claim.rows[index];
    char *wrapped = arena_alloc(mail->arena, row->wrapped.len + 1);
    job->row = *row;
    job->row.boundary = arena_strdup(mail->arena, row->boundary);
    job->row.address = arena_strdup(mail->arena, row->address);
    job->row.reference = arena_strdup(mail->arena, row->reference);
    job->row.language = arena_strdup(mail->arena, row->language);
    if (wrapped == NULL || job->row.boundary == NULL || job->row.address == NULL ||
        job->row.reference == NULL || job->row.language == NULL) {
        return false;
    }
    memcpy(wrapped, row->wrapped.ptr, row->wrapped.len);
    job->row.wrapped = slice_of(wrapped, row->wrapped.len);
    mail->address = job->row.address;
    mail->tries = row->tries;
    return true;
}

static void settle(struct mail_job *mail)
{
    passcode_store_settle_mail(&mail->settle, job_of(mail)->row.passcode, mail->state, mail->wait_s,
                               mail->reason, mail->target);
}

/* --- work ------------------------------------------------------------------------------------- */

static rc compose(struct job *job, struct slice *message, struct err *err)
{
    const struct mail_config *config = &job->mail.queue->config;
    return mail_message_passcode(
        job->mail.arena,
        &(struct passcode_message){.envelope = {.from = config->from,
                                                .from_name = config->from_name,
                                                .to = job->row.address,
                                                .id = job->row.passcode,
                                                .now = clock_unix()},
                                   .language = job->row.language,
                                   .code = job->keys.passcode_code,
                                   .reference = job->row.reference,
                                   .minutes = PASSCODE_LASTS_S / 60},
        message, err);
}

static void derived(struct keys_op *op)
{
    struct job *job = op->user;
    struct slice message = SLICE_NONE;
    struct err err = op->err;
    bool is_composed = err.reason == R_NONE && compose(job, &message, &err).ok;
    job->is_deriving = false;
    explicit_bzero(op->passcode_code, sizeof op->passcode_code);
    if (is_composed) {
        mail_job_send(&job->mail, message);
    } else {
        mail_job_try_again(&job->mail, reason_info(err.reason)->name);
    }
}

static void derive(struct job *job)
{
    const struct passcode_mail_row *row = &job->row;
    keys_op_init(&job->keys, job->mail.queue->config.keys, job->mail.arena, derived, job);
    job->keys.sealing = (struct keys_ref){.tenant = row->tenant,
                                          .boundary = row->boundary,
                                          .purpose = KEY_SEALING,
                                          .version = row->key_version,
                                          .wrapped = row->wrapped};
    job->keys.content = row->content;
    job->keys.passcode = row->passcode;
    job->keys.address = row->address;
    job->is_deriving = true;
    keys_make_passcode(&job->keys);
}

static void work(struct mail_job *mail)
{
    struct job *job = job_of(mail);
    if (job->row.is_nobodys) {
        mail_job_end(mail, MAIL_NOBODYS, R_NONE, "nobodys");
    } else if (job->row.is_over) {
        mail->target = arena_printf(mail->arena, "%s: not mailed in time", job->row.address);
        mail_job_end(mail, MAIL_GIVEN_UP, R_PASSCODE_ENDED, "expired");
    } else {
        derive(job);
    }
}

static void cancel(struct mail_job *mail)
{
    if (job_of(mail)->is_deriving) {
        keys_op_cancel(&job_of(mail)->keys);
    }
}

static const struct mail_kind KIND = {
    .waits = "passcode_mail.waits",
    .not_sent = "passcode_mail.not_sent",
    .queue = "passcode_mail.queue",
    .count = M_PASSCODE_MAILS,
    .job_size = sizeof(struct job),
    .claim = claim,
    .claimed = claimed,
    .take = take,
    .work = work,
    .settle = settle,
    .cancel = cancel,
};

struct passcode_mail *passcode_mail_new(struct loop *loop, const struct mail_config *config)
{
    struct passcode_mail *mail = xcalloc(1, sizeof *mail);
    mail_queue_init(&mail->queue, &KIND, loop, config, &mail->claim.op);
    return mail;
}

void passcode_mail_wake(struct passcode_mail *mail)
{
    mail_queue_wake(&mail->queue);
}

void passcode_mail_pause(struct passcode_mail *mail, bool pauses)
{
    mail_queue_pause(&mail->queue, pauses);
}

void passcode_mail_stop(struct passcode_mail *mail)
{
    if (mail != NULL) {
        mail_queue_stop(&mail->queue);
    }
}

void passcode_mail_free(struct passcode_mail *mail)
{
    if (mail != NULL) {
        mail_queue_fini(&mail->queue);
        xfree(mail);
    }
}
