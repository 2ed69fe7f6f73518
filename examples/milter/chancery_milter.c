/* SPDX-License-Identifier: Apache-2.0 */
/* chancery-milter: a gateway that protects mails on their way, for Postfix and Sendmail (docs/milter.md).
 *
 * libmilter has a thread for each connection of the MTA; each mail is worked on by its connection's. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "journal.h"
#include "transit.h"
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

static unsigned long actions_needed(void)
{
    return settings.mode == MODE_RULES ? CHANGE_ACTIONS : CHANGE_ACTIONS | SMFIF_CHGFROM;
}

/* Without these rights a mail could only pass as it is. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long has_actions, unsigned long has_steps,
                             unsigned long zero2, unsigned long zero3, unsigned long *actions,
                             unsigned long *steps, unsigned long *want2, unsigned long *want3)
{
    (void)ctx, (void)zero2, (void)zero3;
    unsigned long needed = actions_needed();
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
    /* What a scanner adds must fit: what it has let through can't be returned to anybody. */
    size_t more = settings.mode == MODE_AFTER_SCAN ? settings.mail_bytes / 4 : 0;
    struct message *message = message_new(memory, settings.mail_bytes + more);
    if (message == NULL || smfi_setpriv(ctx, message) != MI_SUCCESS) {
        message_free(message);
        return SMFIS_TEMPFAIL;
    }
    message_set_sender(message, argv[0]);
    if (settings.mode == MODE_RULES && message->sender != NULL &&
        gateway_passes_over(&gateway, message->sender)) {
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

static void decide(const struct message *message, struct decision *out)
{
    switch (settings.mode) {
    case MODE_BEFORE_SCAN:
        transit_open(&gateway, message, out);
        return;
    case MODE_AFTER_SCAN:
        transit_close(&gateway, message, out);
        return;
    case MODE_JOURNAL:
        journal_add_clear(&gateway, message, out);
        return;
    case MODE_RULES:
        break;
    }
    gateway_decide(&gateway, message, out);
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
    decide(message, &decision);
    sfsistat result = SMFIS_CONTINUE;
    bool goes_on = decision.outcome == OUTCOME_REPLACE || decision.outcome == OUTCOME_PASS;
    if (goes_on && !change_apply(ctx, &settings, message, &decision)) {
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
    free(decision.mark);
    free(decision.sender_copy);
    forget(ctx);
    return result;
}

static sfsistat on_close(SMFICTX *ctx)
{
    forget(ctx);
    /* The thread may end behind this while the program does, and then nobody frees what OpenSSL keeps for it. */
    OPENSSL_thread_stop();
    return SMFIS_CONTINUE;
}

/* --- the program ------------------------------------------------------------------------------ */

static char program_name[] = "chancery-milter";

static bool listen_for_mails(void)
{
    struct smfiDesc filter = {.xxfi_name = program_name,
                              .xxfi_version = SMFI_VERSION,
                              .xxfi_flags = actions_needed(),
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
    if (settings.mode == MODE_RULES && settings.offline_hours > 0) {
        gateway.away = away_new(&settings, gateway.session, gateway.context);
    }
    if (settings.mode != MODE_RULES) {
        gateway.transit = transit_new(&settings);
        return gateway.transit != NULL && listen_for_mails();
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
