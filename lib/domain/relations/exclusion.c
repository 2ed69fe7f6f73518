/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/exclusion.h"

static bool names_subject(const struct exclusion *exclusion, const struct subject *subject)
{
    switch (exclusion->kind) {
    case EXCLUDED_USER:
        return subject_is_user(subject, exclusion->value);
    case EXCLUDED_APPLICATION:
        return strcmp(subject->application, exclusion->value) == 0;
    case EXCLUDED_PLATFORM:
        return strcmp(subject->platform, exclusion->value) == 0;
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
