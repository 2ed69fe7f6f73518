/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <gmime/gmime.h>
#include <string.h>

#include "answer_mail.h"
#include "relay.h"
#include "shown.h"
#include "wiped.h"

enum { FORWARDED_MAX = 50, ADDRESS_BYTES_MAX = 254, NAME_BYTES_MAX = 256 };

struct answer_job *answer_job_new(struct reading_job *reading, chancery_answer_kind kind)
{
    struct answer_job *job = g_new0(struct answer_job, 1);
    job->reading = reading;
    job->kind = kind;
    job->sent = g_ptr_array_new_with_free_func(person_free);
    job->refused = g_ptr_array_new_with_free_func(g_free);
    return job;
}

void answer_job_free(struct answer_job *job)
{
    reading_job_free(job->reading);
    g_free(job->id);
    wipe_text(job->text);
    wipe_text(job->addresses);
    g_ptr_array_unref(job->sent);
    g_ptr_array_unref(job->refused);
    g_free(job);
}

/* --- to whom ---------------------------------------------------------------------------------- */

bool answer_is_allowed(const struct reading *reading, chancery_answer_kind kind)
{
    return kind == CHANCERY_ANSWER_REPLY       ? reading->may_reply
           : kind == CHANCERY_ANSWER_REPLY_ALL ? reading->may_reply_all
                                               : reading->may_forward;
}

/* As SMTP can take it: nothing that would end a command, and no space but within quotes. */
static bool is_address(const char *address)
{
    const char *at = strrchr(address, '@');
    for (const char *letter = address; *letter != '\0'; letter++) {
        if ((unsigned char)*letter < ' ' || *letter == 0x7F || strchr("<>", *letter) != NULL ||
            (*letter == ' ' && address[0] != '"')) {
            return false;
        }
    }
    return at != NULL && at != address && at[1] != '\0' && strlen(address) <= ADDRESS_BYTES_MAX;
}

/* Once each, and never the reader themself. */
static void add_person(GPtrArray *people, const char *name, const char *address, const char *reader)
{
    if (!is_address(address) || g_ascii_strcasecmp(address, reader) == 0) {
        return;
    }
    for (guint i = 0; i < people->len; i++) {
        const struct person *one = g_ptr_array_index(people, i);
        if (g_ascii_strcasecmp(one->address, address) == 0) {
            return;
        }
    }
    g_ptr_array_add(people, person_new(name, address));
}

static void add_all(GPtrArray *people, const GPtrArray *more, const char *reader)
{
    for (guint i = 0; i < more->len; i++) {
        const struct person *one = g_ptr_array_index(more, i);
        add_person(people, one->name, one->address, reader);
    }
}

GPtrArray *answer_people(const struct reading *reading, chancery_answer_kind kind)
{
    GPtrArray *people = g_ptr_array_new_with_free_func(person_free);
    if (kind == CHANCERY_ANSWER_FORWARD) {
        return people;
    }
    /* Not to whom From names: anybody could stand there, and nobody but the owner opens it. */
    add_person(people, NULL, reading->owner, "");
    if (kind == CHANCERY_ANSWER_REPLY_ALL) {
        add_all(people, reading->message->to_people, reading->reader);
        add_all(people, reading->message->cc_people, reading->reader);
    }
    return people;
}

/* Addresses as people type them: with names or without, by commas, semicolons or lines. */
static enum text read_addresses(const char *typed, GPtrArray *people)
{
    char *line = g_strdelimit(g_strdup(typed), ";\r\n", ',');
    InternetAddressList *list = internet_address_list_parse(NULL, line);
    int count = list == NULL ? 0 : internet_address_list_length(list);
    enum text problem = count == 0 ? P_NO_RECIPIENT : count > FORWARDED_MAX ? P_TOO_MANY_PEOPLE : 0;
    for (int i = 0; i < count && problem == 0; i++) {
        InternetAddress *one = internet_address_list_get_address(list, i);
        const char *address = INTERNET_ADDRESS_IS_MAILBOX(one)
                                  ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one))
                                  : "";
        if (address == NULL || !is_address(address)) {
            problem = P_NO_RECIPIENT;
        } else {
            add_person(people, internet_address_get_name(one), address, "");
        }
    }
    g_clear_object(&list);
    wipe_text(line);
    return problem;
}

