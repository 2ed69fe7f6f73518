/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/issuer_rows.h"

struct issuer issuer_from_row(const struct sql_issuer *from)
{
    return (struct issuer){
        .tenant = from->tenant,
        .id = from->issuer,
        .boundary = from->boundary,
        .kind = (enum issuer_kind)from->kind,
        .iss = from->iss,
        .audiences = from->audiences.items,
        .audience_count = from->audiences.count,
        .algorithms = from->algorithms.items,
        .algorithm_count = from->algorithms.count,
        .jwks_url = from->jwks_url,
        .jwks_json = from->jwks_json,
        .claim_address = from->claim_address,
        .claim_verified = from->claim_verified,
        .claim_aliases = from->claim_aliases.items,
        .claim_alias_count = from->claim_aliases.count,
        .claim_groups = from->claim_groups,
        .claim_tenant = from->claim_tenant,
        .claim_guest = from->claim_guest,
        .domains = from->domains.items,
        .domain_count = from->domains.count,
        .clock_skew_s = from->clock_skew_seconds,
    };
}
