/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "transit_work.h"

/* A journal wants each mail: what can't be opened is kept as it is, and the log says why. What nobody could be asked
 * about waits. */
static bool read_mail(struct work *w)
{
    const struct message *m = w->message;
    if (m->is_short || m->sender == NULL) {
        return work_end(w, OUTCOME_LATER, "4.3.2", "too many mails at once");
    }
    if (m->is_too_large || m->header_len == 0) {
        return work_end(w, OUTCOME_PASS, "", "kept as it is: larger than mail_mib");
    }
    chancery_error *error = chancery_mail_read(m->text, m->len, &w->mail);
    if (error != NULL) {
        chancery_error_free(error);
        return work_end(w, OUTCOME_PASS, "", "kept as it is: it can't be read");
    }
    if (chancery_mail_is_protected(w->mail) == 0) {
        return work_end(w, OUTCOME_PASS, "", "not protected");
    }
    return chancery_mail_is_wrapper(w->mail) != 0 ||
           work_end(w, OUTCOME_PASS, "", "kept as it is: a protected mail is attached to it");
}

static void add_clear(struct work *w)
{
    int setting;
    chancery_buffer *clear = NULL;
    chancery_error *error = transit_setting(w->gateway, &setting);
    if (error != NULL) {
        transit_end_later(w, "asking whose gateway this is", error);
        return;
    }
    if (setting == CHANCERY_TRANSPORT_DECRYPTION_UNKNOWN) {
        transit_end_of_nobody(w);
        return;
    }
    error = transit_open_for(w, CHANCERY_PURPOSE_JOURNAL, &clear);
    error = error != NULL ? error : chancery_mail_journal(w->mail, clear, &w->out->mail);
    chancery_buffer_free(clear);
    if (error == NULL) {
        w->out->sender = ""; /* whatever becomes of it is returned to nobody, for it is in clear */
        work_end(w, OUTCOME_REPLACE, "", "opened %s for the journal",
                 chancery_content_id(w->content));
    } else if (transit_is_about_the_license(error)) {
        work_end(w, OUTCOME_PASS, "", "kept as it is: %s", chancery_error_reason(error));
        chancery_error_free(error);
    } else {
        transit_end_later(w, "opening it for the journal", error);
    }
}

void journal_add_clear(struct gateway *gateway, const struct message *message, struct decision *out)
{
    struct work w = transit_start(gateway, message, out);
    if (read_mail(&w)) {
        add_clear(&w);
    }
    transit_finish(gateway, &w);
}
