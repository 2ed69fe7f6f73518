/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of `iss`: one issuer, a different `iss` for each of its tenants. As Microsoft Entra
 * writes it: "https://login.microsoftonline.com/{tenantid}/v2.0", where a token has the tenant's
 * UUID in that place and in its tenant claim. Pure. */
#pragma once

#include "base/arena.h"

#define ISSUER_TEMPLATE_PLACEHOLDER "{tenantid}"

/* Whether braces stand in it at all; a plain iss has none. */
bool issuer_template_has_braces(const char *iss);
/* Whether it can be registered: https, the placeholder once, as a whole segment of the path. */
bool issuer_template_is_sound(const char *iss);
/* The UUID that stands in place of the placeholder; empty when `iss` does not fit the template.
 * Lends. */
struct slice issuer_template_value(const char *pattern, const char *iss);
/* Whether a token's `iss` is the registered one, or fits the registered template. */
bool issuer_template_fits(const char *registered, const char *iss);
/* The template under which `iss` may be registered: its first path segment that is a UUID
 * replaced. "" when it has none; NULL over budget. */
const char *issuer_template_of(struct arena *arena, const char *iss);
