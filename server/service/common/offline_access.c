/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/offline_access.h"

#include <string.h>

#include "base/encode.h"
#include "context/wait.h"
#include "domain/decide/decide_offline.h"
#include "domain/relations/exclusion.h"
#include "service/common/reply.h"

/* --- verify ----------------------------------------------------------------------------------- */

enum { KID_LEN = 43 /* an RFC 7638 thumbprint in base64url */ };

static void free_key(void *key)
{
    jwk_public_free(key);
}

static step read_key(struct call *c, struct slice jwk, struct jwk_public **out)
{
    return jwk_public_parse(jwk, R_LICENSE_MALFORMED, out, call_err(c)).ok
               ? step_from(arena_on_free(call_arena(c), free_key, *out, call_err(c)))
               : STEP_FAILED;
}

/* `"kid":"…"` as it stands in the text of that key and of no other: a part of it would stand in many, and each would be
 * parsed. NULL for what names no key. */
static const char *name_of(struct call *c, struct slice kid)
{
    const char *text = kid.len == KID_LEN ? arena_dup(call_arena(c), kid) : NULL;
    return text == NULL ? NULL : arena_printf(call_arena(c), "\"kid\":\"%s\"", text);
}

/* The tenant's signing key of that thumbprint, in whatever state: its public half stays. Older programs let one in as several
 * versions: of those the one in the best state, which the published key set has too. */
static const struct key_row *signing_key_named(const struct tenant_record *tenant, const char *name)
{
    const struct key_row *best = NULL;
    for (size_t i = 0; name != NULL && i < tenant->key_count; i++) {
        const struct key_row *key = &tenant->keys[i];
        if (key->purpose == KEY_SIGNING && strstr(key->public_jwk, name) != NULL &&
            (best == NULL || key->state < best->state)) {
            best = key;
        }
    }
    return best;
}

static step verify_certificate(struct call *c, const struct key_row *key)
{
    struct jwk_public *signer;
    if (key == NULL) {
        return call_fail(c, R_LICENSE_FORGED, "no signing key of the tenant's certifies it");
    }
    return step_failed(read_key(c, slice_str(key->public_jwk), &signer))
               ? STEP_FAILED
               : step_from(jws_verify(&license_access_of(c)->certificate.jws, signer,
                                      R_LICENSE_FORGED, call_err(c)));
}

/* A revoked or destroyed key vouches for nobody any more. Only who holds what it has signed is told so. */
static step check_signer(struct call *c, const struct key_row *key)
{
    switch (key->state) {
    case KEY_ACTIVE:
    case KEY_ARCHIVED:
        return STEP_NEXT;
    case KEY_IS_REVOKED:
        return call_fail(c, R_KEY_REVOKED, "signing key %u", key->version);
    case KEY_IS_DESTROYED:
        break;
    }
    return call_fail(c, R_KEY_DESTROYED, "signing key %u", key->version);
}

static step verify_publisher(struct call *c)
{
    struct license_access *a = license_access_of(c);
    struct jwk_public *publisher;
    if (step_failed(read_key(c, a->certificate.keys.publisher_jwk, &publisher))) {
        return STEP_FAILED;
    }
    a->publisher_key = jwk_thumbprint(publisher);
    return step_from(
        jws_verify(&a->license.offline->jws, publisher, R_LICENSE_FORGED, call_err(c)));
}

/* Before anything is looked up by what the license says of itself, so that whoever makes one up doesn't learn which
 * tenants there are. */
step offline_access_read(struct call *c)
{
    struct license_access *a = license_access_of(c);
    return a->license.offline == NULL
               ? STEP_NEXT
               : step_from(publisher_certificate_read(
                     call_arena(c), a->license.offline->certificate, &a->certificate, call_err(c)));
}

/* For this tenant and boundary, and the address in the license is that of the authority which gave the certificate: the
 * publisher may not send readers elsewhere. */
static step check_whose(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct publisher *publisher = &a->certificate.publisher;
    const char *issuer = publisher_certificate_issuer(
        call_arena(c), a->license.header.authority_url, publisher->tenant);
    if (issuer == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "issuer");
    }
    return ID_EQ(publisher->tenant, a->tenant->view.id) &&
                   strcmp(publisher->boundary, a->tenant->view.boundary) == 0 &&
                   strcmp(issuer, a->certificate.keys.issuer) == 0
               ? STEP_NEXT
               : call_fail(c, R_LICENSE_FORGED, "a certificate for another tenant or authority");
}

