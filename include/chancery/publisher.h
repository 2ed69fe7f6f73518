/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file publisher.h
 * @brief Protecting without asking.
 *
 * A publisher has a key of its own and a certificate by which the authority lets it protect for days, also
 * while the authority can't be reached. What it protects becomes known when it is first opened. A
 * publisher may be saved and loaded again: what is saved holds a key, so keep it like one.
 */
#ifndef CHANCERY_PUBLISHER_H
#define CHANCERY_PUBLISHER_H

#include <chancery/content.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Who may protect without asking; opaque. Any thread, for none changes it. */
typedef struct chancery_publisher chancery_publisher;

/**
 * Make a key and ask for a certificate.
 * @param session of a gateway, or of a user.
 * @param context NULL: as the session says.
 * @param out the publisher, the caller's to free.
 * @return NULL, or why not: what protecting is refused for.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_publisher_request(chancery_session *session,
                                                                          chancery_context *context,
                                                                          chancery_publisher **out);
/**
 * The same for some sender domains and templates only.
 * @param session of a gateway, or of a user.
 * @param domains sender domains, NULL-terminated; NULL: all for which the caller may protect.
 * @param templates ids of templates, NULL-terminated; NULL: all that the caller may choose.
 * @param context NULL: as the session says.
 * @param out the publisher, the caller's to free.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_publisher_request_for(
    chancery_session *session, const char *const *domains, const char *const *templates,
    chancery_context *context, chancery_publisher **out);
/** Wipe the key and free the publisher; NULL is fine. */
CHANCERY_API void chancery_publisher_free(chancery_publisher *publisher);

/**
 * Key and certificate as text, to be kept where only their owner can read them. The caller frees the
 * buffer.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_publisher_save(
    const chancery_publisher *publisher, chancery_buffer **out);
/**
 * What chancery_publisher_save() has made.
 * @return NULL, or INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_publisher_load(const void *saved,
                                                                       size_t size,
                                                                       chancery_publisher **out);

/** The certificate's serial, by which it can be revoked. Lent. */
CHANCERY_API const char *chancery_publisher_certificate_id(const chancery_publisher *publisher);
/** When the certificate ends, in seconds since 1970. */
CHANCERY_API int64_t chancery_publisher_expire_time(const chancery_publisher *publisher);
/** Who protects: a user's address, or a component's id. Lent. */
CHANCERY_API const char *chancery_publisher_name(const chancery_publisher *publisher);
/** How many owners' addresses or domains the certificate names. */
CHANCERY_API size_t chancery_publisher_owner_count(const chancery_publisher *publisher);
/** One of them: an address, or for a gateway a domain; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_publisher_owner(const chancery_publisher *publisher,
                                                  size_t index);

/**
 * Protect one content without asking anybody. Its request id doesn't matter: each call makes another
 * content.
 * @param publisher whose certificate is good today.
 * @param protection what and how.
 * @param out a content with its key, the caller's to free.
 * @return NULL, or why not: PUBLISHER_EXPIRED, PUBLISHER_EXCEEDED, RECIPIENTS_MISSING, LIMIT_EXCEEDED,
 * INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_protect_offline(
    const chancery_publisher *publisher, const chancery_protection *protection,
    chancery_content **out);
/**
 * Make known what was protected offline, when the authority can be reached again: revoking the
 * certificate then leaves it alone, and its owner can revoke it by its id. Again is no error.
 * @param session of whoever has protected it.
 * @param content by its license.
 * @param context NULL: as the session says.
 * @return NULL, or why not: PROTECT_DENIED, PUBLISHER_REVOKED, PUBLISHER_EXPIRED, PUBLISHER_EXCEEDED.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_register(chancery_session *session,
                                                                 const chancery_content *content,
                                                                 chancery_context *context);

#ifdef __cplusplus
}
#endif

#endif
