/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file content.h
 * @brief Protect content, ask what one may do with it, get its key, take it back.
 *
 * A content is known by its publishing license, which travels with it, or by its id. Protecting makes
 * one that has its key; chancery_acquire() gets the key for one that came from elsewhere, after the
 * authority's answer has been verified against the keys of the content's tenant. Streams and mails
 * then use the key; it lies in memory that is wiped.
 *
 * A content, a request and an amendment are used by one thread at a time, a session by all.
 */
#ifndef CHANCERY_CONTENT_H
#define CHANCERY_CONTENT_H

#include <chancery/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One content, with what is known of it; opaque. */
typedef struct chancery_content chancery_content;
/** What to protect, and how; opaque. */
typedef struct chancery_protection chancery_protection;
/** A change of a content's policy; opaque. */
typedef struct chancery_amendment chancery_amendment;

/** Bytes of a content key. */
#define CHANCERY_KEY_BYTES 32
/** How many a batch may have. */
#define CHANCERY_BATCH_MAX 100

/* --- protect ---------------------------------------------------------------------------------- */

/**
 * A request to protect, with a request id of its own: asked twice, it is done once, so repeat it
 * when an error says that it may have been done.
 */
CHANCERY_API chancery_protection *chancery_protection_new(void);
/** Free a request; NULL is fine. */
CHANCERY_API void chancery_protection_free(chancery_protection *protection);
/** Under a published template. */
CHANCERY_API void chancery_protection_set_template(chancery_protection *protection,
                                                   const char *template_id);
/** Do Not Forward for the recipients. */
CHANCERY_API void chancery_protection_set_do_not_forward(chancery_protection *protection);
/** Encrypt-Only for the recipients. */
CHANCERY_API void chancery_protection_set_encrypt_only(chancery_protection *protection);
/**
 * Grant a right by a policy of one's own.
 * @param protection the request.
 * @param principal such as "user:bob@fabrikam.com", "domain:fabrikam.com" or "recipients".
 * @param right "VIEW", "EDIT", "PRINT" and so on, or a custom right of the tenant.
 */
CHANCERY_API void chancery_protection_grant(chancery_protection *protection, const char *principal,
                                            const char *right);
/** With grants, and refused (INPUT_INVALID) without: it ends this many days after it was protected, 1 to 36,500; 0: never. */
CHANCERY_API void chancery_protection_set_expire_days(chancery_protection *protection,
                                                      uint32_t days);
/** With grants likewise: days for which readers may keep licenses; 0: each opening asks the authority. */
CHANCERY_API void chancery_protection_set_offline_days(chancery_protection *protection,
                                                       uint32_t days);
/** Add an envelope recipient, Bcc included. */
CHANCERY_API void chancery_protection_add_recipient(chancery_protection *protection,
                                                    const char *address);
/** For whom a gateway protects. */
CHANCERY_API void chancery_protection_set_owner(chancery_protection *protection,
                                                const char *address);
/** A name that all who hold the content see, such as a mail's subject; at most 256 bytes. */
CHANCERY_API void chancery_protection_set_display_name(chancery_protection *protection,
                                                       const char *name);
/** A branding of the tenant, whose limits for readers outside hold for the content; NULL: none. */
CHANCERY_API void chancery_protection_set_branding(chancery_protection *protection,
                                                   const char *name);
/** Whether the owner wants a mail when it is opened or somebody is refused, which the tenant may have switched off. */
CHANCERY_API void chancery_protection_set_notify_owner(chancery_protection *protection, int notify);
/** A request id of the caller's own, a random UUID. */
CHANCERY_API void chancery_protection_set_request_id(chancery_protection *protection,
                                                     const char *uuid);
/** The request id that goes out; lent until it is set anew. */
CHANCERY_API const char *chancery_protection_request_id(const chancery_protection *protection);

