/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/contexts.h"
#include "cli/https_ask.h"
#include "cli/login.h"
#include "cli/output.h"
#include "cli/session.h"

enum { STORED_MAX = 32 * 1024 };

/* --- a token ---------------------------------------------------------------------------------- */

static void json_free_at(json_t **json)
{
    json_decref(*json);
}

static bool is_for(const json_t *audience, const char *client_id)
{
    size_t i;
    json_t *one;
    if (json_is_string(audience)) {
        return strcmp(json_string_value(audience), client_id) == 0;
    }
    json_array_foreach(audience, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), client_id) == 0) {
            return true;
        }
    }
    return false;
}

static const char *who_in(const json_t *claims)
{
    static const char *const names[] = {"email", "preferred_username", "upn", "sub"};
    const char *who = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0] && who[0] == '\0'; i++) {
        who = https_text(claims, names[i]);
    }
    return who;
}

/* Three parts in base64url, none of them empty (RFC 7515 §3.1), and nothing else. */
static bool read_parts(struct arena *arena, const char *token, struct slice parts[3])
{
    for (size_t i = 0; i < 3; i++) {
        size_t len = strcspn(token, ".");
        bool is_end = token[len] == '\0';
        if (is_end != (i == 2) ||
            !base64url_decode(arena, slice_of(token, len), &parts[i], NULL).ok ||
            parts[i].len == 0) {
            return false;
        }
        token += len + 1;
    }
    return true;
}

/* The claims are the middle part. */
static rc read_payload(struct arena *arena, const char *token, json_t **out, struct err *err)
{
    struct slice parts[3], json = SLICE_NONE;
    bool ok = read_parts(arena, token, parts);
    json = ok ? parts[1] : json;
    *out = ok ? json_loadb((const char *)json.ptr, json.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json_is_object(*out)) {
        FAIL(err, R_PROVIDER_INVALID, "the token is no JWT, so nobody can tell how long it holds");
    }
    return OK;
}

rc login_read_claims(struct arena *arena, const char *token, const char *client_id,
                     struct login_claims *out, struct err *err)
{
    AUTO(json_free_at) json_t *claims = NULL;
    TRY(read_payload(arena, token, &claims, err));
    out->who = arena_strdup(arena, who_in(claims));
    out->issuer = arena_strdup(arena, https_text(claims, "iss"));
    out->ends_s = json_integer_value(json_object_get(claims, "exp")); /* 0: it says none */
    out->is_for_client = is_for(json_object_get(claims, "aud"), client_id);
    ENSURE(out->who != NULL && out->issuer != NULL, err, R_ARENA_EXHAUSTED);
    return OK;
}

/* --- files ------------------------------------------------------------------------------------ */

static rc write_one(struct arena *arena, const char *context, const char *kind, const char *text,
                    struct err *err)
{
    const char *path, *line = arena_printf(arena, "%s\n", text);
    ARENA_ENSURE(line, err);
    TRY(context_login_file(arena, context, kind, &path, err));
    TRY(context_make_folders(arena, path, err));
    return output_write(path, slice_str(line), err);
}

static rc delete_one(struct arena *arena, const char *context, const char *kind, bool *was_there,
                     struct err *err)
{
    const char *path;
    TRY(context_login_file(arena, context, kind, &path, err));
    if (unlink(path) == 0) {
        *was_there = true;
        return OK;
    }
    if (errno != ENOENT) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    return OK;
}

/* The refresh token first: the one before may hold no longer. */
rc login_store(struct arena *arena, const char *context, const struct login_tokens *tokens,
               struct err *err)
{
    bool was_there;
    TRY(tokens->refresh[0] == '\0' ? delete_one(arena, context, "refresh", &was_there, err)
                                   : write_one(arena, context, "refresh", tokens->refresh, err));
    return write_one(arena, context, "token", tokens->id_token, err);
}

rc login_stored(struct arena *arena, const char *context, const char *kind, const char **out,
                struct err *err)
{
    const char *path;
    bool is_there;
    struct slice text;
    *out = "";
    TRY(context_login_file(arena, context, kind, &path, err));
    TRY(context_exists(path, &is_there, err));
    if (!is_there) {
        return OK;
    }
    TRY(read_own_file(arena, path, STORED_MAX, &text, err));
    while (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

rc login_forget(struct arena *arena, const char *context, bool *was_there, struct err *err)
{
    *was_there = false;
    TRY(delete_one(arena, context, "refresh", was_there, err));
    return delete_one(arena, context, "token", was_there, err);
}

void login_unlock(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

/* The file stays: were it deleted, who waits for it and who makes it anew would both have "the" lock. */
rc login_lock(struct arena *arena, const char *context, int *fd, struct err *err)
{
    const char *path;
    TRY(context_login_file(arena, context, "lock", &path, err));
    TRY(context_make_folders(arena, path, err));
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0 || flock(*fd, LOCK_EX) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    return OK;
}
