/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/component_proof.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/texts.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/secret_file.h"
#include "client/certificate_proof.h"
#include "crypto/algs.h"
#include "wire/pb.h"

enum { FILE_MAX = 64 * 1024, PROVE_BUDGET = 1024 * 1024 };

/* --- for whom --------------------------------------------------------------------------------- */

/* The tenant whose admin asks; "" for a platform admin, who has none. */
static const char *own_tenant(struct session *s)
{
    chancery_buffer *answer = NULL;
    ProtobufCMessage *message = NULL;
    Chancery__V1__GetTenantRequest request;
    chancery__v1__get_tenant_request__init(&request);
    chancery_error *error = session_request(s, "TenantService/GetTenant", &request.base, &answer);
    if (error != NULL) {
        chancery_error_free(error);
        return "";
    }
    struct slice bytes = slice_of(chancery_buffer_data(answer), chancery_buffer_size(answer));
    bool ok =
        pb_unpack(s->arena, &chancery__v1__get_tenant_response__descriptor, bytes, &message, NULL)
            .ok;
    chancery_buffer_free(answer);
    return ok ? ((const Chancery__V1__GetTenantResponse *)(const void *)message)->tenant->tenant
              : "";
}

/* --- proofs ----------------------------------------------------------------------------------- */

static rc make(struct arena *arena, const char *certificate, const char *key,
               struct certificate_proof_request *request, char **out, struct err *err)
{
    const char *proof = NULL;
    TRY(secret_file_check(key, err));
    TRY(read_file(arena, certificate, FILE_MAX, &request->certificate, err));
    request->key_file = key;
    request->now = clock_unix();
    TRY(certificate_proof_make(arena, request, &proof, err));
    *out = text_field(proof);
    return OK;
}

/* Editors and shells end the file with a newline, which the proof doesn't have. */
static rc read_proof(struct arena *arena, const char *path, char **out, struct err *err)
{
    struct slice text;
    TRY(read_file(arena, path, FILE_MAX, &text, err));
    while (text.len > 0 && strchr(" \r\n", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

rc component_proof_collect(struct session *s, const struct component_proof_args *args,
                           const char *tenant, const char *name, char ***out, size_t *count,
                           struct err *err)
{
    size_t keys = texts_count(args->keys), ready = texts_count(args->proofs);
    struct certificate_proof_request request = {.component = name};
    *out = ARENA_ARRAY(s->arena, char *, keys + ready + 1);
    ARENA_ENSURE(*out, err);
    if (keys > 0) {
        request.url = session_authority_url(s);
        request.tenant = tenant != NULL ? tenant : own_tenant(s);
    }
    for (size_t i = 0; i < keys; i++) {
        TRY(make(s->arena, args->certificates[i], args->keys[i], &request, *out + i, err));
    }
    for (size_t i = 0; i < ready; i++) {
        TRY(read_proof(s->arena, args->proofs[i], *out + keys + i, err));
    }
    *count = keys + ready;
    return OK;
}

int component_proof_print(const struct component_proof_args *args, const char *authority,
                          const char *tenant, const char *name)
{
    struct err err = {0};
    char *proof = NULL;
    if (authority == NULL || name == NULL || texts_count(args->certificates) != 1 ||
        texts_count(args->keys) != 1) {
        return usage_error(&command_component,
                           "prove needs --authority, --name, --certificate and --key");
    }
    if (strncmp(authority, "https://", 8) != 0) {
        return usage_error(&command_component, "--authority takes an https:// address, not %s",
                           authority);
    }
    struct certificate_proof_request request = {
        .url = authority, .tenant = tenant == NULL ? "" : tenant, .component = name};
    struct arena *arena = arena_new(PROVE_BUDGET);
    rc result = crypto_init(NULL, &err);
    if (result.ok) {
        result = make(arena, args->certificates[0], args->keys[0], &request, &proof, &err);
    }
    int code = result.ok ? EXIT_OK : fail_with(&command_component, &err);
    if (result.ok) {
        puts(proof);
    }
    arena_free(arena);
    crypto_fini();
    return code;
}
