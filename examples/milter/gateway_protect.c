/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "away.h"
#include "gateway_work.h"

/* --- protecting ------------------------------------------------------------------------------- */

/* A recipient whom it can't reach is told to the sender, before anything leaves. Who can't be asked about can't
 * open it either. */
bool gateway_check_delivery(struct work *w)
{
    if (w->evaluation == NULL) {
        return true;
    }
    const chancery_deliveries *deliveries = chancery_evaluation_deliveries(w->evaluation);
    size_t count = chancery_deliveries_count(deliveries), at = 0;
    while (at < count && chancery_deliveries_channel(deliveries, at) != CHANCERY_CHANNEL_NONE) {
        at++;
    }
    const char *reason = at == count ? "" : chancery_deliveries_reason(deliveries, at);
    bool has_no_rights = strcmp(reason, "NO_RIGHTS") == 0;
    return at == count ||
           work_end(w, OUTCOME_REFUSE, "5.7.1", "%s %s: %s (%s)",
                    chancery_deliveries_recipient(deliveries, at),
                    has_no_rights ? "could not open it" : "can't be reached", reason, w->rule);
}

static chancery_protection *request_of(const struct work *w)
{
    const struct orders *orders = &w->orders;
    chancery_protection *request = chancery_protection_new();
    if (orders->protection == CHANCERY_RULE_PROTECTION_TEMPLATE) {
        chancery_protection_set_template(request, orders->template_id);
    } else if (orders->protection == CHANCERY_RULE_PROTECTION_ENCRYPT_ONLY) {
        chancery_protection_set_encrypt_only(request);
    } else {
        chancery_protection_set_do_not_forward(request);
    }
    for (size_t i = 0; i < w->message->recipient_count; i++) {
        chancery_protection_add_recipient(request, w->message->recipients[i]);
    }
    chancery_protection_set_owner(request, w->owner);
    chancery_protection_set_branding(request, orders->branding);
    return request;
}

/* The same request once more where the answer was lost: with its id it is done once. */
static chancery_error *ask(struct work *w, const chancery_protection *request)
{
    chancery_error *error = chancery_protect(w->gateway->session, request, w->context, &w->content);
    if (error != NULL && chancery_error_may_be_done(error)) {
        chancery_error_free(error);
        error = chancery_protect(w->gateway->session, request, w->context, &w->content);
    }
    return error;
}

/* By the certificate: whatever it doesn't allow comes later, when it can be asked for. `error`, of asking, is
 * freed; NULL: nobody was asked. */
static bool protect_offline(struct work *w, const chancery_protection *request,
                            chancery_error *error)
{
    chancery_error *why;
    w->is_offline = away_protect(w->gateway->away, w->domain, request, &w->content, &why);
    if (!w->is_offline) {
        work_end(w, OUTCOME_LATER, "4.7.1", "the authority is away, and %s%s %s",
                 why == NULL ? "there is no publisher certificate for this sender"
                             : "without it the mail can't be protected: ",
                 chancery_error_reason(why), chancery_error_detail(why));
    }
    chancery_error_free(why);
    chancery_error_free(error);
    return w->is_offline;
}

static bool protect_by(struct work *w, const chancery_protection *request)
{
    chancery_error *error = w->evaluation == NULL ? NULL : ask(w, request);
    bool is_away = w->evaluation == NULL || chancery_error_is_away(error) != 0;
    if (is_away && w->gateway->away != NULL) {
        return protect_offline(w, request, error);
    }
    return error == NULL || work_end_by(w, "protecting", error);
}

/* What was protected before, by a sender's own program or on another hop, is not protected again. */
bool gateway_protect(struct work *w)
{
    size_t size;
    if (chancery_mail_is_wrapper(w->mail) != 0) {
        const void *license = chancery_mail_license(w->mail, &size);
        chancery_error *error = chancery_content_from_license(license, size, &w->content);
        return error == NULL || work_end_by(w, "reading the license", error);
    }
    chancery_protection *request = request_of(w);
    bool is_protected = protect_by(w, request);
    chancery_protection_free(request);
    return is_protected && (chancery_content_refused_count(w->content) == 0 ||
                            work_end(w, OUTCOME_REFUSE, "5.1.3", "%s can't be protected for",
                                     chancery_content_refused(w->content, 0)));
}

static bool has_portal(const chancery_deliveries *deliveries)
{
    size_t count = chancery_deliveries_count(deliveries);
    for (size_t i = 0; i < count; i++) {
        if (chancery_deliveries_channel(deliveries, i) == CHANCERY_CHANNEL_PORTAL) {
            return true;
        }
    }
    return false;
}

chancery_error *gateway_render_for(struct work *w, const char *sender, const char *branding)
{
    const struct settings *settings = w->gateway->settings;
    chancery_wrapping *wrapping = chancery_wrapping_new();
    chancery_wrapping_set_sender(wrapping, sender);
    chancery_wrapping_set_sender_name(wrapping, chancery_mail_from_name(w->head));
    chancery_wrapping_set_branding(wrapping, branding);
    chancery_wrapping_set_content(wrapping, chancery_content_id(w->content));
    for (size_t i = 0; i < settings->language_count; i++) {
        chancery_wrapping_add_language(wrapping, settings->languages[i]);
    }
    chancery_error *error =
        chancery_render_wrapper(w->gateway->session, wrapping, w->context, &w->wrapper);
    chancery_wrapping_free(wrapping);
    return error;
}

/* For those who can't open it in their own program; one mail goes to all, so all see it. The authority writes it,
 * so a mail that was protected without it explains itself in a few words of ours. */
bool gateway_render(struct work *w)
{
    if (w->is_offline || !has_portal(chancery_evaluation_deliveries(w->evaluation))) {
        return true;
    }
    chancery_error *error = gateway_render_for(w, w->owner, w->orders.branding);
    return error == NULL || work_end_by(w, "writing the wrapper", error);
}

static const char *how(const struct work *w)
{
    return chancery_mail_is_wrapper(w->mail) != 0 ? "protected already"
           : w->is_offline                        ? "protected offline"
                                                  : "protected";
}

/* Of a wrapper that came nothing is kept but license and sealed mail: its maker may have written anything
 * into what it shows. */
bool gateway_wrap(struct work *w)
{
    bool is_wrapper = chancery_mail_is_wrapper(w->mail) != 0;
    chancery_buffer **out = &w->out->mail;
    chancery_error *error = is_wrapper ? chancery_mail_rewrap(w->mail, w->wrapper, out)
                            : w->wrapper == NULL
                                ? chancery_mail_wrap(w->mail, w->content, out)
                                : chancery_mail_wrap_in(w->mail, w->content, w->wrapper, out);
    if (error != NULL) {
        return work_end_by(w, "wrapping", error);
    }
    if (w->is_offline) {
        away_register(w->gateway->away, w->content);
    }
    work_end(w, OUTCOME_REPLACE, "", "%s as %s by %s for %zu recipients, %s", how(w),
             chancery_content_id(w->content), w->rule, w->message->recipient_count,
             w->wrapper != NULL ? "with a wrapper"
             : w->is_offline    ? "in a few words"
                                : "all native");
    return true;
}
