/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <string.h>

#include "brand.h"
#include "chancery/v1/passcode.pb-c.h"
#include "shown.h"
#include "wiped.h"

/* --- the authority ---------------------------------------------------------------------------- */

chancery_options *authority_options(const struct settings *settings)
{
    chancery_options *options = chancery_options_new();
    chancery_options_set_server(options, settings->server);
    chancery_options_set_ca_file(options, settings->ca_file);
    chancery_options_set_certificate(options, settings->certificate_file, settings->key_file);
    chancery_options_set_user_agent(options, "chancery-portal");
    chancery_options_set_timeout(options, settings->timeout_s * 1000);
    return options;
}

/* --- failures --------------------------------------------------------------------------------- */

bool authority_fails(struct failure *failure, chancery_error *error)
{
    if (error == NULL) {
        return false;
    }
    const char *contact = chancery_error_metadata(error, "referral_contact");
    failure->problem = problem_of(chancery_error_reason(error), chancery_error_code(error));
    g_strlcpy(failure->contact, contact == NULL ? "" : contact, sizeof failure->contact);
    g_strlcpy(failure->number,
              failure->problem == P_FAULT || failure->problem == P_LATER
                  ? chancery_error_request_id(error)
                  : "",
              sizeof failure->number);
    g_printerr("refused: %s %s\n", chancery_error_reason(error), chancery_error_request_id(error));
    chancery_error_free(error);
    return true;
}

ProtobufCMessage *authority_ask(const struct portal *portal, const char *method,
                                const ProtobufCMessage *request,
                                const ProtobufCMessageDescriptor *answer, struct failure *failure)
{
    size_t size = protobuf_c_message_get_packed_size(request);
    guint8 *packed = g_malloc(size + 1);
    chancery_buffer *buffer = NULL;
    ProtobufCMessage *message = NULL;
    (void)protobuf_c_message_pack(request, packed);
    bool has_failed = authority_fails(
        failure, chancery_call(portal->authority, method, packed, size, portal->context, &buffer));
    if (!has_failed) {
        message = protobuf_c_message_unpack(answer, NULL, chancery_buffer_size(buffer),
                                            chancery_buffer_data(buffer));
        failure->problem = message == NULL ? P_FAULT : 0;
    }
    chancery_buffer_free(buffer);
    explicit_bzero(packed, size);
    g_free(packed);
    return message;
}

/* --- a mail that came ------------------------------------------------------------------------- */

struct mail_job *mail_job_new(const struct portal *portal, GPtrArray *files, const char *content_id)
{
    struct mail_job *job = g_new0(struct mail_job, 1);
    job->portal = portal;
    job->files = files;
    job->content_id = g_strdup(content_id);
    return job;
}

void mail_job_free(struct mail_job *job)
{
    g_ptr_array_unref(job->files);
    g_free(job->content_id);
    brand_free(job->brand);
    if (job->mail != NULL) {
        g_bytes_unref(job->mail);
    }
    g_free(job);
}

/* Attachments that were saved by themselves, put into a mail again: what they are, their bytes say
 * (docs/formats.md §8). */
