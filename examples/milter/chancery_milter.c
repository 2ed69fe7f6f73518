/* SPDX-License-Identifier: Apache-2.0 */
/* chancery-milter: a gateway that protects mails on their way, for Postfix and Sendmail (docs/milter.md).
 *
 * libmilter has a thread for each connection of the MTA; each mail is worked on by its connection's. */
#include <stdbool.h> /* before libmilter, which would define a bool of its own: a keyword in C23 */

#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gateway.h"
#include "words.h"

static struct settings settings;
static struct gateway gateway = {.settings = &settings};
static struct memory *memory;

static struct message *message_of(SMFICTX *ctx)
{
    return smfi_getpriv(ctx);
}

static void forget(SMFICTX *ctx)
{
    message_free(message_of(ctx));
    (void)smfi_setpriv(ctx, NULL);
}

/* --- envelope and text ------------------------------------------------------------------------ */

/* Without these rights a mail could only pass as it is. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long has_actions, unsigned long has_steps,
                             unsigned long zero2, unsigned long zero3, unsigned long *actions,
                             unsigned long *steps, unsigned long *want2, unsigned long *want3)
{
    (void)ctx, (void)zero2, (void)zero3;
    unsigned long needed = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY;
    if ((has_actions & needed) != needed || (has_steps & SMFIP_HDR_LEADSPC) == 0) {
        return SMFIS_REJECT;
    }
    *actions = needed;
    *steps = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NODATA | SMFIP_HDR_LEADSPC;
    *steps &= has_steps;
    *want2 = *want3 = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_sender(SMFICTX *ctx, char **argv)
{
    forget(ctx);
    struct message *message = message_new(memory, settings.mail_bytes);
    if (message == NULL || smfi_setpriv(ctx, message) != MI_SUCCESS) {
        message_free(message);
        return SMFIS_TEMPFAIL;
    }
    message_set_sender(message, argv[0]);
    if (message->sender != NULL && gateway_passes_over(&gateway, message->sender)) {
        forget(ctx);
        return SMFIS_ACCEPT; /* others' mail, of whatever size, takes no room from ours */
    }
    return SMFIS_CONTINUE;
}

/* A content has at most 1,000 recipients; the MTA sends to the others by another mail (RFC 5321
 * §4.5.3.1.10). */
static sfsistat on_recipient(SMFICTX *ctx, char **argv)
{
    struct message *message = message_of(ctx);
    if (message == NULL) {
        return SMFIS_TEMPFAIL;
    }
    message_add_recipient(message, argv[0]);
    if (message->is_short) {
        message->is_short = false;
        char code[] = "452", status[] = "4.5.3", words[] = "too many recipients at once";
        (void)smfi_setreply(ctx, code, status, words);
        return SMFIS_TEMPFAIL;
    }
    return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    struct message *message = message_of(ctx);
    if (message == NULL) {
        return SMFIS_TEMPFAIL;
    }
    message_add_header(message, name, value);
    return SMFIS_CONTINUE;
}

static sfsistat on_end_of_headers(SMFICTX *ctx)
{
    struct message *message = message_of(ctx);
    if (message == NULL) {
        return SMFIS_TEMPFAIL;
    }
    message_end_headers(message);
    return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t len)
{
    struct message *message = message_of(ctx);
    if (message == NULL) {
        return SMFIS_TEMPFAIL;
    }
    message_add_body(message, bytes, len);
    return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *ctx)
{
    forget(ctx);
    return SMFIS_CONTINUE;
}

/* --- replacing -------------------------------------------------------------------------------- */

/* What shows the way that a mail took stays; loops are found by it (RFC 5321 §6.3). */
static bool is_trace(const char *name)
{
    return strcasecmp(name, "Received") == 0 || strcasecmp(name, "Return-Path") == 0;
}

