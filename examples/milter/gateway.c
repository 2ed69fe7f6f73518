/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway_work.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "away.h"
#include "words.h"

/* --- words ------------------------------------------------------------------------------------ */

bool work_end(struct work *w, enum outcome outcome, const char *status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->out->words, sizeof w->out->words, format, args);
    va_end(args);
    words_make_plain(w->out->words);
    w->out->outcome = outcome;
    w->out->status = status;
    return false;
}

/* What the sender can change is refused for good. All else may be the fault of an administrator, or
 * pass: the mail waits with its sender. */
bool work_end_by(struct work *w, const char *doing, chancery_error *error)
{
    static const char *const final[] = {"EXCLUDED",       "FIELD_INVALID",  "INPUT_INVALID",
                                        "LIMIT_EXCEEDED", "PROTECT_DENIED", "RECIPIENTS_MISSING"};
    const char *reason = chancery_error_reason(error);
    bool is_final = false;
    for (size_t i = 0; i < sizeof final / sizeof final[0]; i++) {
        is_final = is_final || strcmp(final[i], reason) == 0;
    }
    const char *path = chancery_error_field_path(error, 0);
    work_end(w, is_final ? OUTCOME_REFUSE : OUTCOME_LATER, is_final ? "5.7.1" : "4.7.1",
             "%s: %s%s%s: %s %s", doing, reason, path == NULL ? "" : " ", path == NULL ? "" : path,
             chancery_error_sentence(error), chancery_error_detail(error));
    chancery_error_free(error);
    return false;
}

/* --- whose it is ------------------------------------------------------------------------------ */

static bool read_headers(struct work *w)
{
    const struct message *m = w->message;
    if (m->is_short || m->sender == NULL) {
        return work_end(w, OUTCOME_LATER, "4.3.2", "too many mails at once");
    }
    if (m->header_len == 0) {
        return work_end(w, OUTCOME_REFUSE, "5.3.4", "the header is too large");
    }
    if (m->recipient_count == 0) {
        return work_end(w, OUTCOME_LATER, "4.5.1", "no recipients");
    }
    chancery_error *error = chancery_mail_read(m->text, m->header_len, &w->head);
    return error == NULL || work_end_by(w, "reading the header", error);
}

bool gateway_passes_over(const struct gateway *gateway, const char *sender)
{
    const struct settings *settings = gateway->settings;
    char domain[DOMAIN_MAX_BYTES], within[DOMAIN_MAX_BYTES];
    return !settings->asks_about_others && domain_of(sender, domain) &&
           !settings_has_domain(settings, domain) &&
           !(domain_within(sender, within) && settings_has_domain(settings, within));
}

/* The envelope's sender is whom the MTA has let send. The author (From) is anybody's word: they are the owner
 * if they are of the same domain, or where nobody is in the envelope, as in answers of those who are away. */
static bool find_owner(struct work *w)
{
    const struct settings *settings = w->gateway->settings;
    const char *sender = w->message->sender, *author = chancery_mail_from(w->head);
    char domain[DOMAIN_MAX_BYTES], of_author[DOMAIN_MAX_BYTES], within[DOMAIN_MAX_BYTES];
    bool is_author = domain_of(author, of_author);
    w->sender = sender[0] == '\0' ? author : sender;
    if (sender[0] != '\0' && !domain_of(sender, domain)) {
        return work_end(w, OUTCOME_REFUSE, "5.1.7", "the sender has no domain");
    }
    if (sender[0] == '\0') {
        snprintf(domain, sizeof domain, "%s", is_author ? of_author : "");
    }
    if (domain_within(sender, within) && settings_has_domain(settings, within) &&
        !settings_has_domain(settings, domain)) {
        return work_end(w, OUTCOME_REFUSE, "5.1.7", "the sender has a route in it");
    }
    if (settings_find_domain(settings, domain, &w->domain)) {
        w->owner = is_author && strcmp(of_author, domain) == 0 ? author : w->sender;
        return true;
    }
    w->sender = sender[0] == '\0' ? "<>" : sender; /* a bounce, or as good as one */
    return settings->asks_about_others || work_end(w, OUTCOME_PASS, "", "not of our senders");
}