/**
 * Protect one content: get a key and the publishing license to keep with it.
 * @param session of the publisher.
 * @param protection what and how; it can be asked with again.
 * @param context NULL: as the session says.
 * @param out a content with its key, the caller's to free.
 * @return NULL, or why not.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_protect(
    chancery_session *session, const chancery_protection *protection, chancery_context *context,
    chancery_content **out);

/**
 * Protect several contents in one request. Each is as by chancery_protect(), with a request id of its own,
 * and fails by itself.
 * @param session of the publisher.
 * @param protections what and how.
 * @param count how many, 1 to CHANCERY_BATCH_MAX.
 * @param context NULL: as the session says.
 * @param contents as many: where the contents go, the caller's to free; NULL for one that failed.
 * @param errors as many: where goes why one failed, the caller's to free; NULL for one that is done.
 * @return NULL, and then both lists are set; or why the whole failed, and then neither is.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_protect_many(
    chancery_session *session, const chancery_protection *const *protections, size_t count,
    chancery_context *context, chancery_content **contents, chancery_error **errors);

/* --- contents --------------------------------------------------------------------------------- */

/**
 * A content by its publishing license, as it came with it.
 * @return NULL, or INPUT_NOT_PROTECTED.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_content_from_license(
    const void *license, size_t size, chancery_content **out);
/**
 * A content by its id, to revoke, restore or amend it.
 * @return NULL, or INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_content_from_id(const char *id,
                                                                        chancery_content **out);
/** Wipe the key and free the content; NULL is fine. */
CHANCERY_API void chancery_content_free(chancery_content *content);

/** Its id. Lent. */
CHANCERY_API const char *chancery_content_id(const chancery_content *content);
/** Its publishing license; NULL and 0 if it was named by its id. Lent. */
CHANCERY_API const void *chancery_content_license(const chancery_content *content, size_t *size);
/** Its name, owner and tenant, as far as they are known; "" otherwise. Lent. */
CHANCERY_API const char *chancery_content_display_name(const chancery_content *content);
/** Address of its owner; "" before it was acquired or inspected. Lent. */
CHANCERY_API const char *chancery_content_owner(const chancery_content *content);
/** Address of whom the use license is for, or the id of a component that acts alone, after
 * chancery_acquire(); "" otherwise. Lent. */
CHANCERY_API const char *chancery_content_reader(const chancery_content *content);
/** Where readers without a client open it; "" if that is nowhere or not known. Lent. */
CHANCERY_API const char *chancery_content_portal_url(const chancery_content *content);
/** Recipients who can't be named and get nothing; whoever sends should be told. */
CHANCERY_API size_t chancery_content_refused_count(const chancery_content *content);
/** One of them, as it was given; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_content_refused(const chancery_content *content, size_t index);
/** How many rights the caller has, after chancery_acquire() or chancery_inspect(). */
CHANCERY_API size_t chancery_content_right_count(const chancery_content *content);
/** One of them, "VIEW" or a custom right; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_content_right(const chancery_content *content, size_t index);
/** Whether the caller has this right; OWNER has every one. @return 1 or 0. */
CHANCERY_API int chancery_content_has_right(const chancery_content *content, const char *right);
/** Whether license and key may be kept until chancery_content_expire_time(). @return 1 or 0. */
CHANCERY_API int chancery_content_may_cache(const chancery_content *content);
/** Whether attachments may be kept unprotected, whatever the rights, after chancery_acquire(). @return 1 or
 * 0. */
CHANCERY_API int chancery_content_attachments_freed(const chancery_content *content);
/** When the use license ends, or of what was just protected the content; seconds since 1970, 0: never
 * or not known. */
CHANCERY_API int64_t chancery_content_expire_time(const chancery_content *content);
/** Whether the key is there. @return 1 or 0. */
CHANCERY_API int chancery_content_has_key(const chancery_content *content);
/**
 * Copy the content key, for formats that the library doesn't know. Whoever copies it wipes it.
 * @return NULL, or INPUT_INVALID if it is not there.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_content_copy_key(
    const chancery_content *content, unsigned char key[CHANCERY_KEY_BYTES]);

/* --- what readers ask ------------------------------------------------------------------------- */

