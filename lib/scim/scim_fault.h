/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a request of SCIM, in its own words (RFC 7644 §3.12, table 9). Pure; any thread. */
#pragma once

#include <stdbool.h>

struct scim_fault {
    const char *type;  /* "invalidFilter", …; NULL: nothing is wrong */
    const char *where; /* the parameter or attribute */
    const char *why;   /* a sentence */
};

/* Note what is wrong, if nothing was before; false. All are static, or live as long as the request. */
bool scim_fail(struct scim_fault *fault, const char *type, const char *where, const char *why);
/* The same for a lack of memory within the request's budget: type "" stands for that. */
bool scim_over_budget(struct scim_fault *fault);
