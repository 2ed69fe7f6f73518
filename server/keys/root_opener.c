/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/root_opener.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"

enum { PEM_FILE_MAX = 16 * 1024, ARENA_BYTES = 16 * 1024 };
_Static_assert((int)JWE_SHARED_MAX == (int)PKCS11_SHARED_MAX, "pkcs11_agree is a jwe_agree");

/* A credential of systemd's has a name, and lies where systemd says. */
const char *root_path(const char *name, char *out)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (name[0] == '/' || credentials == NULL || credentials[0] == '\0') {
        return name;
    }
    (void)snprintf(out, PATH_MAX, "%s/%s", credentials, name);
    return out;
}

const char *root_opener_name(const struct root_opener *opener)
{
    return opener->key_file[0] != '\0' ? opener->key_file : opener->uri;
}

bool root_opener_is_token(const struct root_opener *opener)
{
    return opener->key_file[0] == '\0';
}

static void set_kid(struct root_key_holder *holder, const struct jwk_public *key)
{
    holder->kid[base64url_encode(jwk_thumbprint(key), holder->kid)] = '\0';
}

/* --- a key in a file -------------------------------------------------------------------------- */

/* What opens a root key is none: what is wrong with its file has reasons of its own. */
static rc read_secret(const char *path, size_t max, struct secret **out, struct err *err)
{
    struct err why = {0};
    if (!secret_from_file(path, max, out, &why).ok) {
        FAIL(err, why.reason == R_ROOT_KEY_MODE ? R_FILE_MODE : R_FILE_UNREADABLE, "%s",
             why.detail);
    }
    return OK;
}

static rc read_pem(const struct root_opener *opener, struct root_key_holder *holder,
                   struct err *err)
{
    char buffer[PATH_MAX];
    const char *path = root_path(opener->key_file, buffer);
    AUTO(secret_free_at) struct secret *pem = NULL;
    TRY(read_secret(path, PEM_FILE_MAX, &pem, err));
    if (!jwk_private_from_pem(pem, &holder->key, NULL).ok) {
        FAIL(err, R_ROOT_KEY_UNOPENED, "%s holds no private key in PEM, EC P-256 or P-384", path);
    }
    set_kid(holder, jwk_private_public(holder->key));
    return OK;
}

/* --- a key in a token ------------------------------------------------------------------------- */

rc root_pin_read(const char *name, struct secret **out, struct err *err)
{
    char buffer[PATH_MAX];
    AUTO(secret_free_at) struct secret *file = NULL;
    if (name[0] == '\0') {
        *out = secret_new(0);
        return OK;
    }
    TRY(read_secret(root_path(name, buffer), PKCS11_PIN_MAX + 2, &file, err));
    struct slice pin = secret_use(file);
    while (pin.len > 0 && (pin.ptr[pin.len - 1] == '\n' || pin.ptr[pin.len - 1] == '\r')) {
        pin.len--;
    }
    *out = secret_copy(pin);
    return OK;
}

bool root_openers_share_pin(const struct root_opener *opener, const struct root_opener *other)
{
    return root_opener_is_token(opener) && root_opener_is_token(other) &&
           strcmp(opener->module, other->module) == 0 &&
           strcmp(opener->pin_file, other->pin_file) == 0 &&
           pkcs11_uris_share_token(opener->uri, other->uri);
}

rc root_opener_look(const struct root_opener *opener, struct err *err)
{
    AUTO(secret_free_at) struct secret *pin = NULL;
    if (access(opener->module, R_OK) != 0) {
        FAIL(err, R_HSM_UNREACHABLE, "%s: %s", opener->module, strerrordesc_np(errno));
    }
    return root_pin_read(opener->pin_file, &pin, err);
}

static rc open_token(const struct root_opener *opener, struct root_key_holder *holder,
                     struct err *err)
{
    AUTO(secret_free_at) struct secret *pin = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES);
    struct jwk_public *public = NULL;
    TRY(root_pin_read(opener->pin_file, &pin, err));
    const struct pkcs11_place place = {opener->module, opener->uri, secret_use(pin)};
    TRY(pkcs11_open(&place, &holder->token, err));
    struct slice point = pkcs11_point(holder->token);
    if (point.len > 0) {
        TRY(jwk_public_of_point(arena, point, R_HSM_KEY_UNUSABLE, &public, err));
        set_kid(holder, public);
        jwk_public_free(public);
    }
    return OK;
}

/* --- both ------------------------------------------------------------------------------------- */

/* Once, whatever comes of it: a wrong PIN is not tried again for the next file. */
static rc prepare(const struct root_opener *opener, struct root_key_holder *holder, struct err *err)
{
    if (!holder->was_tried) {
        holder->was_tried = true;
        (void)(root_opener_is_token(opener) ? open_token(opener, holder, &holder->err)
                                            : read_pem(opener, holder, &holder->err))
            .ok;
    }
    if (holder->err.reason != R_NONE) {
        FAIL(err, holder->err.reason, "%s", holder->err.detail);
    }
    return OK;
}

/* Several tokens that hang one after another would hold up whoever waits for us: the supervisor's watchdog is 60 s. */
static rc in_time(const struct root_opener *opener, const struct root_key_holder *holder,
                  struct err *err)
{
    if (root_opener_is_token(opener) && clock_mono().ns > holder->until.ns) {
        FAIL(err, R_HSM_UNREACHABLE, "tokens have taken %d s by now, so this one is not asked",
             ROOT_TOKENS_MS / 1000);
    }
    return OK;
}

static rc open_wrap(const struct root_key_holder *holder, const struct root_wraps *wraps, size_t at,
                    struct secret **out, struct err *err)
{
    return holder->key != NULL
               ? root_wrap_open(wraps, at, holder->key, R_ROOT_KEY_INVALID, out, err)
               : root_wrap_open_by(wraps, at, pkcs11_agree, holder->token, R_ROOT_KEY_INVALID, out,
                                   err);
}

rc root_opener_try(const struct root_opener *opener, struct root_key_holder *holder,
                   const struct root_wraps *wraps, const struct root_wrap **wrap,
                   struct secret **out, struct err *err)
{
    struct err why = {0};
    if (!holder->was_tried) {
        TRY(in_time(opener, holder, err));
    }
    TRY(prepare(opener, holder, err));
    for (size_t i = 0; i < wraps->count; i++) {
        if (holder->kid[0] != '\0' && strcmp(holder->kid, wraps->wraps[i].kid) != 0) {
            continue;
        }
        TRY(in_time(opener, holder, err));
        err_clear(&why);
        if (open_wrap(holder, wraps, i, out, &why).ok) {
            *wrap = &wraps->wraps[i];
            return OK;
        }
    }
    if (why.reason == R_NONE) {
        FAIL(err, R_ROOT_KEY_UNOPENED, "no wrap is to its key, %s", holder->kid);
    }
    FAIL(err, why.reason, "%s", why.detail);
}

void root_key_holder_close(struct root_key_holder *holder)
{
    jwk_private_free(holder->key);
    pkcs11_close(holder->token);
}
