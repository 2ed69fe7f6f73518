/* SPDX-License-Identifier: Apache-2.0 */
#include "transit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mark.h"
#include "transit_work.h"

enum {
    REMEMBERED_S = 60, /* what the tenant says; the license decides anyway */
    MARKS_MAX = 16, /* that come from outside; each takes a question to the MTA to take it away */
    SCANNERS_MAX = 96, /* fields that a scanner adds to a header */
};

struct transit {
    unsigned char key[MARK_KEY_BYTES];
    pthread_mutex_t lock; /* of what follows */
    int setting;          /* of chancery_transport_decryption */
    int64_t asked;        /* by away_now(); -1: not yet */
};

struct transit *transit_new(const struct settings *settings)
{
    struct transit *transit = calloc(1, sizeof *transit);
    if (transit == NULL || !mark_key(settings->key_file, transit->key)) {
        free(transit);
        return NULL;
    }
    (void)pthread_mutex_init(&transit->lock, NULL);
    transit->asked = -1;
    return transit;
}

/* --- what the tenant says --------------------------------------------------------------------- */

chancery_error *transit_setting(const struct gateway *gateway, int *setting)
{
    struct transit *transit = gateway->transit;
    int64_t now = away_now();
    (void)pthread_mutex_lock(&transit->lock);
    bool is_known = transit->asked >= 0 && now - transit->asked < REMEMBERED_S;
    *setting = transit->setting;
    (void)pthread_mutex_unlock(&transit->lock);
    if (is_known) {
        return NULL;
    }
    chancery_error *error = chancery_transport_setting(gateway->session, gateway->context, setting);
    if (error == NULL) {
        (void)pthread_mutex_lock(&transit->lock);
        transit->setting = *setting;
        transit->asked = now;
        (void)pthread_mutex_unlock(&transit->lock);
    }
    return error;
}

/* --- marks ------------------------------------------------------------------------------------ */

static bool name_mail(const struct message *m, bool has_sender, struct mark_mail *out)
{
    return mark_mail_of(has_sender, m->noted[NOTED_MESSAGE_ID].first, m->noted[NOTED_DATE].first,
                        out);
}

/* For the mail whose header has been noted, as the scanner gets it. */
static bool set_mark(struct work *w, const struct message *noted, bool has_sender,
                     const struct mark *mark)
{
    struct mark whole = *mark;
    whole.made = (int64_t)time(NULL);
    w->out->mark = name_mail(noted, has_sender, &whole.mail)
                       ? mark_write(w->gateway->transit->key, &whole)
                       : NULL;
    return w->out->mark != NULL;
}

/* As it is, and the other side is told so. */
static bool let_pass(struct work *w, const char *why)
{
    const struct mark mark = {.is_opened = false};
    return set_mark(w, w->message, w->message->sender[0] != '\0', &mark)
               ? work_end(w, OUTCOME_PASS, "", "%s", why)
               : work_end(w, OUTCOME_LATER, "4.3.0", "no memory for the mark");
}

/* Nobody can look into it. */
static bool end_unopened(struct work *w, int setting, const char *why, const char *reason)
{
    return setting != CHANCERY_TRANSPORT_DECRYPTION_MANDATORY
               ? let_pass(w, why)
               : work_end(w, OUTCOME_REFUSE, "5.7.1",
                          "%s%s%s, and the organization takes no mail that it can't scan", why,
                          reason[0] == '\0' ? "" : ": ", reason);
}

bool transit_end_of_nobody(struct work *w)
{
    return work_end(
        w, OUTCOME_LATER, "4.7.1",
        "the authority knows this gateway as no tenant's, so nothing says whether protected "
        "mail may pass unopened; see chancery whoami");
}

bool transit_end_later(struct work *w, const char *doing, chancery_error *error)
{
    work_end(w, OUTCOME_LATER, "4.7.1", "%s: %s: %s %s", doing, chancery_error_reason(error),
             chancery_error_sentence(error), chancery_error_detail(error));
    chancery_error_free(error);
    return false;
}

/* --- before the scanner ----------------------------------------------------------------------- */

static bool read_mail(struct work *w)
{
    const struct message *m = w->message;
    int setting;
    if (m->is_short || m->sender == NULL) {
        return work_end(w, OUTCOME_LATER, "4.3.2", "too many mails at once");
    }
    if (m->noted[NOTED_MARK].count > MARKS_MAX) {
        return work_end(w, OUTCOME_REFUSE, "5.7.1", "its header is full of %s", MARK_HEADER);
    }
    chancery_error *error = m->is_too_large || m->header_len == 0
                                ? NULL
                                : chancery_mail_read(m->text, m->len, &w->mail);
    if (w->mail != NULL) {
        return chancery_mail_is_protected(w->mail) != 0 || let_pass(w, "not protected");
    }
    chancery_error_free(error);
    error = transit_setting(w->gateway, &setting);
    if (error != NULL) {
        return transit_end_later(w, "asking what the tenant wants opened", error);
    }
    return setting == CHANCERY_TRANSPORT_DECRYPTION_UNKNOWN
               ? transit_end_of_nobody(w)
               : end_unopened(w, setting, "it can't be read", "");
}

