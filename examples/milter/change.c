/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mark.h"

/* How the names of gateways' own headers begin, and the one among them that a mail itself has. */
static const char OURS[] = "X-Chancery-", CONTENT[] = "X-Chancery-Content";

/* The n-th of a name goes; from the last one on, so that the numbers of the others stay. */
static bool remove_headers(SMFICTX *ctx, const struct message *message)
{
    for (size_t i = message->header_count; i > 0; i--) {
        const struct header *header = &message->headers[i - 1];
        int number = 1;
        for (size_t j = 0; j + 1 < i; j++) {
            number += strcasecmp(message->headers[j].name, header->name) == 0 ? 1 : 0;
        }
        if (!header_is_trace(header->name) &&
            smfi_chgheader(ctx, header->name, number, NULL) != MI_SUCCESS) {
            return false;
        }
    }
    return true;
}

/* Those behind the last field that was kept, too. */
static bool remove_marks(SMFICTX *ctx, const struct message *message)
{
    char name[] = MARK_HEADER;
    size_t left = message->noted[NOTED_MARK].count;
    while (left > 0 && smfi_chgheader(ctx, name, (int)left, NULL) == MI_SUCCESS) {
        left--;
    }
    return left == 0;
}

/* Add one field of the wrapper's header; `line` ends where its value does. */
static bool add_header(SMFICTX *ctx, const struct settings *settings, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    /* What was sealed may name the header by which the MTA knows that a gateway wants TLS, this one or another, or
     * marks. */
    line[strcspn(line, " \t")] = '\0';
    bool is_ours =
        (settings->tls_header != NULL && strcasecmp(line, settings->tls_header) == 0) ||
        (strncasecmp(line, OURS, sizeof OURS - 1) == 0 && strcasecmp(line, CONTENT) != 0);
    return is_ours || header_is_trace(line) || smfi_addheader(ctx, line, colon + 1) == MI_SUCCESS;
}

/* The next field of a header with its folded lines, NUL-terminated and without CR; NULL at the end. */
static char *next_field(char **rest)
{
    char *line = *rest, *to = line, *at = line;
    if (*line == '\0' || *line == '\n' || (line[0] == '\r' && line[1] == '\n')) {
        return NULL;
    }
    for (; *at != '\0' && !(at[0] == '\n' && at[1] != ' ' && at[1] != '\t'); at++) {
        if (*at != '\r') {
            *to++ = *at;
        }
    }
    *rest = *at == '\0' ? at : at + 1;
    *to = '\0';
    return line;
}

/* Lines of a body end with CR LF where it is replaced; those of a wrapper may end with LF. */
static bool replace_body(SMFICTX *ctx, const char *body, size_t len)
{
    unsigned char piece[60000];
    size_t used = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < len; i++) {
        if (body[i] == '\n' && (i == 0 || body[i - 1] != '\r')) {
            piece[used++] = '\r';
        }
        piece[used++] = (unsigned char)body[i];
        if (used + 2 > sizeof piece || i + 1 == len) {
            ok = smfi_replacebody(ctx, piece, (int)used) == MI_SUCCESS;
            used = 0;
        }
    }
    explicit_bzero(piece, sizeof piece);
    return ok;
}

/* Where the body begins: behind the empty line, or at the end; 0 if there is neither. */
static size_t body_at(const char *data, size_t len, size_t at)
{
    if (at < len && data[at] == '\r') {
        at++;
    }
    return at >= len ? len : data[at] == '\n' ? at + 1 : 0;
}

static bool replace(SMFICTX *ctx, const struct settings *settings, const struct message *message,
                    const chancery_buffer *mail)
{
    const char *data = chancery_buffer_data(mail);
    size_t len = chancery_buffer_size(mail);
    char *head = strndup(data, len), *rest = head;
    size_t head_len = head == NULL ? 0 : strlen(head);
    bool ok = head != NULL && remove_headers(ctx, message);
    for (char *field = ok ? next_field(&rest) : NULL; ok && field != NULL;
         field = next_field(&rest)) {
        ok = add_header(ctx, settings, field);
    }
    size_t at = ok ? body_at(data, len, (size_t)(rest - head)) : 0;
    ok = ok && at > 0 &&
         (at < len ? replace_body(ctx, data + at, len - at) : replace_body(ctx, "\n", 1));
    if (head != NULL) {
        explicit_bzero(head, head_len);
    }
    free(head);
    return ok;
}

/* Postfix finds it in milter_header_checks, which look at nothing that a sender has written. */
static bool mark_tls(SMFICTX *ctx, const struct settings *settings)
{
    char yes[] = " yes";
    return smfi_addheader(ctx, settings->tls_header, yes) == MI_SUCCESS;
}

static bool set_sender(SMFICTX *ctx, const char *sender)
{
    char path[1024];
    int len = snprintf(path, sizeof path, "<%s>", sender);
    return len > 0 && (size_t)len < sizeof path && smfi_chgfrom(ctx, path, NULL) == MI_SUCCESS;
}

bool change_apply(SMFICTX *ctx, const struct settings *settings, const struct message *message,
                  const struct decision *decision)
{
    char mark[] = MARK_HEADER;
    bool is_replaced = decision->outcome == OUTCOME_REPLACE;
    bool ok = is_replaced ? replace(ctx, settings, message, decision->mail)
                          : !decision->strips_marks || remove_marks(ctx, message);
    ok = ok && (decision->mark == NULL || smfi_addheader(ctx, mark, decision->mark) == MI_SUCCESS);
    ok = ok && (decision->sender == NULL || set_sender(ctx, decision->sender));
    return ok && (!decision->requires_tls || mark_tls(ctx, settings));
}
