/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_attachment.h"

#include <strings.h>

static bool has(struct slice bytes, const void *what, size_t len)
{
    return bytes.len >= len && memmem(bytes.ptr, bytes.len, what, len) != NULL;
}

/* Bit 0 of the flags of a file: it is encrypted (APPNOTE.TXT 4.4.4). */
static bool is_locked(struct slice bytes, const char *signature, size_t flags_at)
{
    while (bytes.len > flags_at) {
        const uint8_t *at = memmem(bytes.ptr, bytes.len, signature, 4);
        size_t from = at == NULL ? 0 : (size_t)(at - bytes.ptr);
        if (at == NULL || from + flags_at >= bytes.len) {
            return false;
        }
        if ((at[flags_at] & 1) != 0) {
            return true;
        }
        bytes = slice_cut(bytes, from + 4, bytes.len);
    }
    return false;
}

static bool is_zip(struct slice bytes)
{
    return slice_starts_with(bytes, "PK\x03\x04");
}

bool mail_attachment_has_password(struct slice bytes)
{
    /* [MS-OFFCRYPTO] §2.3.4.10; names in a compound file are UTF-16. */
    static const char package[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
    static const char compound[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    if (is_zip(bytes)) {
        return is_locked(slice_cut(bytes, 0, 30), "PK\x03\x04", 6) ||
               is_locked(bytes, "PK\x01\x02", 8);
    }
    if (slice_starts_with(bytes, compound)) {
        return has(bytes, package, sizeof package);
    }
    return has(slice_cut(bytes, 0, 1024), "%PDF-", 5) && has(bytes, "/Encrypt", 8);
}

bool mail_attachment_is_unreadable(const char *media_type, struct slice bytes)
{
    bool is_tnef = strcasecmp(media_type, "application/ms-tnef") == 0 ||
                   strcasecmp(media_type, "application/vnd.ms-tnef") == 0;
    return is_tnef || (is_zip(bytes) && !has(bytes, "PK\x05\x06", 4));
}
