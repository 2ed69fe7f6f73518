/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/exclusion.h"

#include "domain/values/client_name.h"

bool exclusion_equals(const struct exclusion *a, const struct exclusion *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    return a->kind == EXCLUDED_USER ? strcmp(a->value, b->value) == 0
                                    : client_name_equals(a->value, b->value);
}

static bool names_subject(const struct exclusion *exclusion, const struct subject *subject)
{
    switch (exclusion->kind) {
    case EXCLUDED_USER:
        return subject_is_user(subject, exclusion->value);
    case EXCLUDED_APPLICATION:
        return client_name_equals(subject->application, exclusion->value);
    case EXCLUDED_PLATFORM:
        return client_name_equals(subject->platform, exclusion->value);
    }
    return true; /* of a kind that this version does not know: nobody may slip through */
}

bool exclusion_applies(const struct tenant_view *tenant, const struct subject *subject)
{
    for (size_t i = 0; i < tenant->exclusion_count; i++) {
        if (names_subject(&tenant->exclusions[i], subject)) {
            return true;
        }
    }
    return false;
}