/* Whom the MTA makes of a recipient after this, the rules wouldn't have seen. */
static bool check_routes(struct work *w)
{
    for (size_t i = 0; i < w->message->recipient_count; i++) {
        const char *recipient = w->message->recipients[i], *why = address_reroutes(recipient);
        if (why != NULL) {
            return work_end(w, OUTCOME_REFUSE, "5.1.3", "%s %s: name the recipient as user@domain",
                            recipient, why);
        }
    }
    return true;
}

/* --- what the rules say ----------------------------------------------------------------------- */

/* Rules look at all of a mail. */
static bool read_all(struct work *w)
{
    if (w->message->is_too_large) {
        return work_end(w, OUTCOME_REFUSE, "5.3.4",
                        "larger than rules can look through: at most %zu MiB",
                        w->message->most >> 20);
    }
    chancery_error *error = chancery_mail_read(w->message->text, w->message->len, &w->mail);
    return error == NULL || work_end_by(w, "reading the mail", error);
}

/* Whoever writes a mail can make it look protected. */
static bool verify(struct work *w)
{
    if (chancery_mail_is_wrapper(w->mail) == 0) {
        return true;
    }
    chancery_error *error = chancery_mail_verify(w->gateway->session, w->mail, w->context);
    return error == NULL || work_end_by(w, "looking whether it is protected", error);
}

/* Nobody can be asked about this mail. What all rules allow with any mail is no weaker than what they would
 * have said of it. */
static bool go_unasked(struct work *w, chancery_error *error)
{
    int minutes;
    if (!away_orders(w->gateway->away, w->domain, &w->orders, &minutes)) {
        return work_end_by(w, "asking the rules, which let no mail go unasked", error);
    }
    chancery_error_free(error);
    snprintf(w->rule, sizeof w->rule, "what all rules allow, heard %d min ago", minutes);
    return true;
}

/* It goes unasked only where somebody of ours is the owner. */
static bool evaluate_failed(struct work *w, chancery_error *error)
{
    struct away *away = w->gateway->away;
    if (away == NULL || w->owner == NULL) {
        return work_end_by(w, "asking the rules", error);
    }
    away_hear_error(away, w->domain, error);
    return chancery_error_is_away(error) != 0 ? go_unasked(w, error)
                                              : work_end_by(w, "asking the rules", error);
}

static bool evaluate(struct work *w)
{
    int64_t asked = away_now();
    chancery_error *error = chancery_evaluate_mail(
        w->gateway->session, w->mail, w->sender, (const char *const *)w->message->recipients,
        w->message->recipient_count, w->context, &w->evaluation);
    if (error != NULL) {
        return evaluate_failed(w, error);
    }
    w->orders = orders_of(w->evaluation);
    if (w->gateway->away != NULL && w->owner != NULL) {
        away_learn(w->gateway->away, w->domain, asked, w->evaluation);
    }
    const char *id = chancery_evaluation_rule_id(w->evaluation);
    snprintf(w->rule, sizeof w->rule, id[0] == '\0' ? "no rule%s%s" : "rule %s \"%s\"", id,
             chancery_evaluation_rule_name(w->evaluation));
    return true;
}

static bool obey_block(struct work *w)
{
    const char *text = w->evaluation == NULL ? "" : chancery_evaluation_block_text(w->evaluation);
    return text[0] == '\0' || work_end(w, OUTCOME_REFUSE, "5.7.1", "%s (%s)", text, w->rule);
}

static bool check_tls(struct work *w)
{
    w->out->requires_tls = w->orders.requires_tls;
    return !w->out->requires_tls || w->gateway->settings->tls_header != NULL ||
           work_end(w, OUTCOME_LATER, "4.7.5",
                    "a rule wants TLS on the next hop, for which this gateway is not set up "
                    "(require_tls_header)");
}

/* The gateway may open what others may not. So that nobody gets a mail in clear by sending what they can't read
 * themselves, its owner has sent it, or gets it (answers). */
