/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "service/common/reply.h"
#include "service/issuer/issuer_fields.h"

static Chancery__V1__ClaimMapping *write_claims(struct call *c, const struct issuer *issuer)
{
    Chancery__V1__ClaimMapping *claims = call_message(c, &chancery__v1__claim_mapping__descriptor);
    if (claims == NULL) {
        return NULL;
    }
    claims->address = reply_text(issuer->claim_address);
    claims->groups = reply_text(issuer->claim_groups);
    claims->tenant = reply_text(issuer->claim_tenant);
    claims->guest = reply_text(issuer->claim_guest);
    claims->aliases = reply_texts(c, issuer->claim_aliases, issuer->claim_alias_count);
    claims->n_aliases = claims->aliases == NULL ? 0 : issuer->claim_alias_count;
    return claims;
}

Chancery__V1__Issuer *issuer_write(struct call *c, const struct issuer_row *row, const char *tenant)
{
    const struct issuer *issuer = &row->issuer;
    Chancery__V1__Issuer *m = call_message(c, &chancery__v1__issuer__descriptor);
    if (m == NULL) {
        return NULL;
    }
    m->issuer_id = reply_text(reply_uuid(c, issuer->id.u));
    m->tenant = reply_text(tenant);
    m->boundary = reply_text(issuer->boundary);
    m->kind = (Chancery__V1__IssuerKind)issuer->kind;
    m->issuer = reply_text(issuer->iss);
    m->audiences = reply_texts(c, issuer->audiences, issuer->audience_count);
    m->n_audiences = m->audiences == NULL ? 0 : issuer->audience_count;
    m->algorithms = reply_texts(c, issuer->algorithms, issuer->algorithm_count);
    m->n_algorithms = m->algorithms == NULL ? 0 : issuer->algorithm_count;
    m->domains = reply_texts(c, issuer->domains, issuer->domain_count);
    m->n_domains = m->domains == NULL ? 0 : issuer->domain_count;
    if (issuer->jwks_url[0] != '\0') {
        m->keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_URL;
        m->jwks_url = reply_text(issuer->jwks_url);
    } else {
        m->keys_case = CHANCERY__V1__ISSUER__KEYS_JWKS_JSON;
        m->jwks_json = reply_text(issuer->jwks_json);
    }
    m->claims = write_claims(c, issuer);
    m->clock_skew_seconds = (uint32_t)issuer->clock_skew_s;
    m->disabled = row->disabled;
    m->etag = reply_text(arena_printf(call_arena(c), "%lld", (long long)row->version));
    return m;
}

/* The three replies that hold nothing but an issuer have the same shape. */
step issuers_reply(struct call *c)
{
    const struct scope *scope = scope_of(c);
    Chancery__V1__GetIssuerResponse *r = reply_new(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->issuer =
        issuer_write(c, &issuers_of(c)->row, scope->tenant == NULL ? "" : scope->tenant->view.name);
    return r->issuer == NULL ? STEP_FAILED : call_reply(c, &r->base);
}
