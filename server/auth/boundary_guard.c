/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/boundary_guard.h"

#include "auth/facts.h"
#include "crypto/algs.h"

bool boundary_is_served(const struct call *c, const char *boundary)
{
    return views_serves(services_of(c)->views, boundary);
}

step boundary_guard(struct call *c, const char *boundary)
{
    const struct boundary *found = boundary_find(&caller_of(c)->found_platform->view, boundary);
    if (!boundary_is_served(c, boundary)) {
        call_error_metadata(c, "boundary", boundary);
        if (found != NULL && found->authority_url[0] != '\0') {
            call_error_metadata(c, "authority_url", found->authority_url);
        }
        return call_fail(c, R_WRONG_BOUNDARY, "boundary %s", boundary);
    }
    if (found != NULL && found->needs_fips && !crypto_is_fips()) {
        return call_fail(c, R_FIPS_REQUIRED, "boundary %s", boundary);
    }
    return STEP_NEXT;
}

static step have_platform(struct call *c)
{
    return boundary_guard(c, caller_of(c)->wanted_boundary);
}

step boundary_guard_then(struct call *c, const char *boundary, step_fn then)
{
    caller_of(c)->wanted_boundary = boundary;
    call_then(c, then);
    return facts_need_platform(c, have_platform);
}

const char *boundary_authority_url(const struct call *c, const struct platform_record *platform,
                                   const char *boundary)
{
    const struct boundary *found = boundary_find(&platform->view, boundary);
    return found != NULL && found->authority_url[0] != '\0' ? found->authority_url
                                                            : services_of(c)->authority_url;
}
