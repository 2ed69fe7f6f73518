/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/license_issuer.h"

#include <jansson.h>
#include <string.h>

#include "crypto/json.h"

static const char METADATA[] = "/.well-known/oauth-authorization-server";
static const char TENANTS[] = "/tenants/";
static const char KEYS[] = "/jwks.json";

/* --- addresses -------------------------------------------------------------------------------- */

bool authority_url_is_valid(const char *url)
{
    static const char scheme[] = "https://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    const char *rest = url + sizeof scheme - 1;
    if (rest[0] == '\0' || rest[0] == '/') {
        return false;
    }
    for (const char *at = rest; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7f || strchr("\"<>\\^`{|}?#", *at) != NULL) {
            return false;
        }
    }
    return rest[strlen(rest) - 1] != '/';
}

/* One that was stored before the check may end in slashes. */
const char *license_issuer(struct arena *arena, const char *authority_url, struct tenant_id tenant)
{
    char id[UUID_TEXT_BYTES];
    size_t len = strlen(authority_url);
    while (len > 0 && authority_url[len - 1] == '/') {
        len--;
    }
    uuid_format(tenant.u, id);
    return arena_printf(arena, "%.*s%s%s", (int)len, authority_url, TENANTS, id);
}

/* RFC 8414 §3.1: the well-known part goes between the host and the issuer's path. */
const char *license_issuer_metadata_path(struct arena *arena, const char *issuer)
{
    const char *host = strstr(issuer, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');
    return arena_printf(arena, "%s%s", METADATA, path == NULL ? "" : path);
}

const char *license_issuer_keys_path(struct arena *arena, struct tenant_id tenant)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(tenant.u, id);
    return arena_printf(arena, "%s%s%s", TENANTS, id, KEYS);
}

/* Both lists are empty, because nobody gets a token here: the authority is no OAuth server. */
rc license_issuer_metadata(struct arena *arena, const char *issuer, struct slice *out,
                           struct err *err)
{
    json_t *metadata = json_object();
    TRY(json_own(arena, metadata, err));
    const char *keys = arena_printf(arena, "%s%s", issuer, KEYS);
    ARENA_ENSURE(keys, err);
    json_object_set_new(metadata, "issuer", json_string(issuer));
    json_object_set_new(metadata, "jwks_uri", json_string(keys));
    json_object_set_new(metadata, "response_types_supported", json_array());
    json_object_set_new(metadata, "grant_types_supported", json_array());
    return json_dump(arena, metadata, out, err);
}

/* --- pages ------------------------------------------------------------------------------------ */

/* Whether a text is "/tenants/" and an id. */
static bool read_tenant(struct slice text, struct tenant_id *tenant)
{
    size_t head = sizeof TENANTS - 1;
    return text.len == head + UUID_TEXT_BYTES - 1 &&
           slice_eq_str(slice_cut(text, 0, head), TENANTS) &&
           uuid_parse(slice_cut(text, head, text.len), &tenant->u, NULL).ok;
}

enum license_page license_issuer_page(const char *path, struct tenant_id *tenant)
{
    const size_t tail = sizeof TENANTS - 1 + UUID_TEXT_BYTES - 1;
    struct slice text = slice_str(path);
    if (text.len == tail + sizeof KEYS - 1 && strcmp(path + tail, KEYS) == 0) {
        return read_tenant(slice_cut(text, 0, tail), tenant) ? LICENSE_PAGE_KEYS
                                                             : LICENSE_PAGE_NONE;
    }
    if (text.len < sizeof METADATA - 1 + tail ||
        strncmp(path, METADATA, sizeof METADATA - 1) != 0) {
        return LICENSE_PAGE_NONE;
    }
    return read_tenant(slice_cut(text, text.len - tail, text.len), tenant) ? LICENSE_PAGE_METADATA
                                                                           : LICENSE_PAGE_NONE;
}