step offline_access_verify(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    const struct key_row *key = signing_key_named(a->tenant, name_of(c, a->certificate.jws.kid));
    return step_failed(verify_certificate(c, key)) || step_failed(check_whose(c)) ||
                   step_failed(verify_publisher(c))
               ? STEP_FAILED
               : check_signer(c, key);
}

/* --- check ------------------------------------------------------------------------------------ */

step offline_access_misread(struct call *c)
{
    if (call_err(c)->reason == R_ARENA_EXHAUSTED) {
        return STEP_FAILED;
    }
    err_clear(call_err(c));
    return call_fail(c, R_LICENSE_MALFORMED, "a policy that is not understood");
}

step offline_access_check(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct offline_question question = {
        .publisher = &a->certificate.publisher, .policy = &a->policy, .now = call_now(c)};
    if (!sealed_policy_check(call_arena(c), &a->policy, call_err(c)).ok) {
        a->is_refused = true;
        return STEP_FAILED;
    }
    enum reason reason = a->policy.protected_at.s == a->license.offline->protected_ms / 1000
                             ? decide_offline(&question)
                             : R_LICENSE_MALFORMED;
    a->is_refused = reason != R_NONE;
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "by its certificate");
}

/* --- record and register ---------------------------------------------------------------------- */

void offline_access_record(struct call *c, struct gate_entry *entry)
{
    const struct license_access *a = license_access_of(c);
    entry->tells_lost = !a->may_register && !a->is_refused;
    if (a->is_refused) {
        entry->target =
            arena_printf(call_arena(c), "content %s, offline by %s",
                         reply_uuid(c, entry->content.u), a->certificate.publisher.name);
        entry->content.u = (struct uuid){{0}};
        entry->sealed = NULL;
    }
}

/* Whoever is shut out of the tenant publishes nothing there, also not by what they got before: by any of their addresses. */
static bool is_excluded(const struct license_access *a)
{
    struct subject subject = {.component = {.name = ""}, .application = "", .platform = ""};
    subject.user.address_count = 1;
    for (size_t i = 0; i < a->standing.name_count; i++) {
        subject.user.addresses[0] = a->standing.names[i];
        if (exclusion_applies(&a->tenant->view, &subject)) {
            return true;
        }
    }
    return false;
}

static bool may_publish(const struct license_access *a)
{
    return !a->standing.is_revoked && !is_excluded(a);
}

static step looked(struct call *c)
{
    struct license_access *a = license_access_of(c);
    if (a->standing.op.err.reason != R_NONE) {
        return wait_failed(c, &a->standing.op.err);
    }
    a->may_register = may_publish(a);
    a->is_refused = !a->may_register;
    return call_again_from(c, license_access_groups);
}

static step look(struct call *c, step_fn then)
{
    struct license_access *a = license_access_of(c);
    wait_store_init(c, &a->standing.op);
    publisher_store_find(&a->standing, &a->certificate.publisher, a->license.header.content);
    return wait_store(c, then, &a->standing.op);
}

step offline_access_register(struct call *c)
{
    return look(c, looked);
}

static step stands(struct call *c)
{
    struct license_access *a = license_access_of(c);
    if (a->standing.op.err.reason != R_NONE) {
        return wait_failed(c, &a->standing.op.err);
    }
    a->is_refused = !a->standing.is_registered && !may_publish(a);
    return a->is_refused
               ? call_fail(c, R_PUBLISHER_REVOKED, "the publisher may not publish any more")
               : STEP_NEXT;
}

step offline_access_standing(struct call *c, step_fn then)
{
    call_then(c, then);
    return license_access_of(c)->license.offline == NULL ? STEP_NEXT : look(c, stands);
}

static step made(struct call *c)
{
    return wait_over(c, &license_access_of(c)->making.op.err);
}

static step make(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct content_row row = {.id = a->license.header.content,
                                    .owner = a->policy.owner,
                                    .issuer = a->policy.issuer,
                                    .template = a->policy.template_id,
                                    .display_name = a->license.header.display_name,
                                    .created_at = a->policy.protected_at.s * 1000000};
    if (a->license.offline == NULL || a->standing.is_registered) {
        return STEP_NEXT;
    }
    wait_store_init(c, &a->making.op);
    content_store_recover(&a->making, a->license.header.tenant, &row);
    return wait_store(c, made, &a->making.op);
}

step offline_access_make_known(struct call *c, step_fn then)
{
    call_then(c, then);
    return offline_access_standing(c, make);
}