static bool is_owners(const struct work *w)
{
    const char *owner = chancery_content_owner(w->content);
    /* By the envelope. Without a sender there the author is anybody's word. */
    bool is_theirs = strcasecmp(owner, w->message->sender) == 0;
    /* With them nobody else: an answer goes to others by a mail of its own. */
    bool is_for_them =
        w->message->recipient_count == 1 && strcasecmp(owner, w->message->recipients[0]) == 0;
    return is_theirs || is_for_them;
}

/* What was protected before may be read by whoever holds EXPORT; whoever doesn't, leaves it as it is. */
static bool take_off(struct work *w)
{
    size_t size;
    chancery_session *session = w->gateway->session;
    const void *license = chancery_mail_license(w->mail, &size);
    chancery_error *error = chancery_content_from_license(license, size, &w->content);
    error = error != NULL ? error : chancery_inspect(session, w->content, w->context);
    if (error == NULL && !is_owners(w)) {
        return work_end(w, OUTCOME_PASS, "",
                        "stays protected, because its owner neither sent nor gets it; %s", w->rule);
    }
    error = error != NULL ? error : chancery_acquire_unprotected(session, w->content, w->context);
    if (chancery_error_code(error) == CHANCERY_CODE_PERMISSION_DENIED) {
        work_end(w, OUTCOME_PASS, "",
                 "stays protected, because the gateway may not open it: %s; %s",
                 chancery_error_reason(error), w->rule);
        chancery_error_free(error);
        return false;
    }
    error = error != NULL ? error : chancery_mail_open(w->mail, w->content, &w->out->mail);
    if (error != NULL) {
        return work_end_by(w, "taking the protection off", error);
    }
    if (!header_is_plain(chancery_buffer_data(w->out->mail), chancery_buffer_size(w->out->mail))) {
        chancery_buffer_free(w->out->mail);
        w->out->mail = NULL;
        return work_end(w, OUTCOME_PASS, "",
                        "stays protected, because its header can't be handed on; %s", w->rule);
    }
    return work_end(w, OUTCOME_REPLACE, "", "protection taken off %s by %s",
                    chancery_content_id(w->content), w->rule);
}

/* Goes on with mails that are to be protected. */
static bool choose(struct work *w)
{
    int protection = w->orders.protection;
    if (protection == CHANCERY_RULE_PROTECTION_NONE) {
        return work_end(w, OUTCOME_PASS, "", "%s", w->rule);
    }
    if (protection == CHANCERY_RULE_PROTECTION_REMOVE) {
        return chancery_mail_is_wrapper(w->mail) != 0
                   ? take_off(w)
                   : work_end(w, OUTCOME_PASS, "", "not protected; %s", w->rule);
    }
    return w->owner != NULL ||
           work_end(w, OUTCOME_REFUSE, "5.7.1",
                    "it must be protected, and its sender is not of a domain of ours (%s)",
                    w->rule);
}

void gateway_decide(struct gateway *gateway, const struct message *message, struct decision *out)
{
    static bool (*const steps[])(struct work *) = {
        read_headers,    find_owner,     check_routes, read_all, verify,
        evaluate,        obey_block,     check_tls,    choose,   gateway_check_delivery,
        gateway_protect, gateway_render, gateway_wrap};
    struct work w = {
        .gateway = gateway, .message = message, .out = out, .context = gateway->context};
    *out = (struct decision){.outcome = OUTCOME_LATER, .status = "4.3.0"};
    atomic_fetch_add(&gateway->busy, 1);
    bool goes_on = true;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && goes_on; i++) {
        goes_on = steps[i](&w);
    }
    chancery_wrapper_free(w.wrapper);
    chancery_content_free(w.content);
    chancery_evaluation_free(w.evaluation);
    chancery_mail_free(w.mail);
    chancery_mail_free(w.head);
    atomic_fetch_sub(&gateway->busy, 1);
}

bool gateway_stop(struct gateway *gateway)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    chancery_context_cancel(gateway->context);
    for (int i = 0; i < 500 && atomic_load(&gateway->busy) > 0; i++) {
        nanosleep(&pause, NULL);
    }
    if (gateway->away != NULL) {
        away_stop(gateway->away);
    }
    return atomic_load(&gateway->busy) == 0;
}
