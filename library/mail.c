/* SPDX-License-Identifier: Apache-2.0 */
#include "library/mail.h"

#include <chancery/transit.h>
#include <string.h>

#include "base/mem.h"
#include "library/buffer.h"
#include "library/handle.h"
#include "library/start.h"
#include "library/wrapper.h"

struct chancery_mail {
    struct arena *arena;
    struct slice bytes; /* borrowed of the caller */
    struct mail_envelope envelope;
    struct mail_parts parts; /* empty: it is not protected */
    bool is_disowned;        /* it looked protected */
};

static rc read_mail(chancery_mail *mail, struct err *err)
{
    struct err none = {0};
    TRY(library_start(err));
    /* A wrapper is larger than what it wraps by base64, and by what both have around it. */
    if (mail->bytes.len > 2 * (size_t)MAIL_BYTES_MAX) {
        FAIL(err, R_INPUT_INVALID, "a mail has at most 64 MiB");
    }
    TRY(mail_read_envelope(mail->arena, mail->bytes, &mail->envelope, err));
    if (!mail_unwrap(mail->arena, mail->bytes, &mail->parts, &none).ok) {
        mail->parts = (struct mail_parts){SLICE_NONE, SLICE_NONE};
        ENSURE(none.reason == R_INPUT_NOT_PROTECTED, err, R_INPUT_INVALID);
    }
    return OK;
}

chancery_error *chancery_mail_read(const void *data, size_t size, chancery_mail **out)
{
    struct err err = {0};
    chancery_mail *mail = xcalloc(1, sizeof *mail);
    *mail = (chancery_mail){.arena = arena_new(MAIL_BUDGET), .bytes = slice_of(data, size)};
    if (!read_mail(mail, &err).ok) {
        chancery_mail_free(mail);
        return failure_of(&err);
    }
    *out = mail;
    return NULL;
}

void chancery_mail_free(chancery_mail *mail)
{
    if (mail != NULL) {
        arena_free(mail->arena);
        xfree(mail);
    }
}

const char *chancery_mail_from(const chancery_mail *mail)
{
    return mail->envelope.from;
}

const char *chancery_mail_from_name(const chancery_mail *mail)
{
    return mail->envelope.from_name;
}

struct slice mail_bytes_of(const chancery_mail *mail)
{
    return mail->bytes;
}

const char *chancery_mail_subject(const chancery_mail *mail)
{
    return mail->envelope.subject;
}

size_t chancery_mail_recipient_count(const chancery_mail *mail)
{
    return mail->envelope.to_count;
}

const char *chancery_mail_recipient(const chancery_mail *mail, size_t index)
{
    return index < mail->envelope.to_count ? mail->envelope.to[index] : NULL;
}

int chancery_mail_is_protected(const chancery_mail *mail)
{
    return mail->parts.sealed.len > 0 ? 1 : 0;
}

int chancery_mail_is_wrapper(const chancery_mail *mail)
{
    chancery_content *content = NULL;
    if (mail->parts.sealed.len == 0 || !handle_new(mail->parts.license, &content, NULL).ok) {
        return 0;
    }
    bool is_one = mail_is_wrapper(mail->bytes, content->id);
    chancery_content_free(content);
    return is_one ? 1 : 0;
}

const void *chancery_mail_license(const chancery_mail *mail, size_t *size)
{
    *size = mail->parts.license.len;
    return mail->parts.license.ptr;
}

