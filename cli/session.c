/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "crypto/algs.h"
#include "wire/message_text.h"

enum { PROFILE_MAX = 64 * 1024, TOKEN_MAX = 16 * 1024 };

char *text_field(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

rc read_stream(struct arena *arena, FILE *file, const char *name, size_t max, struct slice *out,
               struct err *err)
{
    size_t len = 0, cap = 64 * 1024;
    uint8_t *bytes = malloc(cap);
    while (bytes != NULL && len <= max) {
        len += fread(bytes + len, 1, cap - len, file);
        if (len < cap) {
            break;
        }
        cap *= 2;
        bytes = realloc(bytes, cap);
    }
    bool is_bad = bytes == NULL || ferror(file) != 0 || len > max;
    rc result = is_bad ? err_raise(err, R_STARTUP_FAILED, __FILE__, __LINE__,
                                   "%s is unreadable or too large", name)
                       : arena_dup_slice(arena, slice_of(bytes, len), out, err);
    free(bytes);
    return result;
}

rc read_file(struct arena *arena, const char *path, size_t max, struct slice *out, struct err *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        FAIL(err, R_STARTUP_FAILED, "%s: %s", path, strerror(errno));
    }
    rc result = read_stream(arena, file, path, max, out, err);
    if (file != stdin) {
        fclose(file);
    }
    return result;
}

/* Editors and shells end the file with a newline, which the token doesn't have. */
static rc read_token(struct arena *arena, const char *path, const char **out, struct err *err)
{
    struct slice bytes;
    TRY(read_file(arena, path, TOKEN_MAX, &bytes, err));
    while (bytes.len > 0 &&
           (bytes.ptr[bytes.len - 1] == '\n' || bytes.ptr[bytes.len - 1] == '\r')) {
        bytes.len--;
    }
    *out = arena_dup(arena, bytes);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc open_all(struct session *s, const char *path, struct err *err)
{
    struct slice text;
    ProtobufCMessage *message = NULL;
    struct client_config config = {0};
    TRY(crypto_init(NULL, err));
    TRY(read_file(s->arena, path, PROFILE_MAX, &text, err));
    TRY(message_from_yaml(s->arena, &chancery__config__v1__profile__descriptor, text, &message,
                          err));
    s->profile = (Chancery__Config__V1__Profile *)message;
    s->is_component = s->profile->certificate_file[0] != '\0';
    if (s->profile->token_file[0] != '\0') {
        TRY(read_token(s->arena, s->profile->token_file, &config.token, err));
    }
    config.server = s->profile->server;
    config.ca_file = s->profile->ca_file;
    config.certificate_file = s->profile->certificate_file;
    config.key_file = s->profile->key_file;
    config.dpop_key_file = s->profile->dpop_key_file;
    config.authority_url = s->profile->authority_url;
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

static int tell_refusal(const struct session *s, const struct client_refusal *refusal)
{
    fprintf(stderr, "chancery %s: %s: %s\n", s->command->name, refusal->reason, refusal->sentence);
    for (size_t i = 0; i < refusal->field_count; i++) {
        fprintf(stderr, "  %s: %s\n", refusal->fields[i].field, refusal->fields[i].description);
    }
    for (size_t i = 0; i < refusal->metadata_count; i++) {
        fprintf(stderr, "  %s: %s\n", refusal->metadata[i].key, refusal->metadata[i].value);
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
    fprintf(stderr,
            "chancery %s: %s\n"
            "  Check that the authority runs, and that the profile's `server` is its address.\n",
            s->command->name, err.detail);
    return EXIT_FAILED;
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

ProtobufCBinaryData session_public_jwk(struct session *s)
{
    char *json = jwk_public_json(s->arena, jwk_private_public(s->key), NULL, NULL);
    CH_ASSERT(json != NULL); /* a session's arena is far larger than a key */
    return (ProtobufCBinaryData){strlen(json), (uint8_t *)json};
}
