/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "cli/failure.h"
#include "cli/invocation.h"
#include "cli/login.h"
#include "cli/secret_file.h"
#include "crypto/algs.h"
#include "wire/message_text.h"

char *text_field(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

/* A file as it is read. It may be a token, so nothing of it stays in a buffer. */
struct reading {
    uint8_t *bytes;
    size_t len, cap;
};

static void read_end(struct reading *r)
{
    if (r->bytes != NULL) {
        mem_wipe(r->bytes, r->cap);
    }
    xfree(r->bytes);
}

static void read_more_room(struct reading *r)
{
    size_t cap = r->cap == 0 ? 64 * 1024 : 2 * r->cap;
    uint8_t *bytes = xcalloc(cap, 1);
    if (r->bytes != NULL) {
        memcpy(bytes, r->bytes, r->len);
    }
    size_t len = r->len;
    read_end(r);
    *r = (struct reading){bytes, len, cap};
}

static rc unreadable(const char *path, const char *why, struct err *err)
{
    FAIL(err, R_FILE_UNREADABLE, "%s: %s", strcmp(path, "-") == 0 ? "standard input" : path, why);
}

rc read_stream(struct arena *arena, FILE *file, const char *name, size_t max, struct slice *out,
               struct err *err)
{
    AUTO(read_end) struct reading r = {0};
    do {
        read_more_room(&r);
        r.len += fread(r.bytes + r.len, 1, r.cap - r.len, file);
    } while (r.len == r.cap && r.len <= max);
    if (ferror(file) != 0) {
        return unreadable(name, strerrordesc_np(errno), err);
    }
    return r.len > max ? unreadable(name, "larger than it may be", err)
                       : arena_dup_slice(arena, slice_of(r.bytes, r.len), out, err);
}

/* Whoever else may write to it could say what is in it. */
static rc check_own(FILE *file, const char *path, struct err *err)
{
    struct stat info;
    if (fstat(fileno(file), &info) != 0) {
        return unreadable(path, strerrordesc_np(errno), err);
    }
    if (!S_ISREG(info.st_mode)) {
        return OK;
    }
    if (info.st_uid != geteuid() && info.st_uid != 0) {
        FAIL(err, R_PROFILE_INVALID, "%s belongs to another user, who may change it: copy it",
             path);
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        FAIL(err, R_PROFILE_INVALID, "others may write to %s: chmod go-w", path);
    }
    return OK;
}

static rc read_opened(struct arena *arena, const char *path, bool is_own, size_t max,
                      struct slice *out, struct err *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return unreadable(path, strerrordesc_np(errno), err);
    }
    (void)setvbuf(file, NULL, _IONBF, 0); /* stdio's own buffer would keep a copy */
    rc result = is_own ? check_own(file, path, err) : OK;
    result = result.ok ? read_stream(arena, file, path, max, out, err) : result;
    if (file != stdin) {
        fclose(file);
    }
    return result;
}

rc read_file(struct arena *arena, const char *path, size_t max, struct slice *out, struct err *err)
{
    return read_opened(arena, path, false, max, out, err);
}

rc read_own_file(struct arena *arena, const char *path, size_t max, struct slice *out,
                 struct err *err)
{
    return read_opened(arena, path, true, max, out, err);
}

/* How the library tells of what failed on this side: by the same reasons, and in the same words. */
static void err_of(const chancery_error *error, struct err *err)
{
    enum reason reason = reason_by_name(chancery_error_reason(error));
    (void)err_raise(err, reason == R_NONE ? R_COMMAND_FAILED : reason, __FILE__, __LINE__, "%s",
                    chancery_error_detail(error));
}

static rc check_secrets(const Profile *p, struct err *err)
{
    TRY(secret_file_check(p->key_file, err));
    TRY(secret_file_check(p->token_file, err));
    return secret_file_check(p->dpop_key_file, err);
}

static rc open_library(struct session *s, struct err *err)
{
    TRY(check_secrets(s->profile, err));
    chancery_options *options = chancery_options_new();
    chancery_options_set_server(options, s->profile->server);
    chancery_options_set_ca_file(options, s->profile->ca_file);
    chancery_options_set_certificate(options, s->profile->certificate_file, s->profile->key_file);
    chancery_options_set_token_file(options, s->profile->token_file);
    chancery_options_set_dpop_key_file(options, s->profile->dpop_key_file);
    chancery_options_set_authority_url(options, s->profile->authority_url);
    chancery_options_set_loopback_without_tls(options, s->profile->loopback_without_tls);
    chancery_options_set_user_agent(options, "chancery-cli");
    chancery_options_set_timeout(options, 1000 * (int64_t)invocation()->timeout_s);
    chancery_error *error = chancery_session_open(options, &s->library);
    chancery_options_free(options);
    if (error != NULL) {
        err_of(error, err);
        chancery_error_free(error);
        return (rc){false};
    }
    return OK;
}

static rc open_profile(struct session *s, struct err *err)
{
    TRY(crypto_init(NULL, err));
    s->is_component = s->profile->certificate_file[0] != '\0';
    if (invocation()->is_verbose) {
        fputs("chancery: profile ", stderr);
        utf8_print(stderr, s->named.file == NULL ? "of no file" : s->named.file);
        fprintf(stderr, " (%s), server ", s->named.why == NULL ? "not kept yet" : s->named.why);
        utf8_print(stderr, s->profile->server);
        fputc('\n', stderr);
    }
    s->asked_at = clock_mono();
    return open_library(s, err);
}

static rc open_named(struct session *s, struct err *err)
{
    TRY(profile_read(s->arena, s->named.file, &s->profile, err));
    TRY(crypto_init(NULL, err));
    TRY(login_use(s->arena, s->named.context, s->profile, err));
    return open_profile(s, err);
}

