/* SPDX-License-Identifier: Apache-2.0 */
/* chancery root-key wrap, check */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/output.h"
#include "cli/root_key/root_key.h"
#include "pkcs11/pkcs11.h"

/* --- to whom ---------------------------------------------------------------------------------- */

static rc read_recipient(struct session *s, const char *path, struct jwk_public **out,
                         struct err *err)
{
    struct slice json;
    TRY(read_file(s->arena, path, JWK_BYTES_MAX, &json, err));
    return jwk_public_parse(json, R_INPUT_INVALID, out, err);
}

static rc open_token(struct session *s, const struct root_key_args *args, struct pkcs11 **token,
                     struct jwk_public **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *pin = NULL;
    TRY(root_pin_read(args->pin_file == NULL ? "" : args->pin_file, &pin, err));
    const struct pkcs11_place place = {args->module, args->uri, secret_use(pin)};
    TRY(pkcs11_open(&place, token, err));
    struct slice point = pkcs11_point(*token);
    if (point.len == 0) {
        FAIL(err, R_HSM_KEY_UNUSABLE,
             "the token shows no public key of that name: give its public half by --to");
    }
    return jwk_public_of_point(s->arena, point, R_HSM_KEY_UNUSABLE, out, err);
}

/* --- wrap ------------------------------------------------------------------------------------- */

static rc read_wraps(struct session *s, const char *path, struct root_wraps *out, struct err *err)
{
    struct slice text;
    *out = (struct root_wraps){0};
    if (access(path, F_OK) != 0) {
        return OK;
    }
    TRY(read_file(s->arena, path, ROOT_WRAPS_BYTES_MAX, &text, err));
    return root_wraps_parse(s->arena, text, R_INPUT_INVALID, out, err);
}

/* What the token has wrapped opens by it, before anybody relies on that. */
static rc try_token(const struct root_wraps *wraps, struct pkcs11 *token, struct err *err)
{
    AUTO(secret_free_at) struct secret *again = NULL;
    if (token == NULL) {
        return OK;
    }
    return root_wrap_open_by(wraps, wraps->count - 1, pkcs11_agree, token, R_HSM_KEY_UNUSABLE,
                             &again, err);
}

/* The token comes before what opens the key, which may be the same one: a wrong PIN ends it there, after one try. */
static rc wrap_to(struct session *s, const struct root_key_args *args, struct root_wraps *wraps,
                  struct err *err)
{
    AUTO(secret_free_at) struct secret *root = NULL;
    struct pkcs11 *token = NULL;
    struct jwk_public *to = NULL;
    rc result = args->to != NULL ? read_recipient(s, args->to, &to, err)
                                 : open_token(s, args, &token, &to, err);
    if (result.ok) {
        result = root_key_read(s, args, args->key, &root, err);
    }
    if (result.ok) {
        result = root_wraps_add(s->arena, wraps, args->name, to, root, err);
    }
    if (result.ok) {
        result = try_token(wraps, token, err);
    }
    jwk_public_free(to);
    pkcs11_close(token);
    return result;
}

static rc wrap(struct session *s, const struct root_key_args *args, struct root_wraps *wraps,
               struct err *err)
{
    struct slice text;
    TRY(read_wraps(s, args->operands[0], wraps, err));
    TRY(wrap_to(s, args, wraps, err));
    TRY(root_wraps_print(s->arena, wraps, &text, err));
    return output_write(args->operands[0], text, err);
}

static const char *wrap_line(struct arena *arena, const struct root_wrap *wrap)
{
    return arena_printf(arena, "wrap %s to key %s", wrap->name, wrap->kid);
}

int root_key_wrap(struct session *s, const struct root_key_args *args)
{
    struct root_wraps wraps;
    struct root_key_act act = {.name = "wrap"};
    struct err err = {0};
    bool is_token = args->module != NULL && args->uri != NULL;
    if (args->key == NULL || args->name == NULL || (args->to != NULL) == is_token) {
        return usage_error(s->command, "wrap: --key KEY, --name NAME and either --to JWK or "
                                       "--module PATH and --uri URI are required");
    }
    if (is_token && !pkcs11_uri_is_valid(args->uri)) {
        return usage_error(s->command,
                           "--uri takes a URI such as pkcs11:token=chancery;object=root, "
                           "without a PIN");
    }
    if (!wrap(s, args, &wraps, &err).ok) {
        return fail_with(s->command, &err);
    }
    act.thumbprint = wraps.thumbprint;
    act.lines[act.line_count++] = wrap_line(s->arena, &wraps.wraps[wraps.count - 1]);
    return root_key_tell(s, args, &act);
}

/* --- check ------------------------------------------------------------------------------------ */

static void tell_opened(void *ctx, const struct root_told *told)
{
    (void)ctx;
    fputs(told->err == NULL ? "opened by " : "not opened by ", stdout);
    utf8_print(stdout, told->opener);
    printf(": %s", told->err == NULL ? "wrap " : reason_info(told->err->reason)->name);
    utf8_print(stdout, told->err == NULL ? told->wrap : "");
    putchar('\n');
}

/* A plain one: opened as it is. */
static int tell_plain(struct session *s, const struct root_key_args *args)
{
    AUTO(secret_free_at) struct secret *root = NULL;
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    struct err err = {0};
    if (!root_key_read(s, args, args->operands[0], &root, &err).ok ||
        !root_wraps_thumbprint(root, thumbprint, &err).ok) {
        return fail_with(s->command, &err);
    }
    printf("root key %s\nit is not wrapped\n", thumbprint);
    return EXIT_OK;
}

int root_key_check(struct session *s, const struct root_key_args *args)
{
    struct slice text;
    struct root_wraps wraps;
    struct root_files files;
    struct err err = {0};
    if (!read_file(s->arena, args->operands[0], ROOT_WRAPS_BYTES_MAX, &text, &err).ok) {
        return fail_with(s->command, &err);
    }
    if (text.len == ROOT_KEY_BYTES || text.len == 0 || text.ptr[0] != '{') {
        return tell_plain(s, args);
    }
    if (!root_wraps_parse(s->arena, text, R_ROOT_KEY_INVALID, &wraps, &err).ok ||
        !root_key_files(s, args, args->operands[0], args->module != NULL && args->uri != NULL,
                        &files, &err)
             .ok) {
        return fail_with(s->command, &err);
    }
    printf("root key %s\n", wraps.thumbprint);
    for (size_t i = 0; i < wraps.count; i++) {
        puts(wrap_line(s->arena, &wraps.wraps[i]));
    }
    files.tell = tell_opened;
    /* Each of them, because at a start the first one that opens is enough. */
    return files.opener_count == 0 || root_files_check_each(&files, &err).ok
               ? EXIT_OK
               : fail_with(s->command, &err);
}
