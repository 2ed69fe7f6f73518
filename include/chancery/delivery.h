/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file delivery.h
 * @brief What gateways and programs ask before they protect.
 *
 * How protected mail reaches its recipients, and which templates may be chosen.
 *
 * Any thread; a list is never changed after it was made.
 */
#ifndef CHANCERY_DELIVERY_H
#define CHANCERY_DELIVERY_H

#include <chancery/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How protected mail of one sender reaches its recipients; opaque. */
typedef struct chancery_deliveries chancery_deliveries;
/** Templates by which the caller may protect; opaque. */
typedef struct chancery_templates chancery_templates;

/** How one recipient gets protected mail. */
enum chancery_channel {
    CHANCERY_CHANNEL_NONE = 0,   /**< Not at all; the reason says why. */
    CHANCERY_CHANNEL_NATIVE = 1, /**< Their own client opens it. */
    CHANCERY_CHANNEL_PORTAL = 2  /**< A portal shows it. */
};

/**
 * Ask how protected mail would reach its recipients. For gateways of the sender's domain.
 * @param session of the gateway.
 * @param sender for whom it acts.
 * @param recipients addresses.
 * @param count how many, 1 to 1,000.
 * @param context NULL: as the session says.
 * @param out one delivery for each recipient, in their order; the caller's to free.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_decide_delivery(
    chancery_session *session, const char *sender, const char *const *recipients, size_t count,
    chancery_context *context, chancery_deliveries **out);
/** How many deliveries there are. */
CHANCERY_API size_t chancery_deliveries_count(const chancery_deliveries *deliveries);
/** Whose delivery it is, as it was given; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_deliveries_recipient(const chancery_deliveries *deliveries,
                                                       size_t index);
/** A number of chancery_channel; CHANCERY_CHANNEL_NONE beyond the count. */
CHANCERY_API int chancery_deliveries_channel(const chancery_deliveries *deliveries, size_t index);
/** Why it goes so, such as "BOUNDARY_BLOCKED"; "" for native delivery. Lent. */
CHANCERY_API const char *chancery_deliveries_reason(const chancery_deliveries *deliveries,
                                                    size_t index);
/** The portal, with CHANCERY_CHANNEL_PORTAL; "" otherwise. Lent. */
CHANCERY_API const char *chancery_deliveries_portal_url(const chancery_deliveries *deliveries,
                                                        size_t index);
/** Free a list; NULL is fine. */
CHANCERY_API void chancery_deliveries_free(chancery_deliveries *deliveries);

/**
 * List the templates by which one may protect.
 * @param session of the publisher.
 * @param language wanted, such as "de-CH"; NULL: English.
 * @param owner the sender for whom a gateway asks; NULL: the calling user.
 * @param context NULL: as the session says.
 * @param out the templates in order of name; the caller's to free.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_list_templates(chancery_session *session,
                                                                       const char *language,
                                                                       const char *owner,
                                                                       chancery_context *context,
                                                                       chancery_templates **out);
/** How many templates there are. */
CHANCERY_API size_t chancery_templates_count(const chancery_templates *templates);
/** The id of one, for chancery_protection_set_template(); NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_templates_id(const chancery_templates *templates, size_t index);
/** Its name in the language wanted; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_templates_name(const chancery_templates *templates, size_t index);
/** Its description; may be empty; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_templates_description(const chancery_templates *templates,
                                                        size_t index);
/** Free a list; NULL is fine. */
CHANCERY_API void chancery_templates_free(chancery_templates *templates);

#ifdef __cplusplus
}
#endif

#endif
