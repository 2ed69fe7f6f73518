/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "crypto/algs.h"
#include "wire/message_text.h"

enum { PROFILE_MAX = 64 * 1024, TOKEN_MAX = 16 * 1024 };

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

rc read_file(struct arena *arena, const char *path, size_t max, struct slice *out, struct err *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return unreadable(path, strerrordesc_np(errno), err);
    }
    (void)setvbuf(file, NULL, _IONBF, 0); /* stdio's own buffer would keep a copy */
    rc result = read_stream(arena, file, path, max, out, err);
    if (file != stdin) {
        fclose(file);
    }
    return result;
}

static bool is_visible(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

/* Editors and shells end the file with a newline, which the token doesn't have. It goes out in a
 * header (RFC 6750 §2.1), so what is no token never leaves. */
static rc read_token(struct arena *arena, const char *path, const char **out, struct err *err)
{
    struct slice bytes;
    TRY(read_file(arena, path, TOKEN_MAX, &bytes, err));
    while (bytes.len > 0 && strchr("\r\n\t ", bytes.ptr[bytes.len - 1]) != NULL &&
           bytes.ptr[bytes.len - 1] != '\0') {
        bytes.len--;
    }
    if (bytes.len == 0 || !is_visible(bytes)) {
        FAIL(err, R_PROFILE_INVALID, "token_file: %s %s", path,
             bytes.len == 0 ? "is empty" : "holds no token, which is one line without spaces");
    }
    *out = arena_dup(arena, bytes);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc read_profile(struct session *s, const char *path, struct err *err)
{
    struct slice text;
    struct err why = {0};
    ProtobufCMessage *message = NULL;
    TRY(read_file(s->arena, path, PROFILE_MAX, &text, err));
    if (!message_from_yaml(s->arena, &chancery__config__v1__profile__descriptor, text, &message,
                           &why)
             .ok) {
        FAIL(err, R_PROFILE_INVALID, "%s: %s", path, err_words(&why));
    }
    s->profile = (Chancery__Config__V1__Profile *)message;
    return OK;
}

/* libcurl and OpenSSL tell of these late, and by the wrong name. */
static rc check_readable(const char *path, struct err *err)
{
    return path[0] == '\0' || access(path, R_OK) == 0
               ? OK
               : unreadable(path, strerrordesc_np(errno), err);
}

/* One without the other is nothing, of which libcurl tells late too, or not at all. */
static rc check_pair(const Chancery__Config__V1__Profile *profile, struct err *err)
{
    bool has_certificate = profile->certificate_file[0] != '\0';
    bool has_key = profile->key_file[0] != '\0';
    if (has_certificate != has_key) {
        FAIL(err, R_PROFILE_INVALID, "%s",
             has_certificate ? "certificate_file: key_file is missing, the certificate's key"
                             : "key_file: certificate_file is missing, the key's certificate");
    }
    return OK;
}

static rc open_all(struct session *s, const char *path, struct err *err)
{
    struct client_config config = {0};
    AUTO(arena_free_at)
    struct arena *wiped = arena_new(4 * TOKEN_MAX); /* the client has its copy */
    TRY(crypto_init(NULL, err));
    TRY(read_profile(s, path, err));
    TRY(check_readable(s->profile->ca_file, err));
    TRY(check_readable(s->profile->certificate_file, err));
    TRY(check_readable(s->profile->key_file, err));
    TRY(check_pair(s->profile, err));
    s->is_component = s->profile->certificate_file[0] != '\0';
    if (s->profile->token_file[0] != '\0') {
        TRY(read_token(wiped, s->profile->token_file, &config.token, err));
    }
    config.server = s->profile->server;
    config.ca_file = s->profile->ca_file;
    config.certificate_file = s->profile->certificate_file;
    config.key_file = s->profile->key_file;
    config.dpop_key_file = s->profile->dpop_key_file;
    config.authority_url = s->profile->authority_url;
    config.loopback_without_tls = s->profile->loopback_without_tls;
    TRY(jwk_private_generate(JWK_EC_P256, &s->key, err));
    return client_new(&config, &s->client, err);
}

int session_open(struct session *s, const struct command *command, const char *profile)
{
    struct err err = {0};
    *s = (struct session){.command = command};
    if (profile == NULL) {
        return usage_error(command, "--profile is required; chancery dev start writes some");
    }
    s->arena = arena_new(SESSION_BUDGET);
    if (!open_all(s, profile, &err).ok) {
        session_close(s);
        return fail_with(command, &err);
    }
    return EXIT_OK;
}

void session_close(struct session *s)
{
    client_free(s->client);
    jwk_private_free(s->key);
    arena_free(s->arena);
    crypto_fini();
}

static void tell_pair(const char *before, const char *name, const char *text)
{
    fputs(before, stderr);
    utf8_print(stderr, name);
    fputs(": ", stderr);
    utf8_print(stderr, text);
    fputc('\n', stderr);
}

static int tell_refusal(const struct session *s, const struct client_refusal *refusal)
{
    fprintf(stderr, "chancery %s: ", s->command->name);
    tell_pair("", refusal->reason, refusal->sentence);
    for (size_t i = 0; i < refusal->field_count; i++) {
        tell_pair("  ", refusal->fields[i].field, refusal->fields[i].description);
    }
    for (size_t i = 0; i < refusal->metadata_count; i++) {
        tell_pair("  ", refusal->metadata[i].key, refusal->metadata[i].value);
    }
    bool is_decision = refusal->code == GRPC_PERMISSION_DENIED ||
                       refusal->code == GRPC_UNAUTHENTICATED ||
                       refusal->code == GRPC_FAILED_PRECONDITION ||
                       refusal->code == GRPC_NOT_FOUND || refusal->code == GRPC_ALREADY_EXISTS;
    return is_decision ? EXIT_REFUSED : EXIT_FAILED;
}

/* Whether a failure leaves open what has happened: no answer, or one that says so (grpc/grpc
 * doc/statuscodes.md). */
static bool leaves_open(int code)
{
    return code == 0 || code == GRPC_CANCELLED || code == GRPC_UNKNOWN ||
           code == GRPC_DEADLINE_EXCEEDED || code == GRPC_INTERNAL || code == GRPC_UNAVAILABLE;
}

int session_call(struct session *s, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response)
{
    struct client_refusal refusal;
    struct err err = {0};
    if (client_call(s->client, s->arena, method, request, response_type, response, &refusal, &err)
            .ok) {
        s->may_be_done = false;
        return EXIT_OK;
    }
    s->may_be_done = leaves_open(refusal.code);
    s->refused_field = "";
    if (refusal.code != 0) {
        s->refused_field = refusal.field_count > 0 ? refusal.fields[0].field : "";
        return tell_refusal(s, &refusal);
    }
    return fail_with(s->command, &err);
}

const char *session_request_id(struct session *s, const char *given)
{
    char *text = given != NULL ? NULL : arena_alloc(s->arena, UUID_TEXT_BYTES);
    if (text != NULL) {
        uuid_format(uuid_v7(clock_unix_us()), text);
    }
    return given != NULL ? given : text;
}

void session_tell_retry(const struct session *s, const char *request_id)
{
    if (s->may_be_done) {
        fprintf(stderr,
                "  It may be done all the same. Repeat the command with --request-id %s\n"
                "  and it is done once.\n",
                request_id);
    }
}

const void *session_shown(struct session *s, ProtobufCMessage *message)
{
    bool is_escaped = message_escape(s->arena, message, NULL).ok;
    CH_ASSERT(is_escaped); /* a session's arena is far larger than what is shown */
    return message;
}

char *session_public_jwk(struct session *s)
{
    char *json = jwk_public_json(s->arena, jwk_private_public(s->key), NULL, NULL);
    CH_ASSERT(json != NULL); /* a session's arena is far larger than a key */
    return json;
}
