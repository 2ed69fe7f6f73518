/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/issuer_rows.h"

rc issuer_read(struct arena *arena, const PGresult *r, int row, struct issuer *out, struct err *err)
{
    out->tenant.u = pg_uuid(r, row, 0);
    out->id.u = pg_uuid(r, row, 1);
    TRY(pg_text(arena, r, row, 2, &out->boundary, err));
    out->kind = (enum issuer_kind)pg_int(r, row, 3);
    TRY(pg_text(arena, r, row, 4, &out->iss, err));
    TRY(pg_texts(arena, r, row, 5, &out->audiences, &out->audience_count, err));
    TRY(pg_texts(arena, r, row, 6, &out->algorithms, &out->algorithm_count, err));
    TRY(pg_text(arena, r, row, 7, &out->jwks_url, err));
    TRY(pg_text(arena, r, row, 8, &out->jwks_json, err));
    TRY(pg_text(arena, r, row, 9, &out->claim_address, err));
    TRY(pg_texts(arena, r, row, 10, &out->claim_aliases, &out->claim_alias_count, err));
    TRY(pg_text(arena, r, row, 11, &out->claim_groups, err));
    TRY(pg_text(arena, r, row, 12, &out->claim_tenant, err));
    TRY(pg_text(arena, r, row, 13, &out->claim_guest, err));
    TRY(pg_texts(arena, r, row, 14, &out->domains, &out->domain_count, err));
    out->clock_skew_s = pg_int(r, row, 15);
    return OK;
}