bool transit_is_about_the_license(const chancery_error *error)
{
    int code = chancery_error_code(error);
    return code == CHANCERY_CODE_INVALID_ARGUMENT || code == CHANCERY_CODE_PERMISSION_DENIED ||
           code == CHANCERY_CODE_FAILED_PRECONDITION || code == CHANCERY_CODE_NOT_FOUND ||
           strcmp(chancery_error_reason(error), "INPUT_NOT_PROTECTED") == 0 ||
           strcmp(chancery_error_reason(error), "INPUT_DAMAGED") == 0 ||
           strcmp(chancery_error_reason(error), "INPUT_INVALID") == 0;
}

/* Of an answer, which is freed; what is none lets the mail wait. */
static bool end_refused(struct work *w, int setting, chancery_error *error)
{
    const char *reason = chancery_error_reason(error);
    if (!transit_is_about_the_license(error)) {
        return transit_end_later(w, "opening it for the scanner", error);
    }
    if (strcmp(reason, "DECRYPTION_OFF") == 0) { /* since it was asked */
        setting = CHANCERY_TRANSPORT_DECRYPTION_OFF;
    }
    (void)end_unopened(w, setting, "it can't be opened for the scanner", reason);
    chancery_error_free(error);
    return false;
}

chancery_error *transit_open_for(struct work *w, int purpose, chancery_buffer **out)
{
    size_t size;
    const void *license = chancery_mail_license(w->mail, &size);
    chancery_error *error = chancery_content_from_license(license, size, &w->content);
    error = error != NULL
                ? error
                : chancery_acquire_for(w->gateway->session, w->content, purpose, w->context);
    return error != NULL ? error : chancery_mail_open(w->mail, w->content, out);
}

/* The protected mail's own header, of which the sealed one may say more. What the scanner adds must fit, too: what is too
 * large to be closed again would wait for ever. */
static bool mark_opened(struct work *w)
{
    const struct message *m = w->message;
    struct message *opened = message_new(m->memory, m->most);
    struct mark mark = {.is_opened = true,
                        .header = {m->text, m->header_len},
                        .sender = {m->sender, strlen(m->sender)}};
    mark.license.data = chancery_mail_license(w->mail, &mark.license.size);
    if (opened == NULL) {
        return false;
    }
    const char *text = chancery_buffer_data(w->out->mail);
    size_t len = chancery_buffer_size(w->out->mail);
    message_note_header(opened, text, len);
    bool ok = header_is_plain(text, len) && opened->field_count <= HEADERS_MAX - SCANNERS_MAX &&
              set_mark(w, opened, false, &mark);
    message_free(opened);
    return ok;
}

/* Whether a scanner sees what is in it: nothing that is protected once more. */
static bool shows_itself(const struct work *w)
{
    chancery_mail *opened = NULL;
    chancery_error *error = chancery_mail_read(chancery_buffer_data(w->out->mail),
                                               chancery_buffer_size(w->out->mail), &opened);
    bool shows = error == NULL && chancery_mail_is_protected(opened) == 0;
    chancery_error_free(error);
    chancery_mail_free(opened);
    return shows;
}

static bool open_for_scan(struct work *w)
{
    int setting;
    chancery_error *error = transit_setting(w->gateway, &setting);
    if (error != NULL) {
        return transit_end_later(w, "asking what the tenant wants opened", error);
    }
    if (setting == CHANCERY_TRANSPORT_DECRYPTION_UNKNOWN) {
        return transit_end_of_nobody(w);
    }
    if (setting == CHANCERY_TRANSPORT_DECRYPTION_OFF) {
        return let_pass(w, "protected, and the tenant has it pass");
    }
    if (chancery_mail_is_wrapper(w->mail) == 0) {
        return end_unopened(w, setting, "a protected mail is attached to it", "");
    }
    error = transit_open_for(w, CHANCERY_PURPOSE_TRANSPORT_SCAN, &w->out->mail);
    if (error != NULL) {
        return end_refused(w, setting, error);
    }
    const char *why = !shows_itself(w)  ? "there is a protected mail within it"
                      : !mark_opened(w) ? "its license or header can't be handed on"
                                        : NULL;
    if (why != NULL) {
        chancery_buffer_free(w->out->mail);
        w->out->mail = NULL;
        return end_unopened(w, setting, why, "");
    }
    w->out->sender = "";
    return work_end(w, OUTCOME_REPLACE, "", "opened %s for the scanner",
                    chancery_content_id(w->content));
}

/* --- behind the scanner ----------------------------------------------------------------------- */

