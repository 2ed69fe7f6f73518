/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file mail.h
 * @brief Protected mails (docs/formats.md §8).
 *
 * A protected mail is a wrapper that any mail program shows, with the publishing license and the mail
 * itself as parts. Mails are held in memory, so they have at most 64 MiB; larger things are files
 * (stream.h).
 *
 * Any thread; one mail is used by one thread at a time.
 */
#ifndef CHANCERY_MAIL_H
#define CHANCERY_MAIL_H

#include <chancery/content.h>
#include <chancery/wrapper.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that a mail may have. */
#define CHANCERY_MAIL_BYTES_MAX (64 * 1024 * 1024)

/** A mail that was looked at; opaque. */
typedef struct chancery_mail chancery_mail;

/**
 * Look at a mail (RFC 5322), protected or not.
 * @param data the whole mail; borrowed until chancery_mail_free().
 * @param size its bytes.
 * @param out the mail, the caller's to free.
 * @return NULL, or INPUT_INVALID if it is none, or larger than it may be.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_read(const void *data, size_t size,
                                                                  chancery_mail **out);
/** Free a mail; NULL is fine. */
CHANCERY_API void chancery_mail_free(chancery_mail *mail);
/** The first address of From; "" if there is none. Lent. */
CHANCERY_API const char *chancery_mail_from(const chancery_mail *mail);
/** What that address is called, decoded; "" if it isn't. Whoever has sent the mail chose it. Lent. */
CHANCERY_API const char *chancery_mail_from_name(const chancery_mail *mail);
/** The subject, decoded; "" if there is none. Lent. */
CHANCERY_API const char *chancery_mail_subject(const chancery_mail *mail);
/** How many addresses To and Cc have, those in groups included. */
CHANCERY_API size_t chancery_mail_recipient_count(const chancery_mail *mail);
/** One of them; NULL beyond the count. Lent. */
CHANCERY_API const char *chancery_mail_recipient(const chancery_mail *mail, size_t index);
/** Whether it is protected: license and sealed mail are there, in it or in a mail within it. @return 1
 * or 0. */
CHANCERY_API int chancery_mail_is_protected(const chancery_mail *mail);
/**
 * Whether it is a wrapper and nothing else, as chancery_mail_wrap() makes one. A mail to which a
 * protected one is attached is protected, and yet no wrapper: what stands beside it is in clear. Whoever
 * has made the wrapper has also written what it shows to people; a gateway that lets it pass writes that
 * anew by chancery_mail_rewrap(). @return 1 or 0.
 */
CHANCERY_API int chancery_mail_is_wrapper(const chancery_mail *mail);
/**
 * Ask the authority whether the license of a protected mail is one of its own: whoever writes a mail can
 * make it look protected. One of which it isn't is from then on neither protected nor a wrapper, for
 * chancery_evaluate_mail() too. Gateways ask before they let a wrapper pass. Of another mail nothing is asked.
 * @param session of a gateway.
 * @param mail read by chancery_mail_read(); nobody else uses it meanwhile.
 * @param context NULL: as the session says.
 * @return NULL whatever the answer is; or why there is none.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_verify(chancery_session *session,
                                                                    chancery_mail *mail,
                                                                    chancery_context *context);
/** The publishing license of a protected mail; NULL for another. Lent. */
CHANCERY_API const void *chancery_mail_license(const chancery_mail *mail, size_t *size);

/**
 * Wrap a mail. What is sealed is the mail without Bcc, otherwise byte for byte.
 * @param mail not protected.
 * @param content with its key and its license, as chancery_protect() makes one.
 * @param out the wrapper, a whole mail; the caller's to free.
 * @return NULL, or INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_wrap(const chancery_mail *mail,
                                                                  const chancery_content *content,
                                                                  chancery_buffer **out);
/**
 * Wrap a mail in what the authority has written for those who read it outside.
 * @param mail not protected.
 * @param content with its key and its license.
 * @param wrapper of chancery_render_wrapper().
 * @param out the wrapper, a whole mail; the caller's to free.
 * @return NULL, or INPUT_INVALID.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_wrap_in(
    const chancery_mail *mail, const chancery_content *content, const chancery_wrapper *wrapper,
    chancery_buffer **out);
/**
 * Write a protected mail's wrapper anew: license and sealed mail as they are, of its header what a wrapper
 * has, and nothing else of what its maker has written.
 * @param mail protected.
 * @param wrapper what it shows to people instead; NULL: a short text.
 * @param out the wrapper, a whole mail; the caller's to free.
 * @return NULL, or INPUT_NOT_PROTECTED.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_rewrap(const chancery_mail *mail,
                                                                    const chancery_wrapper *wrapper,
                                                                    chancery_buffer **out);
/**
 * Open a protected mail. Nothing is given out before all of it has verified.
 * @param mail protected.
 * @param content with its key, after chancery_acquire() with the mail's license.
 * @param out the mail that was sealed; the caller's to free.
 * @return NULL, INPUT_NOT_PROTECTED or INPUT_DAMAGED.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_mail_open(const chancery_mail *mail,
                                                                  const chancery_content *content,
                                                                  chancery_buffer **out);

#ifdef __cplusplus
}
#endif

#endif