/**
 * Get a use license, verify it, and take the content key out of it.
 * @return NULL, or why not: what docs/policy.md §4.1 refuses for, USE_LICENSE_INVALID,
 * USE_LICENSE_EXPIRED, AUTHORITY_UNREACHABLE.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_acquire(chancery_session *session,
                                                                chancery_content *content,
                                                                chancery_context *context);
/**
 * Get a use license to save the content elsewhere without protection: it needs EXPORT, is recorded as
 * that, and is for one act (docs/policy.md §5.5). As chancery_acquire() otherwise.
 * @return NULL, or why not: RIGHT_MISSING besides.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_acquire_unprotected(
    chancery_session *session, chancery_content *content, chancery_context *context);
/**
 * Get use licenses for several contents in one request, each as by chancery_acquire().
 * @param session of the reader.
 * @param contents by their licenses; each one once.
 * @param count how many, 1 to CHANCERY_BATCH_MAX.
 * @param context NULL: as the session says.
 * @param errors as many: where goes why one failed, the caller's to free; NULL for one whose key is there.
 * @return NULL, and then the list is set; or why the whole failed, and then it is not.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_acquire_many(
    chancery_session *session, chancery_content *const *contents, size_t count,
    chancery_context *context, chancery_error **errors);
/** Ask what one may do, without the key. It is decided and recorded like a license. */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_inspect(chancery_session *session,
                                                                chancery_content *content,
                                                                chancery_context *context);

/* --- what owners ask -------------------------------------------------------------------------- */

/**
 * Let nobody open it any more.
 * @param session of its owner, its issuer, an admin, or a holder of OWNER.
 * @param content by its id or its license.
 * @param user this person only; NULL: everybody.
 * @param reason for the log, at most 256 bytes; NULL: none.
 * @param context NULL: as the session says.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_revoke(chancery_session *session,
                                                               chancery_content *content,
                                                               const char *user, const char *reason,
                                                               chancery_context *context);
/** Take a revocation back; the parameters are those of chancery_revoke(). */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_restore(chancery_session *session,
                                                                chancery_content *content,
                                                                const char *user,
                                                                const char *reason,
                                                                chancery_context *context);

/** A change that changes nothing yet. */
CHANCERY_API chancery_amendment *chancery_amendment_new(void);
/** Free an amendment; NULL is fine. */
CHANCERY_API void chancery_amendment_free(chancery_amendment *amendment);
/** A right that the principal has from now on; what it had by its name and is not granted, ends. */
CHANCERY_API void chancery_amendment_grant(chancery_amendment *amendment, const char *principal,
                                           const char *right);
/** An address that becomes a recipient. */
CHANCERY_API void chancery_amendment_add_recipient(chancery_amendment *amendment,
                                                   const char *address);
/** A principal that loses what it had. */
CHANCERY_API void chancery_amendment_remove(chancery_amendment *amendment, const char *principal);
/** It ends this many days after it was protected; 0: never. */
CHANCERY_API void chancery_amendment_set_expire_days(chancery_amendment *amendment, uint32_t days);
/** Why, for the log; at most 256 bytes. */
CHANCERY_API void chancery_amendment_set_reason(chancery_amendment *amendment, const char *reason);
/**
 * Change the policy of content that was sent, from the next license on.
 * @param session of its owner, its issuer, an admin, or a holder of EDITRIGHTSDATA.
 * @param content by its id or its license.
 * @param amendment what to change.
 * @param context NULL: as the session says.
 * @param approval_id where the id of a request goes for which a second admin is awaited, and then
 * nothing has changed yet; NULL goes there when the change holds. The caller frees the buffer. May be
 * NULL.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_amend(chancery_session *session,
                                                              chancery_content *content,
                                                              const chancery_amendment *amendment,
                                                              chancery_context *context,
                                                              chancery_buffer **approval_id);

#ifdef __cplusplus
}
#endif

#endif
