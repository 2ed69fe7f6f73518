/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/proof_claims.h"

#include "crypto/json.h"

/* A slash at the end makes no other address. */
static struct slice without_slash(struct slice url)
{
    return url.len > 0 && url.ptr[url.len - 1] == '/' ? slice_cut(url, 0, url.len - 1) : url;
}

bool proof_claims_are_for(const json_t *claims, const char *const *urls, size_t url_count)
{
    struct slice aud;
    if (!json_need_text(claims, "aud", R_FIELD_INVALID, &aud, NULL).ok) {
        return false;
    }
    for (size_t i = 0; i < url_count; i++) {
        if (slice_eq(without_slash(aud), without_slash(slice_str(urls[i])))) {
            return true;
        }
    }
    return false;
}

static bool are_recent(const json_t *claims, struct unix_time now)
{
    const json_t *iat = json_object_get(claims, "iat");
    json_int_t at = json_integer_value(iat);
    return json_is_integer(iat) && at >= now.s - PROOF_AGE_MAX_S && at <= now.s + PROOF_AHEAD_MAX_S;
}

/* RFC 7519 §4.1.4: whoever made the proof may want it to end earlier. */
bool proof_claims_hold_now(const json_t *claims, struct unix_time now)
{
    const json_t *exp = json_object_get(claims, "exp");
    bool is_ahead = exp == NULL || (json_is_integer(exp) && json_integer_value(exp) > now.s);
    return is_ahead && are_recent(claims, now);
}