static GBytes *mail_of_parts(const GPtrArray *files)
{
    char boundary[RANDOM_TEXT];
    GByteArray *mail = g_byte_array_new();
    random_text(boundary);
    char *text = g_strdup_printf(
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n", boundary);
    g_byte_array_append(mail, (const guint8 *)text, (guint)strlen(text));
    g_free(text);
    for (guint i = 0; i < files->len; i++) {
        const GByteArray *file = g_ptr_array_index(files, i);
        text = g_strdup_printf(
            "--%s\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n",
            boundary);
        char *digits = g_base64_encode(file->len == 0 ? (const guint8 *)"" : file->data, file->len);
        g_byte_array_append(mail, (const guint8 *)text, (guint)strlen(text));
        g_byte_array_append(mail, (const guint8 *)digits, (guint)strlen(digits));
        g_byte_array_append(mail, (const guint8 *)"\r\n", 2);
        g_free(digits);
        g_free(text);
    }
    text = g_strdup_printf("--%s--\r\n", boundary);
    g_byte_array_append(mail, (const guint8 *)text, (guint)strlen(text));
    g_free(text);
    return wiped_from_array(mail);
}

chancery_content *authority_content(GBytes *mail, chancery_mail **read, struct failure *failure)
{
    chancery_content *content = NULL;
    size_t size;
    gsize mail_size;
    const void *data = g_bytes_get_data(mail, &mail_size);
    if (authority_fails(failure, chancery_mail_read(data, mail_size, read))) {
        return NULL;
    }
    const void *license = chancery_mail_license(*read, &size);
    if (license == NULL) {
        failure->problem = P_NOT_PROTECTED;
    } else if (authority_fails(failure, chancery_content_from_license(license, size, &content))) {
        content = NULL;
    }
    return content;
}

static bool is_protected(struct mail_job *job)
{
    chancery_mail *read = NULL;
    chancery_content *content = authority_content(job->mail, &read, &job->failure);
    bool is_other = content != NULL && job->content_id[0] != '\0' &&
                    g_ascii_strcasecmp(chancery_content_id(content), job->content_id) != 0;
    if (is_other) {
        job->failure.problem = P_OTHER_MESSAGE;
    }
    bool ok = content != NULL && !is_other;
    job->brand = ok ? brand_ask(job->portal, read) : NULL;
    chancery_content_free(content);
    chancery_mail_free(read);
    return ok;
}

void mail_find(void *arg)
{
    struct mail_job *job = arg;
    const GByteArray *first = g_ptr_array_index(job->files, 0);
    /* The session keeps it; the upload ends with its request. */
    job->mail =
        job->files->len == 1 ? wiped_copy(first->data, first->len) : mail_of_parts(job->files);
    if (!is_protected(job)) {
        g_clear_pointer(&job->mail, g_bytes_unref);
    }
}

/* --- passcodes -------------------------------------------------------------------------------- */

struct passcode_job *passcode_job_new(const struct portal *portal)
{
    struct passcode_job *job = g_new0(struct passcode_job, 1);
    job->portal = portal;
    return job;
}

void passcode_job_free(struct passcode_job *job)
{
    if (job->mail != NULL) {
        g_bytes_unref(job->mail);
    }
    g_free(job->address);
    g_free(job->reader_ip);
    g_free(job->passcode_id);
    g_free(job->reference);
    wipe_text(job->code);
    wipe_text(job->token);
    g_free(job);
}

static void start(struct passcode_job *job, const chancery_mail *mail)
{
    Chancery__V1__StartPasscodeRequest request;
    size_t size;
    const void *license = chancery_mail_license(mail, &size);
    char *language = g_strdup(job->language);
    chancery__v1__start_passcode_request__init(&request);
    request.address = job->address;
    request.language = language;
    request.reader_ip = job->reader_ip;
    request.publishing_license = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)license};
    ProtobufCMessage *answer =
        authority_ask(job->portal, "PasscodeService/StartPasscode", &request.base,
                      &chancery__v1__start_passcode_response__descriptor, &job->failure);
    g_free(language);
    if (answer != NULL) {
        const Chancery__V1__StartPasscodeResponse *started = (const void *)answer;
        job->passcode_id = g_strdup(started->passcode_id);
        job->reference = g_strdup(started->reference);
        protobuf_c_message_free_unpacked(answer, NULL);
    }
}

void passcode_start(void *arg)
{
    struct passcode_job *job = arg;
    chancery_mail *mail = NULL;
    chancery_content *content = authority_content(job->mail, &mail, &job->failure);
    if (content != NULL) {
        start(job, mail);
    }
    chancery_content_free(content);
    chancery_mail_free(mail);
}

