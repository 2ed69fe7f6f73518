/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway before a scanner tells the one behind it, in a header that only they can make: that a mail has
 * passed it, and what it has opened (docs/milter.md). It holds for that mail and for no other. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MARK_HEADER "X-Chancery-Transit"

enum {
    MARK_KEY_BYTES = 32,
    MARK_DIGEST_BYTES = 32,
    MARK_BYTES_MAX = 64 * 1024, /* of all parts; Postfix takes 100 KiB of one header */
};

struct mark_part {
    const void *data;
    size_t size;
};

/* By what a mail is known on its way through a scanner, which may change all else. */
struct mark_mail {
    bool has_sender; /* of the envelope; an opened mail has none */
    /* Of the values of its fields; zero: it had none, and an MTA may have added one. */
    unsigned char message_id[MARK_DIGEST_BYTES], date[MARK_DIGEST_BYTES];
};

/* What it says of a mail that was opened. */
struct mark {
    bool is_opened; /* else it passed as it was, and the parts are empty */
    int64_t made;   /* seconds since 1970 */
    struct mark_mail mail;
    struct mark_part license, header, sender; /* as they were; lent by the memory of mark_read() */
    unsigned char *memory;
};

/* The key, which follows from the gateway's private key, so that all that have its certificate have it and nobody
 * else. False: the file can't be read. */
bool mark_key(const char *key_file, unsigned char out[MARK_KEY_BYTES]);
/* The header's value, folded, to be freed; NULL: too large, or no memory. */
char *mark_write(const unsigned char key[MARK_KEY_BYTES], const struct mark *mark);
/* False: it is none of ours, or too old. Free it by mark_clear(). */
bool mark_read(const unsigned char key[MARK_KEY_BYTES], const char *value, int64_t now,
               struct mark *out);
void mark_clear(struct mark *mark);
/* The values of its fields, NULL without; false: no memory. */
bool mark_mail_of(bool has_sender, const char *message_id, const char *date, struct mark_mail *out);
/* Whether a mark was made for this mail. */
bool mark_is_for(const struct mark *mark, const struct mark_mail *mail);
