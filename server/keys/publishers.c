/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses that publishers make without asking, and the certificates by which they may: docs/formats.md §6.2. */
#include "crypto/jws.h"
#include "crypto/offline_seal.h"
#include "keys/keys_internal.h"

static const char CERTIFICATE_TYPE[] = "publisher-certificate+jwt";

static rc unseal(struct keys_op *op, struct secret **content_key, struct secret **policy_key)
{
    const struct unwrapped *exchange;
    TRY(key_unwrap(op->keys, &op->sealing, &exchange, &op->err));
    return offline_unseal(exchange->private, op->publisher, op->sealed, R_LICENSE_FORGED,
                          content_key, policy_key, &op->err);
}

rc offline_open_key(struct keys_op *op, struct secret **out)
{
    AUTO(secret_free_at) struct secret *policy_key = NULL;
    return unseal(op, out, &policy_key);
}

rc offline_open_policy(struct keys_op *op)
{
    AUTO(secret_free_at) struct secret *content_key = NULL;
    AUTO(secret_free_at) struct secret *policy_key = NULL;
    const struct offline_seal seal = {.sealed_key = op->sealed, .policy_box = op->policy_box};
    TRY(unseal(op, &content_key, &policy_key));
    return offline_unseal_policy(op->arena, policy_key, &seal, R_LICENSE_FORGED, &op->policy,
                                 &op->err);
}

static rc sign_certificate(struct keys_op *op)
{
    const struct unwrapped *signing;
    TRY(key_unwrap(op->keys, &op->signing, &signing, &op->err));
    return jws_sign(op->arena, signing->private, CERTIFICATE_TYPE, op->claims, &op->certificate,
                    &op->err);
}

void keys_sign_publisher(struct keys_op *op)
{
    keys_report(op, "sign_publisher", sign_certificate(op));
}