static int failed_to_open(struct session *s, const struct err *err)
{
    const struct command *command = s->command;
    session_close(s);
    return fail_with(command, err);
}

int session_open(struct session *s, const struct command *command, const char *profile)
{
    struct err err = {0};
    *s = (struct session){.command = command, .arena = arena_new(SESSION_BUDGET)};
    if (!profile_find(s->arena, profile, &s->named, &err).ok) {
        return failed_to_open(s, &err);
    }
    if (s->named.file == NULL) {
        session_close(s);
        return usage_error(command, "no authority is named: give --profile a file or a context's "
                                    "name, or choose one by chancery context use");
    }
    return open_named(s, &err).ok ? EXIT_OK : failed_to_open(s, &err);
}

int session_open_profile(struct session *s, const struct command *command, Profile *profile)
{
    struct err err = {0};
    *s = (struct session){
        .command = command, .arena = arena_new(SESSION_BUDGET), .profile = profile};
    return open_profile(s, &err).ok ? EXIT_OK : failed_to_open(s, &err);
}

int session_begin(struct session *s, const struct command *command)
{
    struct err err = {0};
    *s = (struct session){.command = command, .arena = arena_new(SESSION_BUDGET)};
    if (!crypto_init(NULL, &err).ok) {
        session_close(s);
        return fail_with(command, &err);
    }
    return EXIT_OK;
}

void session_close(struct session *s)
{
    chancery_session_close(s->library);
    arena_free(s->arena);
    crypto_fini();
}

static bool is_decision(int code)
{
    return code == GRPC_PERMISSION_DENIED || code == GRPC_UNAUTHENTICATED ||
           code == GRPC_FAILED_PRECONDITION || code == GRPC_NOT_FOUND ||
           code == GRPC_ALREADY_EXISTS;
}

enum { PAIRS_MAX = 64 };

static int tell_refusal(const struct session *s, const chancery_error *error)
{
    struct failure_pair fields[PAIRS_MAX], metadata[PAIRS_MAX];
    struct failure failure = {.command = s->command,
                              .reason = chancery_error_reason(error),
                              .sentence = chancery_error_sentence(error),
                              .fields = fields,
                              .metadata = metadata,
                              .again = s->may_be_done ? s->request_id : NULL,
                              .code = is_decision(chancery_error_code(error)) ? EXIT_REFUSED
                                                                              : EXIT_FAILED};
    for (size_t i = 0; i < PAIRS_MAX && i < chancery_error_field_count(error); i++) {
        fields[failure.field_count++] = (struct failure_pair){
            chancery_error_field_path(error, i), chancery_error_field_problem(error, i)};
    }
    for (size_t i = 0; i < PAIRS_MAX && i < chancery_error_metadata_count(error); i++) {
        const char *key = chancery_error_metadata_key(error, i);
        metadata[failure.metadata_count++] =
            (struct failure_pair){key, chancery_error_metadata(error, key)};
    }
    return failure_tell(&failure);
}

/* What was asked for last has come, or has failed. */
static void tell_time(struct session *s, const chancery_error *error)
{
    struct mono_time now = clock_mono();
    if (invocation()->is_verbose) {
        fprintf(stderr, "chancery: %s after %lld ms\n",
                error == NULL ? "done" : chancery_error_reason(error),
                (long long)((now.ns - s->asked_at.ns) / 1000000));
    }
    s->asked_at = now;
}

int session_tell(struct session *s, chancery_error *error)
{
    struct err err = {0};
    tell_time(s, error);
    const char *field = chancery_error_field_path(error, 0);
    char *kept = field == NULL ? NULL : arena_strdup(s->arena, field);
    int code = EXIT_OK;
    s->may_be_done = chancery_error_may_be_done(error) != 0;
    s->refused_field = kept == NULL ? "" : kept;
    if (error != NULL && chancery_error_code(error) != CHANCERY_CODE_NONE) {
        code = tell_refusal(s, error);
    } else if (error != NULL) {
        err_of(error, &err);
        code = fail_again_with(s->command, &err, s->may_be_done ? s->request_id : NULL);
    }
    chancery_error_free(error);
    return code;
}

rc session_content_key(const chancery_content *content, struct secret **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *key = secret_new(CHANCERY_KEY_BYTES);
    chancery_error *error = chancery_content_copy_key(content, secret_bytes(key));
    if (error != NULL) {
        err_of(error, err);
        chancery_error_free(error);
        return (rc){false};
    }
    *out = key;
    key = NULL;
    return OK;
}

const char *session_request_id(struct session *s, const char *given)
{
    char *text = given != NULL ? NULL : arena_alloc(s->arena, UUID_TEXT_BYTES);
    if (text != NULL) {
        uuid_format(uuid_v7(clock_unix_us()), text);
    }
    s->request_id = given != NULL ? given : text;
    return s->request_id;
}

const void *session_shown(struct session *s, ProtobufCMessage *message)
{
    bool is_escaped = message_escape(s->arena, message, NULL).ok;
    CH_ASSERT(is_escaped); /* a session's arena is far larger than what is shown */
    return message;
}

const char *session_authority_url(struct session *s)
{
    chancery_buffer *url = NULL;
    if (s->profile->authority_url[0] != '\0') {
        return s->profile->authority_url;
    }
    chancery_error *error = chancery_authority_url(s->library, NULL, &url);
    if (error != NULL) {
        chancery_error_free(error);
        return s->profile->server;
    }
    const char *kept = arena_strdup(s->arena, chancery_buffer_data(url));
    chancery_buffer_free(url);
    return kept;
}
