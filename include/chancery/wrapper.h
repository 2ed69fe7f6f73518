/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file wrapper.h
 * @brief What a protected mail says to those who can't open it in their own program.
 *
 * The authority writes it in the look of the sender's tenant, as HTML and as text that say the same
 * (docs/formats.md §8.1). chancery_mail_wrap_in() puts it before what is sealed.
 *
 * A request is used by one thread at a time; a wrapper by any, it is never changed after it was made.
 */
#ifndef CHANCERY_WRAPPER_H
#define CHANCERY_WRAPPER_H

#include <chancery/content.h>
#include <chancery/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a wrapper is to say; opaque. */
typedef struct chancery_wrapping chancery_wrapping;
/** What the authority has written; opaque. */
typedef struct chancery_wrapper chancery_wrapper;

/** A request that says nothing yet. */
CHANCERY_API chancery_wrapping *chancery_wrapping_new(void);
/** Free a request; NULL is fine. */
CHANCERY_API void chancery_wrapping_free(chancery_wrapping *wrapping);
/** The sender's address, for whom a gateway asks; users by themselves may leave it out. */
CHANCERY_API void chancery_wrapping_set_sender(chancery_wrapping *wrapping, const char *address);
/** What the sender is called: one line of at most 256 bytes is shown. */
CHANCERY_API void chancery_wrapping_set_sender_name(chancery_wrapping *wrapping, const char *name);
/** The subject, if it is to be shown in clear: one line of at most 998 bytes. */
CHANCERY_API void chancery_wrapping_set_subject(chancery_wrapping *wrapping, const char *subject);
/** A branding by its name; without one, and for one that there isn't, the tenant's default. */
CHANCERY_API void chancery_wrapping_set_branding(chancery_wrapping *wrapping, const char *name);
/** A language in which it is said too, such as "de"; at most 4. */
CHANCERY_API void chancery_wrapping_add_language(chancery_wrapping *wrapping, const char *language);
/** The content's id, which the link to the portal then names. */
CHANCERY_API void chancery_wrapping_set_content(chancery_wrapping *wrapping, const char *id);

/**
 * Have a wrapper written. It grants nothing and leaves no record.
 * @param session of a gateway for the sender's domain, or of the sender.
 * @param wrapping what to say; it can be asked with again.
 * @param context NULL: as the session says.
 * @param out the wrapper, the caller's to free.
 * @return NULL, or why not.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_render_wrapper(
    chancery_session *session, const chancery_wrapping *wrapping, chancery_context *context,
    chancery_wrapper **out);
/**
 * Have the wrapper of an answer written, by the portal that has had it protected (chancery_answer()). Whoever has
 * answered is its sender, by what the authority has recorded. It grants nothing and leaves no record.
 * @param session of that portal.
 * @param answer by its publishing license.
 * @param wrapping name of the sender, subject and languages. What else it says is not asked.
 * @param context NULL: as the session says.
 * @param out the wrapper, the caller's to free.
 * @return NULL, or why not.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_render_content_wrapper(
    chancery_session *session, const chancery_content *answer, const chancery_wrapping *wrapping,
    chancery_context *context, chancery_wrapper **out);
/** HTML in UTF-8 that loads and runs nothing. Lent. */
CHANCERY_API const char *chancery_wrapper_html(const chancery_wrapper *wrapper);
/** The same as text in UTF-8. Lent. */
CHANCERY_API const char *chancery_wrapper_text(const chancery_wrapper *wrapper);
/** The picture to which the HTML refers; NULL and 0 if there is none. Lent. */
CHANCERY_API const void *chancery_wrapper_logo(const chancery_wrapper *wrapper, size_t *size);
/** Its media type, "image/png"; "" without a picture. Lent. */
CHANCERY_API const char *chancery_wrapper_logo_type(const chancery_wrapper *wrapper);
/** Its Content-ID without angle brackets; "" without a picture. Lent. */
CHANCERY_API const char *chancery_wrapper_logo_id(const chancery_wrapper *wrapper);
/** Free a wrapper; NULL is fine. */
CHANCERY_API void chancery_wrapper_free(chancery_wrapper *wrapper);

#ifdef __cplusplus
}
#endif

#endif
