/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: rows of the view statements become values of lib/domain, in the
 * record's arena. */
#pragma once

#include "store/cache/views.h"
#include "store/pg/pg_submit.h"

rc view_read_epoch(struct arena *arena, const PGresult *r, int64_t *out, struct err *err);
rc view_read_tenant(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_domains(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_templates(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_exclusions(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_super_users(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_partners(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_keys(struct tenant_record *record, const PGresult *r, struct err *err);
rc view_read_boundaries(const struct views *views, struct platform_record *record,
                        const PGresult *r, struct err *err);
rc view_read_rules(struct platform_record *record, const PGresult *r, struct err *err);
