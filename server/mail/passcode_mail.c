/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/passcode_mail.h"

#include <string.h>

#include "base/mem.h"
#include "mail/mail_message.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/resource/passcode_store.h"

enum {
    LOOK_MS = 5000, /* what others have put there */
    SOON_MS = 20,   /* several that are started at once are taken together */
    SETTLE_AGAIN_MS = 1000,
    SETTLE_TRIES = 600, /* ten minutes of a database that is away */
    LEASE_EXTRA_S = 60, /* beyond the time that a mail may take */
    WAIT_FIRST_S = 5,   /* between two tries: three times as long each */
    WAIT_MAX_S = 240,   /* a relay that asks for patience wants some minutes */
    CLAIM_BYTES = 256 * 1024,
    JOB_BYTES = 64 * 1024,
};

struct passcode_mail {
    struct loop *loop;
    struct passcode_mail_config config;
    struct smtp *smtp;
    struct loop_timer timer;
    struct arena *arena; /* of a claim */
    struct passcode_mail_claim claim;
    bool is_claiming, is_stopped;
    bool is_soon; /* the timer is armed for what was told of */
    struct list jobs;
    size_t job_count;
};

/* One mail on its way. */
struct job {
    struct passcode_mail *mail;
    struct list link;
    struct arena *arena;
    struct passcode_mail_row row;
    struct keys_op keys;
    bool is_deriving;
    struct smtp_mail *sending;
    struct passcode_mail_settle settle;
    bool is_settling;
    struct loop_timer settle_again;
    unsigned settle_tries;
    /* How it has come out. */
    enum passcode_mail_state state;
    enum reason reason;
    int32_t wait_s;
    const char *target;
};

static void job_free(struct job *job)
{
    if (job->is_deriving) {
        keys_op_cancel(&job->keys);
    }
    if (job->sending != NULL) {
        smtp_cancel(job->sending);
    }
    if (job->is_settling) {
        store_op_cancel(&job->settle.op);
    }
    loop_timer_fini(&job->settle_again);
    list_remove(&job->link);
    job->mail->job_count--;
    arena_free(job->arena);
    xfree(job);
}

/* --- settle ----------------------------------------------------------------------------------- */

static void settle(struct job *job);

static void settled(struct store_op *op)
{
    struct job *job = op->user;
    struct passcode_mail *mail = job->mail;
    job->is_settling = false;
    if (op->err.reason != R_NONE && ++job->settle_tries < SETTLE_TRIES && !mail->is_stopped) {
        loop_timer_arm(&job->settle_again, SETTLE_AGAIN_MS);
        return;
    }
    job_free(job);
    passcode_mail_wake(mail); /* there is room for another one */
}

static void on_settle_again(struct loop_timer *timer)
{
    settle(LIST_ENTRY(timer, struct job, settle_again));
}

static void settle(struct job *job)
{
    job->is_settling = true;
    store_op_init(&job->settle.op, job->mail->config.store, job->arena, settled, job);
    passcode_store_settle_mail(&job->settle, job->row.passcode, job->state, job->wait_s,
                               job->reason, job->target);
}

static void end(struct job *job, enum passcode_mail_state state, enum reason reason,
                const char *outcome)
{
    job->state = state;
    job->reason = reason;
    metric_add(M_PASSCODE_MAILS, outcome, NULL, 1);
    settle(job);
}

/* --- send ------------------------------------------------------------------------------------- */

/* No longer than the passcode lasts: the next claim finds it over. */
static int32_t wait_after(uint32_t tries)
{
    int32_t wait = WAIT_FIRST_S;
    for (uint32_t i = 1; i < tries && wait < WAIT_MAX_S; i++) {
        wait *= 3;
    }
    return wait < WAIT_MAX_S ? wait : WAIT_MAX_S;
}

static void try_again(struct job *job, const char *problem)
{
    log_event(LOG_WARNING, "passcode_mail.waits", F_STR("problem", problem));
    job->wait_s = wait_after(job->row.tries);
    end(job, MAIL_WAITING, R_NONE, "again");
}

static void sent(void *user, const struct smtp_result *result)
{
    struct job *job = user;
    job->sending = NULL;
    if (result->is_sent) {
        job->target = arena_printf(job->arena, "%s: mailed", job->row.address);
        end(job, MAIL_SENT, R_NONE, "sent");
        return;
    }
    log_event(LOG_WARNING, "passcode_mail.not_sent", F_USER("problem", result->problem),
              F_INT("smtp_code", result->code), F_INT("tries", job->row.tries));
    if (result->is_final) {
        job->target = arena_printf(job->arena, "%s: the mail relay refused it with code %ld",
                                   job->row.address, result->code);
        end(job, MAIL_GIVEN_UP, R_MAIL_REFUSED, "refused");
        return;
    }
    job->wait_s = wait_after(job->row.tries);
    end(job, MAIL_WAITING, R_NONE, "again");
}

static rc compose(struct job *job, struct slice *message, struct err *err)
{
    const struct passcode_mail_config *config = &job->mail->config;
    return mail_message_passcode(job->arena,
                                 &(struct passcode_message){.from = config->from,
                                                            .from_name = config->from_name,
                                                            .to = job->row.address,
                                                            .language = job->row.language,
                                                            .code = job->keys.passcode_code,
                                                            .reference = job->row.reference,
                                                            .minutes = PASSCODE_LASTS_S / 60,
                                                            .id = job->row.passcode,
                                                            .now = clock_unix()},
                                 message, err);
}

