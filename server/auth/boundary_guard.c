/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/boundary_guard.h"

#include "crypto/algs.h"

bool is_served(const struct call *c, const char *boundary)
{
    return views_serves(services_of(c)->views, boundary);
}

const char *caller_boundary(const struct caller *caller)
{
    return subject_has_user(&caller->subject) ? caller->subject.user.boundary
                                              : caller->subject.component.boundary;
}

step served_check(struct call *c, const char *boundary)
{
    const struct boundary *found = boundary_find(&caller_of(c)->found_platform->view, boundary);
    if (!is_served(c, boundary)) {
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
    struct caller *caller = caller_of(c);
    step result = served_check(c, caller->wanted_boundary);
    return result.kind == STEP_KIND_NEXT ? caller->served(c) : result;
}

step caller_need_served(struct call *c, const char *boundary, step_fn then)
{
    struct caller *caller = caller_of(c);
    caller->wanted_boundary = boundary;
    caller->served = then;
    return caller_need_platform(c, have_platform);
}
