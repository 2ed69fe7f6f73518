/* SPDX-License-Identifier: Apache-2.0 */
/* GMime makes an object of each part, some 1.4 KiB for the ten bytes that a part may have, and calls
 * itself for each group that is within another in a list of addresses: 100,000 of them need more stack
 * than a process has. It looks at each line, for microseconds that a mail of 30 MiB makes minutes when its
 * lines are empty. It has no limits of its own, so they are found before it sees the mail. */
#include "client/mail_mime.h"

enum {
    DELIMITERS_MAX = 20000, /* lines that may begin a part (RFC 2046 §5.1.1) */
    GROUPS_MAX = 1000,      /* colons in one field of addresses (RFC 5322 §3.4) */
    LINES_MAX = 4000000,    /* 64 MiB of base64 have 900,000 */
};

/* The next line without its end. */
static struct slice next_line(struct slice *rest)
{
    ptrdiff_t end = slice_find(*rest, '\n');
    size_t len = end < 0 ? rest->len : (size_t)end;
    struct slice line = slice_cut(*rest, 0, len);
    *rest = slice_cut(*rest, end < 0 ? len : len + 1, rest->len);
    return line;
}

/* Wherever it stands: mails within mails have such fields too. */
static bool begins_addresses(struct slice line)
{
    static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
    if (line.len == 0 || strchr("FfSsRrTtCcBb", line.ptr[0]) == NULL) {
        return false;
    }
    ptrdiff_t colon = slice_find(slice_cut(line, 0, 64), ':');
    struct slice name = slice_cut(line, 0, colon < 0 ? 0 : (size_t)colon);
    while (name.len > 0 && (name.ptr[name.len - 1] == ' ' || name.ptr[name.len - 1] == '\t')) {
        name.len--;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (slice_eq_nocase(name, slice_str(names[i]))) {
            return true;
        }
    }
    return false;
}

static size_t count_colons(struct slice line)
{
    size_t count = 0;
    for (size_t i = 0; i < line.len; i++) {
        count += line.ptr[i] == ':' ? 1 : 0;
    }
    return count;
}

rc mail_mime_check(struct slice mail, struct err *err)
{
    struct slice rest = mail;
    size_t delimiters = 0, colons = 0, lines = 0;
    bool is_addresses = false;
    while (rest.len > 0) {
        struct slice line = next_line(&rest);
        bool goes_on = line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
        if (!goes_on) {
            is_addresses = begins_addresses(line);
            colons = 0;
        }
        colons += is_addresses ? count_colons(line) : 0;
        delimiters += slice_starts_with(line, "--") ? 1 : 0;
        lines++;
        if (lines > LINES_MAX) {
            FAIL(err, R_INPUT_INVALID, "the mail has more than 4,000,000 lines");
        }
        if (colons > GROUPS_MAX) {
            FAIL(err, R_INPUT_INVALID,
                 "the mail has more than 1,000 groups in a field of addresses");
        }
        if (delimiters > DELIMITERS_MAX) {
            FAIL(err, R_INPUT_INVALID, "the mail has more than 20,000 parts");
        }
    }
    return OK;
}
