/* SPDX-License-Identifier: Apache-2.0 */
/* Protected mails: a wrapper message that any mail program shows, with the publishing license as
 * one part and the mail itself, as CMS AuthEnvelopedData (RFC 5083, AES-256-GCM), as another
 * (docs/formats.md §8).
 *
 * What is sealed is the mail without Bcc, otherwise byte for byte. OpenSSL opens CMS in memory, about four times the
 * size, so mails are bounded; whatever is larger is protected as a file (content_file.h). */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/secret.h"

enum { MAIL_BYTES_MAX = 64 * 1024 * 1024 };

/* Start the library below; whoever has threads does so before the second one. */
void mail_start(void);

/* What the wrapper shows to people: the same as HTML and as text, by the authority
 * (BrandingService.RenderWrapper). */
struct mail_notice {
    const char *html, *text; /* UTF-8 */
    struct slice logo;       /* empty: none */
    const char *logo_type;   /* media type: "image/png" */
    const char *logo_id;     /* Content-ID, without brackets */
};

struct mail_wrapping {
    struct slice mail; /* RFC 5322 */
    struct slice license;
    struct content_id content;
    const char *portal_url;           /* named in the text for people; "": none */
    const struct mail_notice *notice; /* instead of that text; NULL: none. Borrows */
    struct slice header; /* of the mail whose header the wrapper shows; empty: of `mail` */
};

/* What a mail's header says, for choosing owner, recipients and display name. Lent by the arena. */
struct mail_envelope {
    const char *from;      /* the first address; "" if there is none */
    const char *from_name; /* what it is called there, decoded; "" if it isn't */
    const char *subject;   /* decoded; "" if there is none */
    const char **to;       /* addresses of To and Cc, those in groups too */
    size_t to_count;
};
/* R_INPUT_INVALID if it can't be parsed as a mail. */
rc mail_read_envelope(struct arena *arena, struct slice mail, struct mail_envelope *out,
                      struct err *err);

/* Make the wrapper. It has of the mail's header what mail systems need (docs/formats.md §8).
 * R_MESSAGE_TOO_LARGE beyond MAIL_BYTES_MAX. */
rc mail_wrap(struct arena *arena, const struct mail_wrapping *wrapping,
             const struct secret *content_key, struct slice *out, struct err *err);
/* A mail for a journal: the clear one and the protected one as two mails within it, with the header that a wrapper
 * has. R_INPUT_INVALID if the protected one can't be parsed. */
rc mail_journal(struct arena *arena, struct slice closed, struct slice clear, struct slice *out,
                struct err *err);
/* Write a wrapper anew around what is sealed in it: with the notice of `wrapping`, whose mail is the wrapper,
 * and of its header and its parts nothing but what a wrapper has. So nothing leaves with it in clear. */
rc mail_rewrap(struct arena *arena, const struct mail_wrapping *wrapping, struct slice sealed,
               struct slice *out, struct err *err);
struct mail_parts {
    struct slice license, sealed; /* lent by the arena */
};
/* Find license and CMS object in a wrapper, or in a mail that has it attached. R_INPUT_NOT_PROTECTED if it lacks one of them. */
rc mail_unwrap(struct arena *arena, struct slice wrapper, struct mail_parts *out, struct err *err);
/* Whether a mail is the wrapper of this content and nothing else, as it was made: its header names the
 * content, and beside license and sealed mail there is only what is shown to people. A mail to which a
 * program has attached a wrapper, or its parts, is none. */
bool mail_is_wrapper(struct slice mail, struct content_id content);
/* Open the CMS object. Nothing is given out before the tag has verified: R_INPUT_DAMAGED. */
rc mail_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
             struct slice *out, struct err *err);