/* The n-th of a name goes; from the last one on, so that the numbers of the others stay. */
static bool remove_headers(SMFICTX *ctx, const struct message *message)
{
    for (size_t i = message->header_count; i > 0; i--) {
        const struct header *header = &message->headers[i - 1];
        int number = 1;
        for (size_t j = 0; j + 1 < i; j++) {
            number += strcasecmp(message->headers[j].name, header->name) == 0 ? 1 : 0;
        }
        if (!is_trace(header->name) &&
            smfi_chgheader(ctx, header->name, number, NULL) != MI_SUCCESS) {
            return false;
        }
    }
    return true;
}

/* Add one field of the wrapper's header; `line` ends where its value does. */
static bool add_header(SMFICTX *ctx, char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    /* What was sealed may name the header by which the MTA knows that we want TLS. */
    bool is_ours = settings.tls_header != NULL && strcasecmp(line, settings.tls_header) == 0;
    return is_ours || is_trace(line) || smfi_addheader(ctx, line, colon + 1) == MI_SUCCESS;
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
    for (size_t i = 0; i < len; i++) {
        if (body[i] == '\n' && (i == 0 || body[i - 1] != '\r')) {
            piece[used++] = '\r';
        }
        piece[used++] = (unsigned char)body[i];
        if (used + 2 > sizeof piece || i + 1 == len) {
            if (smfi_replacebody(ctx, piece, (int)used) != MI_SUCCESS) {
                return false;
            }
            used = 0;
        }
    }
    return true;
}

/* Where the body begins: behind the empty line, or at the end; 0 if there is neither. */
static size_t body_at(const char *data, size_t len, size_t at)
{
    if (at < len && data[at] == '\r') {
        at++;
    }
    return at >= len ? len : data[at] == '\n' ? at + 1 : 0;
}

