/* SPDX-License-Identifier: Apache-2.0 */
/* chancery key import: wraps a customer's key to an import key of the authority's (docs/formats.md §4.4). */
#include "crypto/key_import.h"
#include "base/encode.h"
#include "cli/key.h"
#include "cli/secret_file.h"
#include "client/proof.h"
#include "crypto/jwk_secret.h"

enum { SEALING_BYTES = 32 };

/* The key as it is wrapped, and its thumbprint. */
struct own_key {
    struct secret *bytes;
    const char *thumbprint;
};

static rc read_sealing(struct arena *arena, const char *path, struct own_key *out, struct err *err)
{
    char thumbprint[JWK_THUMBPRINT_TEXT];
    struct err why = {0};
    if (!secret_read_file(path, SEALING_BYTES, SECRET_OWNER_OR_GROUP_OF_ROOTS, &out->bytes, &why)
             .ok ||
        secret_len(out->bytes) != SEALING_BYTES) {
        FAIL(err, R_INPUT_INVALID,
             "%s: a sealing key is 32 bytes, in a file that only its owner can access (chmod 600)",
             path);
    }
    TRY(jwk_symmetric_thumbprint(out->bytes, thumbprint, err));
    out->thumbprint = arena_strdup(arena, thumbprint);
    return OK;
}

static rc read_private(struct arena *arena, const char *path, struct own_key *out, struct err *err)
{
    struct jwk_private *key = NULL;
    TRY(secret_file_check(path, err));
    TRY(proof_key_read(path, &key, err));
    rc result = jwk_private_export(key, &out->bytes, err);
    out->thumbprint = base64url_dup(arena, jwk_thumbprint(jwk_private_public(key)));
    jwk_private_free(key);
    return result;
}

static rc wrap(struct arena *arena, const char *import_jwk, const struct own_key *own,
               ProtobufCBinaryData *out, struct err *err)
{
    struct jwk_public *import = NULL;
    struct slice wrapped;
    TRY(jwk_public_parse(slice_str(import_jwk), R_AUTHORITY_UNREACHABLE, &import, err));
    rc result = import_key_wrap(arena, import, own->bytes, &wrapped, err);
    jwk_public_free(import);
    TRY(result);
    *out = (ProtobufCBinaryData){wrapped.len, (uint8_t *)(uintptr_t)wrapped.ptr};
    return OK;
}

static void show_imported(const void *response)
{
    key_show(((const Chancery__V1__ImportKeyResponse *)response)->key);
}

static int import_own(struct session *s, const struct verb_args *common,
                      Chancery__V1__KeyPurpose purpose, const struct own_key *own)
{
    const struct key_args *args = (const void *)common;
    struct err err = {0};
    ProtobufCMessage *answer = NULL;
    Chancery__V1__GetImportKeyRequest get;
    Chancery__V1__ImportKeyRequest request;
    chancery__v1__get_import_key_request__init(&get);
    chancery__v1__import_key_request__init(&request);
    int code = session_call(s, "KeyService/GetImportKey", &get.base,
                            &chancery__v1__get_import_key_response__descriptor, &answer);
    if (code != EXIT_OK) {
        return code;
    }
    const Chancery__V1__GetImportKeyResponse *import = (const void *)answer;
    if (!wrap(s->arena, import->public_jwk, own, &request.wrapped_key, &err).ok) {
        return fail_with(s->command, &err);
    }
    request.import_id = import->import_id;
    request.purpose = purpose;
    request.thumbprint = text_field(own->thumbprint);
    request.reason = text_field(args->reason);
    request.etag = text_field(args->etag);
    return verb_call(s, common, "KeyService/ImportKey", &request.base,
                     &chancery__v1__import_key_response__descriptor, show_imported);
}

int key_import(struct session *s, const struct verb_args *common)
{
    const struct key_args *args = (const void *)common;
    struct err err = {0};
    struct own_key own = {0};
    Chancery__V1__KeyPurpose purpose = CHANCERY__V1__KEY_PURPOSE__KEY_PURPOSE_UNSPECIFIED;
    int code = key_read_purpose(s, common, &purpose);
    if (code != EXIT_OK) {
        return code;
    }
    if (args->key == NULL) {
        return usage_error(s->command, "import: --key KEY is required");
    }
    rc read = purpose == CHANCERY__V1__KEY_PURPOSE__KEY_PURPOSE_SEALING
                  ? read_sealing(s->arena, args->key, &own, &err)
                  : read_private(s->arena, args->key, &own, &err);
    code = read.ok ? import_own(s, common, purpose, &own) : fail_with(s->command, &err);
    secret_free(own.bytes);
    return code;
}