/* --- protecting ------------------------------------------------------------------------------- */

/* Whom the authority can't name gets nothing. */
static void drop_refused(struct answer_job *job, const chancery_content *answer)
{
    for (size_t i = 0; i < chancery_content_refused_count(answer); i++) {
        const char *refused = chancery_content_refused(answer, i);
        g_ptr_array_add(job->refused, shown(refused));
        for (guint j = job->sent->len; j > 0; j--) {
            const struct person *one = g_ptr_array_index(job->sent, j - 1);
            if (strcmp(one->address, refused) == 0) {
                g_ptr_array_remove_index(job->sent, j - 1);
            }
        }
    }
}

/* A name of a content has at most 256 bytes. */
static char *short_name(const char *subject)
{
    size_t len = MIN(strlen(subject), NAME_BYTES_MAX);
    while (len > 0 && ((unsigned char)subject[len] & 0xC0) == 0x80) { /* not within a character */
        len--;
    }
    return g_strndup(subject, len);
}

static chancery_content *protect(struct answer_job *job, chancery_session *session,
                                 const chancery_content *content, const char *subject)
{
    chancery_content *answer = NULL;
    char *name = short_name(subject);
    chancery_answering *answering = chancery_answering_new(job->kind);
    chancery_answering_set_request_id(answering, job->id);
    chancery_answering_set_display_name(answering, name);
    for (guint i = 0; job->kind == CHANCERY_ANSWER_FORWARD && i < job->sent->len; i++) {
        const struct person *one = g_ptr_array_index(job->sent, i);
        chancery_answering_add_recipient(answering, one->address);
    }
    struct failure *failure = &job->reading->failure;
    bool has_failed =
        authority_fails(failure, chancery_answer(session, content, answering,
                                                 job->reading->portal->context, &answer));
    chancery_answering_free(answering);
    g_free(name);
    if (has_failed) {
        /* The same reasons say something else of answers. */
        failure->problem = failure->problem == P_MAY_NOT_SAVE ? P_MAY_NOT_ANSWER
                           : failure->problem == P_NO_ADDRESS ? P_NO_RECIPIENT
                                                              : failure->problem;
        return NULL;
    }
    drop_refused(job, answer);
    return answer;
}

/* As SMTP has it: lines end in CRLF (RFC 5321 §2.3.8). What is sealed is base64, so nothing of it changes. */
static GBytes *for_smtp(const char *mail, size_t size)
{
    GByteArray *lines = g_byte_array_sized_new((guint)(size + size / 32 + 64));
    for (size_t at = 0; at < size;) {
        const char *end = memchr(mail + at, '\n', size - at);
        size_t stop = end == NULL ? size : (size_t)(end - mail);
        size_t len = stop > at && end != NULL && mail[stop - 1] == '\r' ? stop - at - 1 : stop - at;
        g_byte_array_append(lines, (const guint8 *)mail + at, (guint)len);
        g_byte_array_append(lines, (const guint8 *)"\r\n", 2);
        at = end == NULL ? size : stop + 1;
    }
    return g_byte_array_free_to_bytes(lines);
}

/* In the reader's language, and in the others: nobody knows which one its recipients read. */
static void add_languages(chancery_wrapping *wrapping, enum language first)
{
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        chancery_wrapping_add_language(wrapping,
                                       language_tag((enum language)((first + i) % LANGUAGE_COUNT)));
    }
}

/* What it shows to people, in the look of the sender's organization. NULL, and no problem: the authority has refused it,
 * and a short text does, because it is protected by now. */
