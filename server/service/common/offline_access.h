/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses that a publisher has made without asking (docs/policy.md §5.7): what license_access.h and content_access.h
 * ask of them beside the rest. */
#pragma once

#include "service/common/license_access.h"

/* Before its tenant is looked up: the certificate. R_LICENSE_MALFORMED. A license that the authority has made has none. */
step offline_access_read(struct call *c);
/* Before it is opened: is the certificate the tenant's, and the license its publisher's? R_LICENSE_FORGED,
 * R_LICENSE_MALFORMED. When the tenant is known. */
step offline_access_verify(struct call *c);
/* What was sealed is no policy that we know: the publisher made it so, and is told. */
step offline_access_misread(struct call *c);
/* When it is open: is it a sound policy, and one that the certificate allows? R_LICENSE_MALFORMED,
 * R_PUBLISHER_EXPIRED, R_PUBLISHER_EXCEEDED. */
step offline_access_check(struct call *c);
/* The gate tells when its content is not known, instead of recording it; a refusal that comes of the publisher
 * names no content. */
void offline_access_record(struct call *c, struct gate_entry *entry);
/* The gate has told: may the publisher still publish? Then the flow goes on again from `groups`, and either the
 * content is recorded, or everybody is refused. */
step offline_access_register(struct call *c);
/* Unless its content is known, may the publisher still publish? R_PUBLISHER_REVOKED; else go on with `then`. A
 * license that the authority has made goes on at once. When it is open. */
step offline_access_standing(struct call *c, step_fn then);
/* The same, and then its content is known. */
step offline_access_make_known(struct call *c, step_fn then);