static void derived(struct keys_op *op)
{
    struct job *job = op->user;
    struct slice message = SLICE_NONE;
    struct err err = op->err;
    const char *to = mail_message_address(job->arena, job->row.address);
    bool is_composed = err.reason == R_NONE && to != NULL && compose(job, &message, &err).ok;
    job->is_deriving = false;
    explicit_bzero(op->passcode_code, sizeof op->passcode_code);
    if (!is_composed) {
        try_again(job, reason_info(err.reason)->name);
        return;
    }
    job->sending = smtp_send(job->mail->smtp, to, message, sent, job);
    if (job->sending == NULL) {
        try_again(job, "out of memory");
    }
}

static void derive(struct job *job)
{
    const struct passcode_mail_row *row = &job->row;
    keys_op_init(&job->keys, job->mail->config.keys, job->arena, derived, job);
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

/* --- claim ------------------------------------------------------------------------------------ */

static bool copy_row(struct job *job, const struct passcode_mail_row *row)
{
    char *wrapped = arena_alloc(job->arena, row->wrapped.len + 1);
    job->row = *row;
    job->row.boundary = arena_strdup(job->arena, row->boundary);
    job->row.address = arena_strdup(job->arena, row->address);
    job->row.reference = arena_strdup(job->arena, row->reference);
    job->row.language = arena_strdup(job->arena, row->language);
    if (wrapped == NULL || job->row.boundary == NULL || job->row.address == NULL ||
        job->row.reference == NULL || job->row.language == NULL) {
        return false;
    }
    memcpy(wrapped, row->wrapped.ptr, row->wrapped.len);
    job->row.wrapped = slice_of(wrapped, row->wrapped.len);
    return true;
}

static void begin(struct passcode_mail *mail, const struct passcode_mail_row *row)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->mail = mail;
    job->arena = arena_new(JOB_BYTES);
    job->target = "";
    loop_timer_init(&job->settle_again, mail->loop, on_settle_again);
    list_append(&mail->jobs, &job->link);
    mail->job_count++;
    if (!copy_row(job, row)) {
        job_free(job); /* the lease ends, and somebody tries it again */
    } else if (row->is_nobodys) {
        end(job, MAIL_NOBODYS, R_NONE, "nobodys");
    } else if (row->is_over) {
        job->target = arena_printf(job->arena, "%s: not mailed in time", job->row.address);
        end(job, MAIL_GIVEN_UP, R_PASSCODE_ENDED, "expired");
    } else {
        derive(job);
    }
}

static void claimed(struct store_op *op)
{
    struct passcode_mail *mail = op->user;
    mail->is_claiming = false;
    if (op->err.reason != R_NONE) {
        log_event(LOG_WARNING, "passcode_mail.queue", F_ERR(&op->err));
    } else {
        for (size_t i = 0; i < mail->claim.count; i++) {
            begin(mail, &mail->claim.rows[i]);
        }
    }
    arena_reset(mail->arena);
}

static void on_timer(struct loop_timer *timer)
{
    struct passcode_mail *mail = LIST_ENTRY(timer, struct passcode_mail, timer);
    const struct smtp_config *relay = &mail->config.relay;
    size_t room = PASSCODE_MAILS_MAX - mail->job_count;
    mail->is_soon = false;
    if (mail->is_stopped) {
        return;
    }
    loop_timer_arm(timer, LOOK_MS);
    if (!mail->is_claiming && room > 0 && store_is_ready(mail->config.store)) {
        mail->is_claiming = true;
        store_op_init(&mail->claim.op, mail->config.store, mail->arena, claimed, mail);
        passcode_store_claim_mails(&mail->claim, mail->config.served, room,
                                   (int32_t)(relay->timeout_ms / 1000) + LEASE_EXTRA_S);
    }
}

struct passcode_mail *passcode_mail_new(struct loop *loop,
                                        const struct passcode_mail_config *config)
{
    struct passcode_mail *mail = xcalloc(1, sizeof *mail);
    mail->loop = loop;
    mail->config = *config;
    mail->smtp = smtp_new(loop, &config->relay);
    mail->arena = arena_new(CLAIM_BYTES);
    list_init(&mail->jobs);
    loop_timer_init(&mail->timer, loop, on_timer);
    loop_timer_arm(&mail->timer, LOOK_MS);
    return mail;
}

void passcode_mail_wake(struct passcode_mail *mail)
{
    if (!mail->is_stopped && !mail->is_soon) {
        mail->is_soon = true;
        loop_timer_arm(&mail->timer, SOON_MS);
    }
}

void passcode_mail_stop(struct passcode_mail *mail)
{
    if (mail != NULL) {
        mail->is_stopped = true;
        loop_timer_cancel(&mail->timer);
    }
}

void passcode_mail_free(struct passcode_mail *mail)
{
    if (mail == NULL) {
        return;
    }
    if (mail->is_claiming) {
        store_op_cancel(&mail->claim.op);
    }
    for (struct list *link = mail->jobs.next; link != &mail->jobs;) {
        struct job *job = LIST_ENTRY(link, struct job, link);
        link = link->next;
        job_free(job);
    }
    loop_timer_fini(&mail->timer);
    smtp_free(mail->smtp);
    arena_free(mail->arena);
    xfree(mail);
}