static bool replace(SMFICTX *ctx, const struct message *message, const chancery_buffer *mail)
{
    const char *data = chancery_buffer_data(mail);
    size_t len = chancery_buffer_size(mail);
    char *head = strndup(data, len), *rest = head;
    size_t head_len = head == NULL ? 0 : strlen(head);
    bool ok = head != NULL && remove_headers(ctx, message);
    for (char *field = ok ? next_field(&rest) : NULL; ok && field != NULL;
         field = next_field(&rest)) {
        ok = add_header(ctx, field);
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
static bool mark_tls(SMFICTX *ctx)
{
    char yes[] = " yes";
    return smfi_addheader(ctx, settings.tls_header, yes) == MI_SUCCESS;
}

/* --- the end of a mail ------------------------------------------------------------------------ */

enum { REPLY_LINES = 8, REPLY_BYTES = 200 /* of a line; RFC 5321 §4.5.3.1.5 has 512 */ };

static sfsistat tell(SMFICTX *ctx, const struct decision *decision)
{
    bool is_final = decision->outcome == OUTCOME_REFUSE;
    char status[16], code[4], lines[REPLY_LINES][REPLY_BYTES + 1] = {{0}};
    char *line[REPLY_LINES] = {NULL};
    const char *rest = decision->words;
    for (size_t i = 0; i < REPLY_LINES && rest[0] != '\0'; i++) {
        size_t len = words_line(rest, REPLY_BYTES);
        memcpy(lines[i], rest, len);
        line[i] = lines[i];
        rest += len + (rest[len] == ' ' ? 1 : 0);
    }
    snprintf(code, sizeof code, "%s", is_final ? "550" : "451");
    snprintf(status, sizeof status, "%s", decision->status);
    (void)smfi_setmlreply(ctx, code, status, line[0], line[1], line[2], line[3], line[4], line[5],
                          line[6], line[7], NULL);
    return is_final ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* The MTA makes the changes only when the answer is to go on; every other end leaves the mail unsent. */
static sfsistat on_end(SMFICTX *ctx)
{
    struct decision decision;
    struct message *message = message_of(ctx);
    char name[] = "i"; /* the MTA's id of the mail */
    const char *id = smfi_getsymval(ctx, name);
    if (message == NULL) {
        return SMFIS_TEMPFAIL;
    }
    gateway_decide(&gateway, message, &decision);
    sfsistat result = SMFIS_CONTINUE;
    bool is_done = decision.outcome != OUTCOME_REPLACE || replace(ctx, message, decision.mail);
    bool goes_on = decision.outcome == OUTCOME_REPLACE || decision.outcome == OUTCOME_PASS;
    if (!is_done || (goes_on && decision.requires_tls && !mark_tls(ctx))) {
        decision.outcome = OUTCOME_LATER;
        decision.status = "4.3.0";
        snprintf(decision.words, sizeof decision.words, "the mail can't be changed");
    }
    if (decision.outcome == OUTCOME_LATER || decision.outcome == OUTCOME_REFUSE) {
        result = tell(ctx, &decision);
    }
    static const char *const did[] = {"passes", "replaced", "later", "refused"};
    fprintf(stderr, "%s: %s: %s\n", id == NULL ? "-" : id, did[decision.outcome], decision.words);
    chancery_buffer_free(decision.mail);
    forget(ctx);
    return result;
}

static sfsistat on_close(SMFICTX *ctx)
{
    forget(ctx);
    return SMFIS_CONTINUE;
}

/* --- the program ------------------------------------------------------------------------------ */

static char program_name[] = "chancery-milter";

static bool listen_for_mails(void)
{
    struct smfiDesc filter = {.xxfi_name = program_name,
                              .xxfi_version = SMFI_VERSION,
                              .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY,
                              .xxfi_envfrom = on_sender,
                              .xxfi_envrcpt = on_recipient,
                              .xxfi_header = on_header,
                              .xxfi_eoh = on_end_of_headers,
                              .xxfi_body = on_body,
                              .xxfi_eom = on_end,
                              .xxfi_abort = on_abort,
                              .xxfi_close = on_close,
                              .xxfi_negotiate = on_negotiate};
    return smfi_register(filter) == MI_SUCCESS && smfi_setconn(settings.listen) == MI_SUCCESS &&
           smfi_opensocket(1) == MI_SUCCESS;
}

static bool open_session(void)
{
    chancery_options *options = chancery_options_new();
    chancery_options_set_server(options, settings.server);
    chancery_options_set_ca_file(options, settings.ca_file);
    chancery_options_set_certificate(options, settings.certificate_file, settings.key_file);
    chancery_options_set_user_agent(options, "chancery-milter");
    chancery_error *error = chancery_session_open(options, &gateway.session);
    chancery_options_free(options);
    if (error != NULL) {
        fprintf(stderr, "chancery-milter: %s: %s %s\n", chancery_error_reason(error),
                chancery_error_sentence(error), chancery_error_detail(error));
    }
    bool ok = error == NULL;
    chancery_error_free(error);
    return ok;
}

static bool begin(void)
{
    gateway.context = chancery_context_new();
    chancery_context_set_timeout(gateway.context, settings.timeout_s * 1000);
    if (settings.offline_hours > 0) {
        gateway.away = away_new(&settings, gateway.session, gateway.context);
    }
    return (settings.offline_hours == 0 || gateway.away != NULL) && listen_for_mails();
}

int main(int argc, char **argv)
{
    bool is_check = argc == 3 && strcmp(argv[1], "--check") == 0;
    if (argc != 2 && !is_check) {
        fputs(
            "usage: chancery-milter [--check] FILE\n\nProtects mails on their way; docs/milter.md "
            "explains the file.\n",
            stderr);
        return 2;
    }
    memory = settings_read(argv[argc - 1], &settings) ? memory_new(settings.memory_bytes) : NULL;
    if (memory == NULL || !open_session()) {
        return 1;
    }
    if (is_check) {
        return 0;
    }
    int code = begin() && smfi_main() == MI_SUCCESS ? 0 : 1;
    /* Threads of connections that are still open may look at all that there is, so nothing is freed. */
    if (!gateway_stop(&gateway)) {
        fputs("chancery-milter: mails that were not decided on in time come later\n", stderr);
        _exit(code);
    }
    return code;
}
