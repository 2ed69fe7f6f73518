/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs a tenant's use licenses, as an address, and where its keys are (docs/formats.md §7):
 *
 *     issuer     https://rms.example.org/tenants/TENANT
 *     metadata   https://rms.example.org/.well-known/oauth-authorization-server/tenants/TENANT
 *     keys       https://rms.example.org/tenants/TENANT/jwks.json
 *
 * Each tenant is an issuer of its own, so that its key set is as small as it is, whatever the number
 * of tenants. Sources: RFC 8414 §3.1 (where metadata is), RFC 7517 §5. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/slice.h"

/* Whether this can be an authority's address, which clients compare and behind which paths are put:
 * https, printable ASCII without what must be escaped (RFC 3986 §2), and neither a query nor a slash
 * at its end. */
bool authority_url_is_valid(const char *url);

/* `iss` of the licenses of a tenant at an authority. NULL over budget. */
const char *license_issuer(struct arena *arena, const char *authority_url, struct tenant_id tenant);
/* The path of an issuer's metadata at its host. NULL over budget. */
const char *license_issuer_metadata_path(struct arena *arena, const char *issuer);
/* The metadata itself, as JSON (RFC 8414 §2). */
rc license_issuer_metadata(struct arena *arena, const char *issuer, struct slice *out,
                           struct err *err);
/* The path of a tenant's keys below its authority's address. NULL over budget. */
const char *license_issuer_keys_path(struct arena *arena, struct tenant_id tenant);

/* A page that speaks of a tenant's licenses. */
enum license_page { LICENSE_PAGE_NONE, LICENSE_PAGE_METADATA, LICENSE_PAGE_KEYS };
/* Which page a path asks for, and of which tenant. Metadata has the path of the authority's address
 * in its own: compare the whole with license_issuer_metadata_path. */
enum license_page license_issuer_page(const char *path, struct tenant_id *tenant);