static chancery_wrapper *explain(struct answer_job *job, const chancery_content *answer,
                                 const char *subject)
{
    const struct portal *portal = job->reading->portal;
    struct failure refused = {0};
    chancery_wrapper *wrapper = NULL;
    chancery_wrapping *wrapping = chancery_wrapping_new();
    chancery_wrapping_set_subject(wrapping, subject);
    add_languages(wrapping, job->language);
    (void)authority_fails(&refused,
                          chancery_render_content_wrapper(portal->authority, answer, wrapping,
                                                          portal->context, &wrapper));
    chancery_wrapping_free(wrapping);
    if (refused.problem == P_LATER) {
        job->reading->failure = refused;
    }
    return wrapper;
}

static chancery_error *wrap_in(const chancery_mail *mail, const chancery_content *answer,
                               const chancery_wrapper *wrapper, chancery_buffer **out)
{
    return wrapper == NULL ? chancery_mail_wrap(mail, answer, out)
                           : chancery_mail_wrap_in(mail, answer, wrapper, out);
}

static GBytes *wrap(struct answer_job *job, GBytes *plain, const chancery_content *answer,
                    const char *subject)
{
    struct failure *failure = &job->reading->failure;
    gsize size;
    const void *data = g_bytes_get_data(plain, &size);
    chancery_mail *mail = NULL;
    chancery_buffer *wrapped = NULL;
    GBytes *made = NULL;
    chancery_wrapper *wrapper = explain(job, answer, subject);
    if (failure->problem == 0 && !authority_fails(failure, chancery_mail_read(data, size, &mail)) &&
        !authority_fails(failure, wrap_in(mail, answer, wrapper, &wrapped))) {
        made = for_smtp(chancery_buffer_data(wrapped), chancery_buffer_size(wrapped));
    }
    chancery_buffer_free(wrapped);
    chancery_wrapper_free(wrapper);
    chancery_mail_free(mail);
    return made;
}

/* --- sending ---------------------------------------------------------------------------------- */

static enum text hand_over(const struct answer_job *job, GBytes *wrapper)
{
    GPtrArray *recipients = g_ptr_array_new();
    for (guint i = 0; i < job->sent->len; i++) {
        const struct person *one = g_ptr_array_index(job->sent, i);
        g_ptr_array_add(recipients, one->address);
    }
    enum text problem = relay_send(job->reading->portal->settings, recipients, wrapper);
    g_ptr_array_unref(recipients);
    return problem;
}

static void send_in(struct answer_job *job, chancery_session *session,
                    const chancery_content *content)
{
    struct failure *failure = &job->reading->failure;
    char *subject = answer_subject(job->kind, job->reading->reading);
    chancery_content *answer = protect(job, session, content, subject);
    if (answer != NULL && job->sent->len == 0) {
        failure->problem = P_NO_RECIPIENT;
    } else if (answer != NULL) {
        GBytes *plain = answer_mail(job, subject);
        GBytes *wrapper = wrap(job, plain, answer, subject);
        failure->problem = wrapper == NULL ? failure->problem : hand_over(job, wrapper);
        g_bytes_unref(plain);
        g_clear_pointer(&wrapper, g_bytes_unref);
    }
    chancery_content_free(answer);
    wipe_text(subject);
}

static void find_people(struct answer_job *job)
{
    struct failure *failure = &job->reading->failure;
    if (!answer_is_allowed(job->reading->reading, job->kind)) {
        failure->problem = P_MAY_NOT_ANSWER;
    } else if (job->kind == CHANCERY_ANSWER_FORWARD) {
        failure->problem = read_addresses(job->addresses, job->sent);
    } else {
        g_ptr_array_unref(job->sent);
        job->sent = answer_people(job->reading->reading, job->kind);
    }
}

void answer_send(void *arg)
{
    struct answer_job *job = arg;
    struct reading_job *reading = job->reading;
    chancery_mail *mail = NULL;
    chancery_content *content = authority_content(reading->mail, &mail, &reading->failure);
    chancery_session *session = content == NULL ? NULL : reading_session(reading);
    if (session != NULL && reading->reading == NULL) {
        reading_open_in(reading, session, mail, content);
    }
    if (session != NULL && reading->reading != NULL) {
        find_people(job);
        if (reading->failure.problem == 0) {
            send_in(job, session, content);
        }
    }
    chancery_session_close(session);
    chancery_content_free(content);
    chancery_mail_free(mail);
}
