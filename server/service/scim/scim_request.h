/* SPDX-License-Identifier: Apache-2.0 */
/* A request of SCIM as values: what is asked for, of which resource (RFC 7644 §3). Inside service/scim. */
#pragma once

#include "chancery/v1/scim.pb-c.h"
#include "rpc/call.h"
#include "scim/scim_filter.h"

enum scim_verb { SCIM_GET, SCIM_POST, SCIM_PUT, SCIM_PATCH, SCIM_DELETE };
enum scim_kind { SCIM_USERS, SCIM_GROUPS, SCIM_CONFIG, SCIM_TYPES, SCIM_SCHEMAS };

enum { SCIM_COUNT_DEFAULT = 100, SCIM_COUNT_MAX = 200, SCIM_ID_MAX = 2048 };

struct scim_request {
    enum scim_verb verb;
    enum scim_kind kind;
    const char *id;                   /* "": none */
    const struct scim_filter *filter; /* NULL: none */
    size_t start, count;              /* of a list: the first one, from 1 on; and how many */
    bool leaves_members_out;
    const char *if_match; /* "": none */
    struct slice body;
};

/* Read it; R_NOT_FOUND for a path that leads nowhere, or a verb that nothing there knows. */
step scim_request_read(struct call *c, const Chancery__V1__ScimExchange *from,
                       struct scim_request *out);
/* Fail with what is wrong, in SCIM's words too. */
step scim_request_refuse(struct call *c, const struct scim_fault *fault);
/* Whether the header if-match, if there was one, means this state; R_ETAG_MISMATCH. `etag` as scim_resource_etag made it. */
step scim_request_check_match(struct call *c, const struct scim_request *request, const char *etag);
