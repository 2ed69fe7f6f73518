/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file evaluation.h
 * @brief What the tenant's mail-flow rules say of a mail (docs/policy.md §10).
 *
 * Gateways ask for each mail, and do what they are told. Whatever fails, the mail must not leave
 * unprotected.
 *
 * Any thread; an evaluation is never changed after it was made.
 */
#ifndef CHANCERY_EVALUATION_H
#define CHANCERY_EVALUATION_H

#include <chancery/delivery.h>
#include <chancery/mail.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What to do with a mail; opaque. */
typedef struct chancery_evaluation chancery_evaluation;

/** How a mail is to be protected. */
enum chancery_rule_protection {
    CHANCERY_RULE_PROTECTION_NONE = 0,           /**< No rule says so. */
    CHANCERY_RULE_PROTECTION_TEMPLATE = 1,       /**< By chancery_evaluation_template_id(). */
    CHANCERY_RULE_PROTECTION_DO_NOT_FORWARD = 2, /**< Do Not Forward. */
    CHANCERY_RULE_PROTECTION_ENCRYPT_ONLY = 3,   /**< Encrypt-Only. */
    CHANCERY_RULE_PROTECTION_REMOVE = 4          /**< The authority's protection is taken off. */
};

/**
 * Have the rules looked at for a mail. Recorded once, by the mail's Message-ID.
 *
 * The library finds what rules look at: headers, text of all parts (alternatives and attached mails too),
 * attachments and what hinders looking into them, labels, and what kind of mail it is. It gives all of
 * that or fails: INPUT_INVALID if there is more than rules look through, such as 1 MiB of text.
 * @param session of a gateway: of the sender's tenant, or of the platform for the sender's domain.
 * @param mail the mail.
 * @param sender address of the envelope's sender, or of the author for whom it will be protected.
 * @param recipients addresses of the envelope.
 * @param count how many, 1 to 1,000.
 * @param context NULL: as the session says.
 * @param out what to do, the caller's to free.
 * @return NULL, or why not, such as RULES_INVALID, RULES_TOO_SLOW, COMPONENT_DOMAIN.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_evaluate_mail(
    chancery_session *session, const chancery_mail *mail, const char *sender,
    const char *const *recipients, size_t count, chancery_context *context,
    chancery_evaluation **out);
/** A number of chancery_rule_protection. What a later version may want more is an error of the call. */
CHANCERY_API int chancery_evaluation_protection(const chancery_evaluation *evaluation);
/** The template, with CHANCERY_RULE_PROTECTION_TEMPLATE; "" otherwise. Lent. */
CHANCERY_API const char *chancery_evaluation_template_id(const chancery_evaluation *evaluation);
/** The branding by its name; "" if no rule names one. Lent. */
CHANCERY_API const char *chancery_evaluation_branding(const chancery_evaluation *evaluation);
/** Whether the next hop must take the mail by TLS. @return 1 or 0. */
CHANCERY_API int chancery_evaluation_requires_tls(const chancery_evaluation *evaluation);
/** Whether recipients outside read it in the portal. @return 1 or 0. */
CHANCERY_API int chancery_evaluation_forces_portal(const chancery_evaluation *evaluation);
/** Not empty: the mail is not sent, and its sender is told this. Lent. */
CHANCERY_API const char *chancery_evaluation_block_text(const chancery_evaluation *evaluation);
/** Id of the rule that decided; "" if none did. Lent. */
CHANCERY_API const char *chancery_evaluation_rule_id(const chancery_evaluation *evaluation);
/** Its name; "" if none did. Lent. */
CHANCERY_API const char *chancery_evaluation_rule_name(const chancery_evaluation *evaluation);
/** How each recipient gets the mail if it is protected; none if it is blocked. Lent. */
CHANCERY_API const chancery_deliveries *chancery_evaluation_deliveries(
    const chancery_evaluation *evaluation);
/**
 * How any mail of the sender's tenant may be protected while no authority can be reached, by
 * chancery_protect_offline(): what the rules say whatever is in it (docs/policy.md §10.7). A number of
 * chancery_rule_protection, never CHANCERY_RULE_PROTECTION_REMOVE; CHANCERY_RULE_PROTECTION_NONE: no mail may be
 * sent then. What was told last counts.
 */
CHANCERY_API int chancery_evaluation_away_protection(const chancery_evaluation *evaluation);
/** The template for that, with CHANCERY_RULE_PROTECTION_TEMPLATE; "" otherwise. Lent. */
CHANCERY_API const char *chancery_evaluation_away_template_id(
    const chancery_evaluation *evaluation);
/** The branding for that by its name; "": none. Lent. */
CHANCERY_API const char *chancery_evaluation_away_branding(const chancery_evaluation *evaluation);
/** Whether the next hop must then take each mail by TLS. @return 1 or 0. */
CHANCERY_API int chancery_evaluation_away_requires_tls(const chancery_evaluation *evaluation);
/** Free an evaluation; NULL is fine. */
CHANCERY_API void chancery_evaluation_free(chancery_evaluation *evaluation);

#ifdef __cplusplus
}
#endif

#endif
