/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file answer.h
 * @brief Protect a reader's answer, as a portal does (docs/policy.md §5.3).
 *
 * Whoever has opened content through a portal, and holds REPLY, REPLYALL or FORWARD, protects what they write
 * to its owner, to all of its people, or to others. They need no account. The answer is new content under
 * the policy of the one that is answered, with a key of its own; who may open it the authority knows and
 * tells nobody. To whom it is mailed is the portal's matter.
 *
 * A request is used by one thread at a time.
 */
#ifndef CHANCERY_ANSWER_H
#define CHANCERY_ANSWER_H

#include <chancery/content.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is answered how; opaque. */
typedef struct chancery_answering chancery_answering;

/** To whom; each kind needs the right of its name. */
typedef enum chancery_answer_kind {
    CHANCERY_ANSWER_REPLY = 1,     /**< The owner. */
    CHANCERY_ANSWER_REPLY_ALL = 2, /**< The owner and all recipients, those of Bcc included. */
    CHANCERY_ANSWER_FORWARD = 3    /**< Whom the reader names, and the owner. */
} chancery_answer_kind;

/**
 * A request to answer, with a request id of its own: asked twice, it is done once, so repeat it when an
 * error says that it may have been done.
 */
CHANCERY_API chancery_answering *chancery_answering_new(chancery_answer_kind kind);
/** Free a request; NULL is fine. */
CHANCERY_API void chancery_answering_free(chancery_answering *answering);
/** Somebody to whom it is forwarded, 1 to 999; of the other kinds none. */
CHANCERY_API void chancery_answering_add_recipient(chancery_answering *answering,
                                                   const char *address);
/** As chancery_protection_set_display_name(); without one it is that of what is answered. */
CHANCERY_API void chancery_answering_set_display_name(chancery_answering *answering,
                                                      const char *name);
/** A request id of the caller's own, a random UUID. */
CHANCERY_API void chancery_answering_set_request_id(chancery_answering *answering,
                                                    const char *uuid);
/** The request id that goes out; lent until it is set anew. */
CHANCERY_API const char *chancery_answering_request_id(const chancery_answering *answering);

/**
 * Protect an answer: get its key and its publishing license.
 * @param session of the portal, with the reader's token.
 * @param content that is answered, by its license; it needs no key.
 * @param answering to whom; it can be asked with again.
 * @param context NULL: as the session says.
 * @param out a content with its key, the caller's to free. chancery_content_refused() has whom it can't be
 * forwarded to.
 * @return NULL, or why not: what a license is refused for, REVOKED and EXPIRED for owners too, RIGHT_MISSING,
 * RIGHTS_EXCEEDED (to forward, where recipients get more than the reader holds), ANSWER_LIMIT.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_answer(chancery_session *session,
                                                               const chancery_content *content,
                                                               const chancery_answering *answering,
                                                               chancery_context *context,
                                                               chancery_content **out);

#ifdef __cplusplus
}
#endif

#endif