void passcode_verify(void *arg)
{
    struct passcode_job *job = arg;
    Chancery__V1__VerifyPasscodeRequest request;
    chancery__v1__verify_passcode_request__init(&request);
    request.passcode_id = job->passcode_id;
    request.code = job->code;
    ProtobufCMessage *answer =
        authority_ask(job->portal, "PasscodeService/VerifyPasscode", &request.base,
                      &chancery__v1__verify_passcode_response__descriptor, &job->failure);
    if (job->failure.problem == P_NO_ADDRESS) { /* FIELD_INVALID: it is no code at all */
        job->failure.problem = P_CODE_WRONG;
    }
    if (answer != NULL) {
        const Chancery__V1__VerifyPasscodeResponse *verified = (const void *)answer;
        int64_t ends = verified->expire_time == NULL ? 0 : verified->expire_time->seconds;
        job->token = g_strdup(verified->token);
        job->seconds = ends - g_get_real_time() / 1000000;
        explicit_bzero(verified->token, strlen(verified->token));
        protobuf_c_message_free_unpacked(answer, NULL);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

struct reading_job *reading_job_new(const struct portal *portal, const struct session *session)
{
    struct reading_job *job = g_new0(struct reading_job, 1);
    job->portal = portal;
    job->mail = g_bytes_ref(session->mail);
    job->token = g_strdup(session->token);
    return job;
}

void reading_job_free(struct reading_job *job)
{
    g_bytes_unref(job->mail);
    wipe_text(job->token);
    reading_unref(job->reading);
    g_free(job);
}

static int give_token(void *arg, char *token, size_t size)
{
    const struct reading_job *job = arg;
    return g_strlcpy(token, job->token, size) < size ? 0 : -1;
}

chancery_session *reading_session(struct reading_job *job)
{
    chancery_session *session = NULL;
    chancery_options *options = authority_options(job->portal->settings);
    chancery_options_set_token_function(options, give_token, job);
    bool has_failed = authority_fails(&job->failure, chancery_session_open(options, &session));
    chancery_options_free(options);
    return has_failed ? NULL : session;
}

/* What of the subject everybody may read who sees the mail on its way: an answer's is made of it. */
static const char *open_subject(const chancery_content *content, const chancery_mail *mail)
{
    const char *name = chancery_content_display_name(content);
    return name[0] == '\0' ? chancery_mail_subject(mail) : name;
}

static struct reading *reading_of(const chancery_content *content, const chancery_mail *mail,
                                  struct message *message)
{
    struct reading *reading = g_new0(struct reading, 1);
    g_atomic_ref_count_init(&reading->count);
    reading->message = message;
    reading->owner = g_strdup(chancery_content_owner(content));
    reading->contact = g_strdup("");
    reading->reader = g_strdup(chancery_content_reader(content));
    reading->open_subject = shown_line(open_subject(content, mail));
    reading->may_print = chancery_content_has_right(content, "PRINT") != 0;
    reading->may_copy = chancery_content_has_right(content, "EXTRACT") != 0;
    reading->may_forward = chancery_content_has_right(content, "FORWARD") != 0;
    reading->may_reply = chancery_content_has_right(content, "REPLY") != 0;
    reading->may_reply_all = chancery_content_has_right(content, "REPLYALL") != 0;
    reading->may_export = chancery_content_has_right(content, "EXPORT") != 0;
    reading->is_freed = chancery_content_attachments_freed(content) != 0;
    reading->ends = chancery_content_expire_time(content);
    return reading;
}

/* Whether what was sealed can be read at all: GMime has no bounds of its own, and libchancery has. */
static bool is_readable(struct failure *failure, const chancery_buffer *plain)
{
    chancery_mail *mail = NULL;
    bool has_failed =
        authority_fails(failure, chancery_mail_read(chancery_buffer_data(plain),
                                                    chancery_buffer_size(plain), &mail));
    chancery_mail_free(mail);
    failure->problem = has_failed ? P_NOT_READABLE : failure->problem;
    return !has_failed;
}

static void open_mail(struct reading_job *job, const chancery_mail *mail,
                      const chancery_content *content)
{
    chancery_buffer *plain = NULL;
    if (authority_fails(&job->failure, chancery_mail_open(mail, content, &plain))) {
        return;
    }
    if (is_readable(&job->failure, plain)) {
        GBytes *bytes =
            g_bytes_new_static(chancery_buffer_data(plain), chancery_buffer_size(plain));
        struct message *message = message_read(bytes);
        g_bytes_unref(bytes);
        job->failure.problem = message == NULL ? P_DAMAGED : 0;
        job->reading = message == NULL ? NULL : reading_of(content, mail, message);
    }
    chancery_buffer_free(plain);
}

void reading_open_in(struct reading_job *job, chancery_session *session, const chancery_mail *mail,
                     chancery_content *content)
{
    chancery_context *context = job->portal->context;
    chancery_error *error = job->is_to_save
                                ? chancery_acquire_unprotected(session, content, context)
                                : chancery_acquire(session, content, context);
    if (!authority_fails(&job->failure, error)) {
        open_mail(job, mail, content);
    }
}

void reading_open(void *arg)
{
    struct reading_job *job = arg;
    chancery_mail *mail = NULL;
    chancery_content *content = authority_content(job->mail, &mail, &job->failure);
    chancery_session *session = content == NULL ? NULL : reading_session(job);
    if (session != NULL) {
        reading_open_in(job, session, mail, content);
    }
    chancery_session_close(session);
    chancery_content_free(content);
    chancery_mail_free(mail);
}
