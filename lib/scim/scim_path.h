/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of PATCH (RFC 7644 §3.5.2): `name.givenName`, `emails[type eq "work"].value`. Pure; any thread. */
#pragma once

#include "scim/scim_filter.h"

struct scim_path {
    const char
        *attribute; /* in lower case: "name", "emails"; of an extension, all that stands there */
    const struct scim_filter *filter; /* NULL: none */
    const char *sub;                  /* "givenname"; "": none */
};

bool scim_path_parse(struct arena *arena, struct slice text, struct scim_path *out,
                     struct scim_fault *fault);
