/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a filter holds, and what it demands. */
#include <string.h>

#include "scim/scim_filter.h"

/* Of what an attribute is looked up: of all, or of one element of `of`. */
struct place {
    const struct scim_subject *subject;
    const char *of;
    long element;
};

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* As strncmp, with or without regard to the case of ASCII. */
static int compare(const char *a, const char *b, size_t len, bool is_exact)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char x = (unsigned char)(is_exact ? a[i] : folded(a[i]));
        unsigned char y = (unsigned char)(is_exact ? b[i] : folded(b[i]));
        if (x != y || x == 0) {
            return x < y ? -1 : x > y;
        }
    }
    return 0;
}

static bool contains(const char *text, const char *part, bool is_exact)
{
    size_t len = strlen(part);
    for (const char *at = text; strlen(at) >= len; at++) {
        if (compare(at, part, len, is_exact) == 0) {
            return true;
        }
        if (*at == '\0') {
            break;
        }
    }
    return false;
}

static bool ends_with(const char *text, const char *part, bool is_exact)
{
    size_t len = strlen(text), part_len = strlen(part);
    return len >= part_len && compare(text + len - part_len, part, part_len, is_exact) == 0;
}

static bool holds(enum scim_operator op, const struct scim_value *value, const char *wanted)
{
    const char *text = value->text;
    if (op == SCIM_PR) { /* has no value to compare with */
        return true;
    }
    bool is_exact = value->is_exact;
    int order = compare(text, wanted, SIZE_MAX, is_exact);
    switch (op) {
    case SCIM_EQ:
    case SCIM_NE: /* of none is it true: asked for the other way round */
        return order == 0;
    case SCIM_CO:
        return contains(text, wanted, is_exact);
    case SCIM_SW:
        return compare(text, wanted, strlen(wanted), is_exact) == 0;
    case SCIM_EW:
        return ends_with(text, wanted, is_exact);
    case SCIM_GT:
        return order > 0;
    case SCIM_GE:
        return order >= 0;
    case SCIM_LT:
        return order < 0;
    case SCIM_LE:
        return order <= 0;
    case SCIM_PR:
    case SCIM_AND:
    case SCIM_OR:
    case SCIM_NOT:
    case SCIM_OF:
        break;
    }
    return true;
}

static bool matches_value(const struct scim_filter *filter, const struct place *place)
{
    struct scim_value values[SCIM_VALUES_MAX];
    char name[SCIM_FILTER_BYTES_MAX * 2];
    size_t len = strlen(place->of), own = strlen(filter->attribute);
    CH_ASSERT(len + own + 2 <= sizeof name); /* both are parts of a bounded text */
    memcpy(name, place->of, len);
    name[len] = '.';
    memcpy(name + len + (len > 0), filter->attribute, own + 1);
    size_t count =
        place->subject->values(place->subject->of, name, place->element, values, SCIM_VALUES_MAX);
    bool is_any = false;
    for (size_t i = 0; i < count && !is_any; i++) {
        is_any = holds(filter->op, &values[i], filter->value);
    }
    return filter->op == SCIM_NE ? !is_any : is_any;
}

/* As deep as the parser lets filters be nested, and as long as it lets them have terms. */
/* NOLINTBEGIN(misc-no-recursion) */
static bool matches(const struct scim_filter *filter, const struct place *place);

static bool matches_any_element(const struct scim_filter *filter, const struct place *place)
{
    size_t count = place->subject->elements(place->subject->of, filter->attribute);
    for (size_t i = 0; i < count && place->element < 0; i++) {
        struct place element = {
            .subject = place->subject, .of = filter->attribute, .element = (long)i};
        if (matches(filter->left, &element)) {
            return true;
        }
    }
    return false;
}

static bool matches(const struct scim_filter *filter, const struct place *place)
{
    if (filter->op == SCIM_AND) {
        return matches(filter->left, place) && matches(filter->right, place);
    }
    if (filter->op == SCIM_OR) {
        return matches(filter->left, place) || matches(filter->right, place);
    }
    if (filter->op == SCIM_NOT) {
        return !matches(filter->left, place);
    }
    return filter->op == SCIM_OF ? matches_any_element(filter, place)
                                 : matches_value(filter, place);
}

bool scim_filter_matches(const struct scim_filter *filter, const struct scim_subject *subject)
{
    return matches(filter, &(struct place){.subject = subject, .of = "", .element = -1});
}

bool scim_filter_matches_element(const struct scim_filter *filter,
                                 const struct scim_subject *subject, const char *attribute,
                                 long element)
{
    return matches(filter,
                   &(struct place){.subject = subject, .of = attribute, .element = element});
}

const char *scim_filter_demands(const struct scim_filter *filter, const char *attribute)
{
    const char *found = NULL;
    if (filter->op == SCIM_AND) {
        found = scim_filter_demands(filter->left, attribute);
        return found != NULL ? found : scim_filter_demands(filter->right, attribute);
    }
    if (filter->op == SCIM_OF &&
        strncmp(attribute, filter->attribute, strlen(filter->attribute)) == 0 &&
        attribute[strlen(filter->attribute)] == '.') {
        return scim_filter_demands(filter->left, attribute + strlen(filter->attribute) + 1);
    }
    return filter->op == SCIM_EQ && strcmp(filter->attribute, attribute) == 0 ? filter->value
                                                                              : NULL;
}
/* NOLINTEND(misc-no-recursion) */