/* One that we made, for this mail; and no other, so that nobody can say which counts. */
static bool find_mark(struct work *w, struct mark *mark)
{
    struct mark_mail mail;
    const struct message *m = w->message;
    const struct noted *found = &m->noted[NOTED_MARK];
    if (found->count != 1 || found->first == NULL ||
        !mark_read(w->gateway->transit->key, found->first, (int64_t)time(NULL), mark)) {
        return work_end(
            w, OUTCOME_LATER, "4.7.1",
            "it has no mark of the gateway before the scanner, so it may be one that was opened");
    }
    if (!name_mail(m, m->sender[0] != '\0', &mail) || !mark_is_for(mark, &mail)) {
        mark_clear(mark);
        return work_end(w, OUTCOME_LATER, "4.7.1",
                        "its mark was made for another mail, or its Message-ID or Date is another "
                        "one, so it may be one that was opened");
    }
    return true;
}

/* What the scanner has let through, without our mark and without the way that it took: the way goes on beside it. */
static chancery_error *read_scanned(struct work *w, struct message **clear)
{
    *clear = message_without_way(w->message);
    if (*clear == NULL || (*clear)->is_short || (*clear)->is_too_large) {
        work_end(w, OUTCOME_LATER, "4.3.2", "too many mails at once");
        return NULL;
    }
    return chancery_mail_read((*clear)->text, (*clear)->len, &w->mail);
}

/* For those who read it outside; the look that the mail came with is gone. Whose sender isn't ours has a few
 * words of the library instead. */
static chancery_error *render(struct work *w)
{
    const char *owner = chancery_content_owner(w->content);
    chancery_error *error = gateway_render_for(w, owner, "");
    if (error != NULL && transit_is_about_the_license(error)) {
        chancery_error_free(error);
        error = NULL;
    }
    return error;
}

static chancery_error *close_it(struct work *w, const struct mark *mark)
{
    chancery_error *error =
        chancery_content_from_license(mark->license.data, mark->license.size, &w->content);
    error = error != NULL ? error
                          : chancery_acquire_for(w->gateway->session, w->content,
                                                 CHANCERY_PURPOSE_TRANSPORT_SCAN, w->context);
    error =
        error != NULL ? error : chancery_mail_read(mark->header.data, mark->header.size, &w->head);
    error = error != NULL ? error : render(w);
    return error != NULL
               ? error
               : chancery_mail_wrap_again(w->mail, w->head, w->content, w->wrapper, &w->out->mail);
}

/* Whatever fails, it doesn't leave in clear, and nobody but the scanner has seen it: it waits. */
static void close_opened(struct work *w, const struct mark *mark)
{
    struct message *clear = NULL;
    chancery_error *error = read_scanned(w, &clear);
    if (error == NULL && w->mail != NULL) {
        error = close_it(w, mark);
        w->out->sender_copy = strndup(mark->sender.data, mark->sender.size);
        w->out->sender = w->out->sender_copy;
    }
    if (error != NULL) {
        transit_end_later(w, "closing it again", error);
    } else if (w->out->mail != NULL && w->out->sender == NULL) {
        work_end(w, OUTCOME_LATER, "4.3.2", "too many mails at once");
    } else if (w->out->mail != NULL) {
        work_end(w, OUTCOME_REPLACE, "", "closed %s again behind the scanner",
                 chancery_content_id(w->content));
    }
    chancery_mail_free(w->mail); /* it and the header have borrowed what goes now */
    chancery_mail_free(w->head);
    w->mail = w->head = NULL;
    message_free(clear);
}

static void close_marked(struct work *w)
{
    struct mark mark = {.memory = NULL};
    const struct message *m = w->message;
    if (m->sender == NULL) {
        work_end(w, OUTCOME_LATER, "4.3.2", "too many mails at once");
        return;
    }
    if (!find_mark(w, &mark)) {
        return;
    }
    if (!mark.is_opened) {
        work_end(w, OUTCOME_PASS, "", "it was not opened");
    } else if (m->is_short || m->is_too_large || m->header_len == 0) {
        work_end(w, OUTCOME_LATER, "4.3.2", "the scanner's mail is too large to be closed again");
    } else {
        close_opened(w, &mark);
    }
    mark_clear(&mark);
}

/* --- both ------------------------------------------------------------------------------------- */

void transit_finish(struct gateway *gateway, struct work *w)
{
    chancery_wrapper_free(w->wrapper);
    chancery_content_free(w->content);
    chancery_mail_free(w->mail);
    chancery_mail_free(w->head);
    atomic_fetch_sub(&gateway->busy, 1);
}

struct work transit_start(struct gateway *gateway, const struct message *message,
                          struct decision *out)
{
    *out = (struct decision){.outcome = OUTCOME_LATER, .status = "4.3.0", .strips_marks = true};
    atomic_fetch_add(&gateway->busy, 1);
    return (struct work){
        .gateway = gateway, .message = message, .out = out, .context = gateway->context};
}

void transit_open(struct gateway *gateway, const struct message *message, struct decision *out)
{
    struct work w = transit_start(gateway, message, out);
    if (read_mail(&w)) {
        (void)open_for_scan(&w);
    }
    transit_finish(gateway, &w);
}

void transit_close(struct gateway *gateway, const struct message *message, struct decision *out)
{
    struct work w = transit_start(gateway, message, out);
    close_marked(&w);
    transit_finish(gateway, &w);
}
