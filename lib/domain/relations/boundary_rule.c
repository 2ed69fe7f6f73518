/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/boundary_rule.h"

static bool is_open_cloud(const char *name)
{
    return strcmp(name, "commercial") == 0 || strcmp(name, "gcc") == 0;
}

enum delivery boundary_rule_between(const struct platform_view *platform, const char *content,
                                    const char *reader)
{
    for (size_t i = 0; i < platform->rule_count; i++) {
        const struct boundary_rule *rule = &platform->rules[i];
        if (strcmp(rule->content, content) == 0 && strcmp(rule->reader, reader) == 0) {
            return rule->delivery;
        }
    }
    if (strcmp(content, reader) == 0 || (is_open_cloud(content) && is_open_cloud(reader))) {
        return DELIVERY_NATIVE;
    }
    return DELIVERY_PORTAL;
}
