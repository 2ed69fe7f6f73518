/* SPDX-License-Identifier: Apache-2.0 */
/* chancery key export, new-recipient, open-exported: how a tenant's keys leave, and what they open (docs/formats.md §4.4). */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "chancery/config/v1/receipt.pb-c.h"
#include "cli/key.h"
#include "cli/output.h"
#include "cli/protected.h"
#include "cli/secret_file.h"
#include "client/exported_keys.h"
#include "client/proof.h"

/* --- export ----------------------------------------------------------------------------------- */

static int tell_exported(struct session *s, enum answer answer, const char *path,
                         const Chancery__V1__ExportKeysResponse *r)
{
    Chancery__Config__V1__ExportedKeys document;
    chancery__config__v1__exported_keys__init(&document);
    document.versions = r->versions;
    document.left_out = r->left_out;
    document.approval_id = r->approval_id;
    document.output = text_field(r->approval_id[0] == '\0' ? path : "");
    return r->approval_id[0] == '\0' ? answer_print_beside(s, answer, path, &document.base)
                                     : answer_print(s, answer, &document.base);
}

static int save(struct session *s, enum answer answer, const char *path,
                const Chancery__V1__ExportKeysResponse *r)
{
    struct err err = {0};
    if (!output_write(path, slice_str(r->key_set), &err).ok) {
        return fail_with(s->command, &err);
    }
    if (answer != ANSWER_TEXT) {
        return tell_exported(s, answer, path, r);
    }
    FILE *out = output_is_standard(path) ? stderr : stdout;
    fprintf(out, "%" PRId32 " versions are in it\n", r->versions);
    if (r->left_out > 0) {
        fprintf(out,
                "%" PRId32
                " are not, because they are revoked or will be destroyed: what they have "
                "sealed doesn't open by it. To have them too: chancery key cancel-destroy and "
                "restore, then export again\n",
                r->left_out);
    }
    return EXIT_OK;
}

int key_export(struct session *s, const struct verb_args *common)
{
    const struct key_args *args = (const void *)common;
    ProtobufCMessage *response = NULL;
    struct err err = {0};
    struct slice jwk;
    Chancery__V1__ExportKeysRequest request;
    chancery__v1__export_keys_request__init(&request);
    if (args->to == NULL || args->reason == NULL) {
        return usage_error(s->command, "export: --to JWK and --reason TEXT are required");
    }
    if (!read_file(s->arena, args->to, JWK_BYTES_MAX, &jwk, &err).ok) {
        return fail_with(s->command, &err);
    }
    request.recipient_public_jwk = arena_dup(s->arena, jwk);
    request.reason = text_field(args->reason);
    request.approval_id = text_field(args->approval);
    int code = session_call(s, "KeyService/ExportKeys", &request.base,
                            &chancery__v1__export_keys_response__descriptor, &response);
    if (code != EXIT_OK) {
        return code;
    }
    const Chancery__V1__ExportKeysResponse *r = (const void *)response;
    if (common->answer != ANSWER_TEXT && r->approval_id[0] != '\0') {
        return tell_exported(s, common->answer, common->operands[0], r);
    }
    if (verb_was_asked(response)) {
        puts("then say the same again, with --approval and that id");
        return EXIT_OK;
    }
    return save(s, common->answer, common->operands[0], r);
}

int key_cancel_export(struct session *s, const struct verb_args *common)
{
    Chancery__V1__CancelExportRequest request;
    chancery__v1__cancel_export_request__init(&request);
    request.approval_id = common->operands[0];
    request.reason = text_field(((const struct key_args *)common)->reason);
    return verb_act(s, common, "KeyService/CancelExport", &request.base,
                    &chancery__v1__cancel_export_response__descriptor,
                    "canceled: nothing leaves by it any more");
}

/* --- new-recipient ---------------------------------------------------------------------------- */

static rc make_recipient(struct arena *arena, const char *path, const char **jwk, struct err *err)
{
    struct jwk_private *key = NULL;
    AUTO(secret_free_at) struct secret *pem = NULL;
    if (access(path, F_OK) == 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s is there already: sets may be encrypted to that key",
             path);
    }
    TRY(jwk_private_generate(JWK_EC_P384, &key, err));
    rc result = jwk_private_to_pem(key, &pem, err);
    *jwk = jwk_public_json(arena, jwk_private_public(key), "enc", "ECDH-ES+A256KW");
    jwk_private_free(key);
    TRY(result);
    ARENA_ENSURE(*jwk, err);
    return output_write(path, secret_use(pem), err);
}

int key_new_recipient(int argc, char **argv)
{
    struct session session;
    struct err err = {0};
    const char *jwk = NULL;
    if (argc != 3 || output_is_standard(argv[2])) {
        return usage_error(&command_key, "new-recipient: give the file for the secret half");
    }
    int code = session_begin(&session, &command_key);
    if (code != EXIT_OK) {
        return code;
    }
    if (make_recipient(session.arena, argv[2], &jwk, &err).ok) {
        puts(jwk);
    } else {
        code = fail_with(&command_key, &err);
    }
    session_close(&session);
    return code;
}

/* --- open-exported ---------------------------------------------------------------------------- */

static rc read_keys(struct arena *arena, const struct key_args *args,
                    const struct exported_keys **out, struct err *err)
{
    struct slice set;
    struct jwk_private *key = NULL;
    TRY(read_file(arena, args->keys, EXPORTED_KEYS_MAX, &set, err));
    if (!exported_keys_are_bare(set)) {
        if (args->key == NULL) {
            FAIL(err, R_INPUT_INVALID, "%s is encrypted: give its key with --key", args->keys);
        }
        TRY(secret_file_check(args->key, err));
        TRY(proof_key_read(args->key, &key, err));
    } else {
        TRY(secret_file_check(args->keys, err));
    }
    rc result = exported_keys_read(arena, set, key, out, err);
    jwk_private_free(key);
    return result;
}

static rc open_one(struct arena *arena, const struct key_args *args, const char *input,
                   const char *output, struct err *err)
{
    AUTO(secret_free_at) struct secret *content_key = NULL;
    const struct exported_keys *keys = NULL;
    struct protected p = {0};
    TRY(read_keys(arena, args, &keys, err));
    rc result = protected_load(arena, input, &p, err);
    if (result.ok) {
        result = exported_keys_open(keys, arena, p.license, &content_key, err);
    }
    if (result.ok) {
        result = protected_write(arena, &p, output, content_key, err);
    }
    protected_close(&p);
    return result;
}

int key_open_exported(const struct key_args *args, int argc, char **argv)
{
    struct session session;
    struct err err = {0};
    if (args->keys == NULL || argc < 3 || argc > 4) {
        return usage_error(&command_key, "open-exported: give --keys SET, an input, and an output "
                                         "if you like");
    }
    if (argc == 3 && !output_is_beside(argv[2])) {
        return usage_error(&command_key, "%s is no file: name an output too", argv[2]);
    }
    int code = session_begin(&session, &command_key);
    if (code != EXIT_OK) {
        return code;
    }
    const char *output = argc == 4 ? argv[3] : protected_output_for(session.arena, argv[2]);
    if (!open_one(session.arena, args, argv[2], output, &err).ok) {
        code = fail_with(&command_key, &err);
    }
    session_close(&session);
    return code;
}
