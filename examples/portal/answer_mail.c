/* SPDX-License-Identifier: Apache-2.0 */
#include "answer_mail.h"

#include <gmime/gmime.h>
#include <string.h>

#include "plain_text.h"
#include "shown.h"
#include "wiped.h"

/* --- header ----------------------------------------------------------------------------------- */

char *answer_subject(chancery_answer_kind kind, const struct reading *reading)
{
    const char *prefix = kind == CHANCERY_ANSWER_FORWARD ? "Fwd: " : "Re: ";
    bool has_it = g_ascii_strncasecmp(reading->open_subject, prefix, strlen(prefix) - 1) == 0;
    return g_strconcat(has_it ? "" : prefix, reading->open_subject, NULL);
}

/* It goes out by the portal's domain, so that its own signatures hold (SPF, DMARC); the reader is who is named, and whom
 * one answers. */
static void set_sender(GMimeMessage *mail, const struct answer_job *job)
{
    const struct settings *settings = job->reading->portal->settings;
    const char *reader = job->reading->reading->reader;
    char *name = g_strjoin(" ", reader, say(job->language, T_ANSWER_VIA), settings->name, NULL);
    g_mime_message_add_mailbox(mail, GMIME_ADDRESS_TYPE_FROM, name, settings->mail_from);
    g_mime_message_add_mailbox(mail, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, reader);
    g_free(name);
}

/* What ties it to its thread (RFC 5322 §3.6.4). */
static void set_thread(GMimeMessage *mail, const struct answer_job *job)
{
    const struct message *message = job->reading->reading->message;
    const char *domain = strchr(job->reading->portal->settings->mail_from, '@') + 1;
    char *id = g_strdup_printf("%s@%s", job->id, domain);
    g_mime_message_set_message_id(mail, id);
    g_free(id);
    if (message->id[0] != '\0' && job->kind != CHANCERY_ANSWER_FORWARD) {
        char *in_reply_to = g_strdup_printf("<%s>", message->id);
        char *references = g_strstrip(g_strdup_printf("%s <%s>", message->references, message->id));
        g_mime_object_set_header(GMIME_OBJECT(mail), "In-Reply-To", in_reply_to, NULL);
        g_mime_object_set_header(GMIME_OBJECT(mail), "References", references, NULL);
        g_free(references);
        g_free(in_reply_to);
    }
}

static void set_header(GMimeMessage *mail, const struct answer_job *job, const char *subject)
{
    GDateTime *now = g_date_time_new_now_utc();
    set_sender(mail, job);
    for (guint i = 0; i < job->sent->len; i++) {
        const struct person *one = g_ptr_array_index(job->sent, i);
        g_mime_message_add_mailbox(mail, GMIME_ADDRESS_TYPE_TO,
                                   one->name[0] == '\0' ? NULL : one->name, one->address);
    }
    g_mime_message_set_subject(mail, subject, "utf-8");
    g_mime_message_set_date(mail, now);
    set_thread(mail, job);
    g_date_time_unref(now);
}

/* --- text ------------------------------------------------------------------------------------- */

static void add_line(GString *text, const struct answer_job *job, enum text name, const char *value)
{
    if (value[0] != '\0') {
        g_string_append_printf(text, "%s: %s\n", say(job->language, name), value);
    }
}

/* The message as it stood; of a reply with marks before its lines, as mail programs have it. */
static void add_quote(GString *text, const struct answer_job *job)
{
    const struct message *message = job->reading->reading->message;
    const char *mark = job->kind == CHANCERY_ANSWER_FORWARD ? "" : "> ";
    GString *quote = plain_text_of(message->body);
    g_string_append(text, "\n-----\n");
    add_line(text, job, T_FROM, message->from);
    add_line(text, job, T_TO, message->to);
    add_line(text, job, T_CC, message->cc);
    add_line(text, job, T_DATE, message->date);
    g_string_append_c(text, '\n');
    for (const char *at = quote->str; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        g_string_append(text, mark);
        g_string_append_len(text, at, (gssize)len);
        g_string_append_c(text, '\n');
        at += at[len] == '\0' ? len : len + 1;
    }
    wipe_string(quote);
}

/* Lines end in LF. */
static GString *text_of(const struct answer_job *job)
{
    size_t len = strlen(job->text);
    GString *lines = g_string_sized_new(len), *text = g_string_sized_new(len + 3 * QUOTE_BYTES_MAX);
    for (const char *at = job->text; *at != '\0'; at++) {
        if (*at != '\r') {
            g_string_append_c(lines, *at);
        }
    }
    char *written = shown(lines->str);
    g_string_append(text, written);
    g_string_append_c(text, '\n');
    if (job->is_quoted) {
        add_quote(text, job);
    }
    wipe_text(written);
    wipe_string(lines);
    return text;
}

static void set_text(GMimeMessage *mail, const struct answer_job *job)
{
    GString *text = text_of(job);
    GMimeTextPart *part = g_mime_text_part_new();
    g_mime_text_part_set_charset(part, "utf-8");
    g_mime_text_part_set_text(part, text->str);
    g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    g_mime_message_set_mime_part(mail, GMIME_OBJECT(part));
    g_object_unref(part);
    wipe_string(text);
}

/* --- all of it -------------------------------------------------------------------------------- */

GBytes *answer_mail(const struct answer_job *job, const char *subject)
{
    GByteArray *array = g_byte_array_new();
    GMimeMessage *mail = g_mime_message_new(TRUE);
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);
    GMimeFormatOptions *format = g_mime_format_options_new();
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    set_header(mail, job, subject);
    set_text(mail, job);
    (void)g_mime_object_write_to_stream(GMIME_OBJECT(mail), format, stream);
    g_mime_format_options_free(format);
    g_object_unref(stream);
    g_object_unref(mail);
    return wiped_from_array(array);
}