static bool text_is_one_of(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a refusal says of the license. Of what is not known to be an answer to that, the call fails. */
static bool is_of_others(const char *reason)
{
    static const char *const others[] = {
        "LICENSE_FORGED",     "LICENSE_MALFORMED", "WRONG_BOUNDARY",   "KEY_DESTROYED",
        "PUBLISHER_EXCEEDED", "PUBLISHER_EXPIRED", "PUBLISHER_REVOKED"};
    return text_is_one_of(reason, others, sizeof others / sizeof others[0]);
}

/* Answers to what comes after the license in docs/policy.md §4.1: the caller is none of its readers. */
static bool is_of_ours(const char *reason)
{
    static const char *const ours[] = {
        "BOUNDARY_BLOCKED", "EXCLUDED",        "EXPIRED", "KEY_REVOKED",   "NO_RIGHTS",
        "PARTNER_DENIED",   "PORTAL_REQUIRED", "REVOKED", "RIGHT_MISSING", "SIGN_IN_REFUSED"};
    return text_is_one_of(reason, ours, sizeof ours / sizeof ours[0]);
}

chancery_error *chancery_mail_verify(chancery_session *session, chancery_mail *mail,
                                     chancery_context *context)
{
    chancery_content *content = NULL;
    if (mail->parts.sealed.len == 0) {
        return NULL;
    }
    struct err err = {0};
    bool is_license = handle_new(mail->parts.license, &content, &err).ok;
    chancery_error *error = is_license ? chancery_inspect(session, content, context) : NULL;
    const char *reason = error == NULL ? "" : chancery_error_reason(error);
    bool is_answered = error == NULL || is_of_others(reason) || is_of_ours(reason);
    if (!is_license || is_of_others(reason)) {
        mail->is_disowned = true;
        mail->parts = (struct mail_parts){SLICE_NONE, SLICE_NONE};
    }
    chancery_content_free(content);
    if (is_answered) {
        chancery_error_free(error);
        return NULL;
    }
    return error;
}

bool mail_is_disowned(const chancery_mail *mail)
{
    return mail->is_disowned;
}

/* `header`: that of the wrapper; NULL: the mail's. */
static rc wrap(const chancery_mail *mail, const chancery_mail *header,
               const chancery_content *content, const struct mail_notice *notice,
               struct arena *arena, struct slice *out, struct err *err)
{
    const struct secret *key;
    const struct mail_wrapping wrapping = {.mail = mail->bytes,
                                           .header = header == NULL ? SLICE_NONE : header->bytes,
                                           .license = content->license,
                                           .content = content->id,
                                           .portal_url = content->portal_url,
                                           .notice = notice};
    TRY(handle_key(content, &key, err));
    return mail_wrap(arena, &wrapping, key, out, err);
}

static chancery_error *wrap_out(const chancery_mail *mail, const chancery_mail *header,
                                const chancery_content *content, const struct mail_notice *notice,
                                chancery_buffer **out)
{
    struct err err = {0};
    struct slice wrapper;
    AUTO(arena_free_at) struct arena *arena = arena_new(MAIL_BUDGET);
    TELL(wrap(mail, header, content, notice, arena, &wrapper, &err), &err);
    *out = buffer_of(wrapper);
    return NULL;
}

chancery_error *chancery_mail_wrap(const chancery_mail *mail, const chancery_content *content,
                                   chancery_buffer **out)
{
    return wrap_out(mail, NULL, content, NULL, out);
}

chancery_error *chancery_mail_wrap_in(const chancery_mail *mail, const chancery_content *content,
                                      const chancery_wrapper *wrapper, chancery_buffer **out)
{
    const struct mail_notice notice = wrapper_notice(wrapper);
    return wrap_out(mail, NULL, content, &notice, out);
}

chancery_error *chancery_mail_wrap_again(const chancery_mail *mail, const chancery_mail *before,
                                         const chancery_content *content,
                                         const chancery_wrapper *wrapper, chancery_buffer **out)
{
    struct mail_notice notice = {.html = NULL};
    if (wrapper != NULL) {
        notice = wrapper_notice(wrapper);
    }
    return wrap_out(mail, before, content, wrapper == NULL ? NULL : &notice, out);
}

chancery_error *chancery_mail_journal(const chancery_mail *mail, const chancery_buffer *clear,
                                      chancery_buffer **out)
{
    struct err err = {0};
    struct slice both, bytes = slice_of(chancery_buffer_data(clear), chancery_buffer_size(clear));
    AUTO(arena_free_at) struct arena *arena = arena_new(MAIL_BUDGET);
    TELL(mail_journal(arena, mail->bytes, bytes, &both, &err), &err);
    *out = buffer_of(both);
    return NULL;
}

static rc rewrap(const chancery_mail *mail, const chancery_wrapper *wrapper, struct arena *arena,
                 struct slice *out, struct err *err)
{
    struct mail_notice notice = {.html = NULL};
    chancery_content *content = NULL;
    ENSURE(mail->parts.sealed.len > 0, err, R_INPUT_NOT_PROTECTED);
    TRY(handle_new(mail->parts.license, &content, err));
    if (wrapper != NULL) {
        notice = wrapper_notice(wrapper);
    }
    const struct mail_wrapping wrapping = {.mail = mail->bytes,
                                           .license = content->license,
                                           .content = content->id,
                                           .portal_url = "",
                                           .notice = wrapper == NULL ? NULL : &notice};
    rc result = mail_rewrap(arena, &wrapping, mail->parts.sealed, out, err);
    chancery_content_free(content);
    return result;
}

chancery_error *chancery_mail_rewrap(const chancery_mail *mail, const chancery_wrapper *wrapper,
                                     chancery_buffer **out)
{
    struct err err = {0};
    struct slice made;
    AUTO(arena_free_at) struct arena *arena = arena_new(MAIL_BUDGET);
    TELL(rewrap(mail, wrapper, arena, &made, &err), &err);
    *out = buffer_of(made);
    return NULL;
}

static rc open_mail(const chancery_mail *mail, const chancery_content *content, struct arena *arena,
                    struct slice *out, struct err *err)
{
    const struct secret *key;
    ENSURE(mail->parts.sealed.len > 0, err, R_INPUT_NOT_PROTECTED);
    TRY(handle_key(content, &key, err));
    if (!slice_eq(content->license, mail->parts.license)) {
        FAIL(err, R_INPUT_INVALID, "the key is that of another content");
    }
    return mail_open(arena, mail->parts.sealed, key, out, err);
}

chancery_error *chancery_mail_open(const chancery_mail *mail, const chancery_content *content,
                                   chancery_buffer **out)
{
    struct err err = {0};
    struct slice plain;
    AUTO(arena_free_at) struct arena *arena = arena_new(MAIL_BUDGET);
    TELL(open_mail(mail, content, arena, &plain, &err), &err);
    *out = buffer_of(plain);
    return NULL;
}
