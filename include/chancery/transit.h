/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file transit.h
 * @brief Protected mail on its way: opened for a scanner, and closed again (docs/policy.md §3.12).
 *
 * For gateways that act alone, where their tenant says so. What is closed again keeps its content, key and
 * license.
 */
#ifndef CHANCERY_TRANSIT_H
#define CHANCERY_TRANSIT_H

#include <chancery/mail.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whether a tenant's gateways open its protected mail for a scanner. */
enum chancery_transport_decryption {
    CHANCERY_TRANSPORT_DECRYPTION_UNKNOWN =
        0, /**< The caller is no gateway of a tenant: it opens none. */
    CHANCERY_TRANSPORT_DECRYPTION_OFF = 1,      /**< Such mail passes as it is. */
    CHANCERY_TRANSPORT_DECRYPTION_OPTIONAL = 2, /**< What can't be opened passes as it is. */
    CHANCERY_TRANSPORT_DECRYPTION_MANDATORY = 3 /**< What can't be opened is not delivered. */
};

/** For what a gateway opens content that is not its own. */
enum chancery_purpose {
    CHANCERY_PURPOSE_TRANSPORT_SCAN = 2, /**< To have it scanned. */
    CHANCERY_PURPOSE_JOURNAL = 3         /**< For a clear copy in the tenant's journal. */
};

/**
 * Ask what the tenant wants. It may be remembered for a minute, because each license is decided anyway.
 * @param session of a gateway.
 * @param context NULL: as the session says.
 * @param out a number of chancery_transport_decryption.
 * @return NULL, or why not; AUTHORITY_UNREACHABLE for what this version doesn't know.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_transport_setting(chancery_session *session,
                                                                          chancery_context *context,
                                                                          int *out);
/**
 * Get a use license for a purpose. It is recorded as that, with a decryptor's power. As chancery_acquire()
 * otherwise.
 * @param session of a gateway of the content's tenant.
 * @param content by its license.
 * @param purpose a number of chancery_purpose.
 * @param context NULL: as the session says.
 * @return NULL, or why not: DECRYPTION_OFF, COMPONENT_TENANT, COMPONENT_ROLE; INPUT_INVALID for another purpose.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_acquire_for(chancery_session *session,
                                                                    chancery_content *content,
                                                                    int purpose,
                                                                    chancery_context *context);
/**
 * Wrap a mail again that was opened, under the license that it had.
 * @param mail what was sealed, as the scanner has let it through; not protected.
 * @param before the protected mail that was opened, or its header: what the wrapper shows of the header is taken from
 * it, because the sealed one may say more.
 * @param content with its key, after chancery_acquire_for().
 * @param wrapper of chancery_render_wrapper(); NULL: a short text.
 * @param out the wrapper, a whole mail; the caller's to free.
 * @return NULL, or INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_wrap_again(
    const chancery_mail *mail, const chancery_mail *before, const chancery_content *content,
    const chancery_wrapper *wrapper, chancery_buffer **out);
/**
 * Write a mail for a journal: the clear copy and the protected mail, as two mails within one that has the protected
 * one's own header.
 * @param mail protected, as it came.
 * @param clear of chancery_mail_open(), with a license for CHANCERY_PURPOSE_JOURNAL.
 * @param out the mail with both; the caller's to free.
 * @return NULL, or INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_journal(const chancery_mail *mail,
                                                                     const chancery_buffer *clear,
                                                                     chancery_buffer **out);

#ifdef __cplusplus
}
#endif

#endif
