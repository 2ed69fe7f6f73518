/* SPDX-License-Identifier: Apache-2.0 */
/* Filters of SCIM (RFC 7644 §3.4.2.2): `emails[type eq "work" and value co "@contoso.com"]`. What is parsed is bounded in
 * length, depth and terms, so a filter costs what its text does. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/slice.h"
#include "scim/scim_fault.h"

enum {
    SCIM_FILTER_BYTES_MAX = 2048,
    SCIM_FILTER_TERMS_MAX = 32,
    SCIM_FILTER_DEPTH_MAX = 8,
};

enum scim_operator {
    SCIM_EQ,
    SCIM_NE,
    SCIM_CO,
    SCIM_SW,
    SCIM_EW,
    SCIM_GT,
    SCIM_GE,
    SCIM_LT,
    SCIM_LE,
    SCIM_PR,
    SCIM_AND,
    SCIM_OR,
    SCIM_NOT,
    SCIM_OF /* attribute[filter]: one of its elements meets the filter */
};

struct scim_filter {
    enum scim_operator op;
    const char
        *attribute;    /* in lower case, without the schema of users and groups: "emails.value" */
    const char *value; /* a text; true, false, null and numbers as they stand */
    const struct scim_filter *left, *right;
};

/* Parse all of the text. */
bool scim_filter_parse(struct arena *arena, struct slice text, const struct scim_filter **out,
                       struct scim_fault *fault);

/* What is compared. Values that have no text (null) are not there. */
struct scim_value {
    const char *text;
    bool is_exact; /* compared with regard to case */
};
struct scim_subject {
    const void *of;
    /* The values of an attribute; of one element of it, where `element` is not negative. How many, at most `max`. */
    size_t (*values)(const void *of, const char *attribute, long element, struct scim_value *out,
                     size_t max);
    /* How many elements an attribute has. */
    size_t (*elements)(const void *of, const char *attribute);
};
enum { SCIM_VALUES_MAX = 32 };

bool scim_filter_matches(const struct scim_filter *filter, const struct scim_subject *subject);
/* The same about one element of the attribute that the filter stands behind: its attributes are those of the element. */
bool scim_filter_matches_element(const struct scim_filter *filter,
                                 const struct scim_subject *subject, const char *attribute,
                                 long element);
/* What an attribute must equal for the filter to hold, whatever else it asks for; NULL: it need not. */
const char *scim_filter_demands(const struct scim_filter *filter, const char *attribute);

/* --- for paths ---------------------------------------------------------------------------------- */

/* How long the schema of users or groups is with which a text in lower case begins; 0: with none. */
size_t scim_schema_length(const char *name);
/* The text of an attribute in lower case, without the schema of users and groups; NULL over budget. */
const char *scim_attribute_name(struct arena *arena, struct slice text);
