/* SPDX-License-Identifier: Apache-2.0 */
#include "service/boundary/boundary_message.h"

#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "wire/license_issuer.h"

enum { URL_MAX = 512 };

/* --- reading ---------------------------------------------------------------------------------- */

static step read_display_name(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Boundary *from = message;
    struct boundary_change *change = row;
    change->display_name = from->display_name;
    return request_text(c, "boundary.display_name", from->display_name, DISPLAY_NAME_MAX);
}

static step read_suite(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Boundary *from = message;
    struct boundary_change *change = row;
    change->suite = (enum suite)from->suite;
    return change->suite == SUITE_P256 || change->suite == SUITE_P384
               ? STEP_NEXT
               : call_bad_field(c, "boundary.suite", "It must be P256 or P384.");
}

static step read_fips(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Boundary *from = message;
    struct boundary_change *change = row;
    (void)c;
    change->sets_fips = true;
    change->fips = from->fips;
    return STEP_NEXT;
}

static step read_authority_url(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Boundary *from = message;
    struct boundary_change *change = row;
    change->authority_url = from->authority_url;
    if (from->authority_url[0] != '\0' && !authority_url_is_valid(from->authority_url)) {
        return call_bad_field(c, "boundary.authority_url",
                              "It must be an https:// address without a query or a slash at its "
                              "end: paths are put behind it.");
    }
    return request_https_url(c, "boundary.authority_url", from->authority_url, URL_MAX);
}

static step read_portal_url(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Boundary *from = message;
    struct boundary_change *change = row;
    change->portal_url = from->portal_url;
    return request_https_url(c, "boundary.portal_url", from->portal_url, URL_MAX);
}

static const struct resource_field fields[] = {
    IMMUTABLE("boundary"),
    CHANGEABLE("display_name", read_display_name),
    CHANGEABLE("suite", read_suite),
    CHANGEABLE("fips", read_fips),
    CHANGEABLE("authority_url", read_authority_url),
    CHANGEABLE("portal_url", read_portal_url),
    OUTPUT_ONLY("built_in"),
};

/* Its fields are read into a struct boundary_change. */
const struct resource boundary_resource = {
    .name = "boundary",
    .message = &chancery__v1__boundary__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__Boundary *boundary_message_write(struct call *c, const struct boundary_row *row)
{
    Chancery__V1__Boundary *b = call_message(c, &chancery__v1__boundary__descriptor);
    if (b != NULL) {
        b->boundary = reply_text(row->name);
        b->display_name = reply_text(row->display_name);
        b->suite = (Chancery__V1__CryptoSuite)row->suite;
        b->fips = row->fips;
        b->authority_url = reply_text(row->authority_url);
        b->portal_url = reply_text(row->portal_url);
        b->built_in = row->built_in;
    }
    return b;
}

Chancery__V1__BoundaryRule *boundary_message_write_rule(struct call *c,
                                                        const struct boundary_rule *rule)
{
    Chancery__V1__BoundaryRule *r = call_message(c, &chancery__v1__boundary_rule__descriptor);
    if (r != NULL) {
        r->content_boundary = reply_text(rule->content);
        r->reader_boundary = reply_text(rule->reader);
        r->rule = (Chancery__V1__DeliveryRule)rule->delivery;
    }
    return r;
}
