/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/boundary.h"

#include "domain/subject.h"
#include "domain/tenant_view.h"

const char *channel_name(enum channel channel)
{
    return channel == CHANNEL_NATIVE ? "native" : channel == CHANNEL_PORTAL ? "portal" : "";
}

const struct boundary *boundary_find(const struct platform_view *platform, const char *name)
{
    for (size_t i = 0; i < platform->boundary_count; i++) {
        if (strcmp(platform->boundaries[i].name, name) == 0) {
            return &platform->boundaries[i];
        }
    }
    return NULL;
}

static bool is_open_cloud(const char *name)
{
    return strcmp(name, "commercial") == 0 || strcmp(name, "gcc") == 0;
}

enum delivery boundary_rule(const struct platform_view *platform, const char *content,
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

enum delivery decide_delivery(const struct platform_view *platform,
                              const struct tenant_view *content, const struct reader *reader)
{
    enum delivery rule = boundary_rule(platform, content->boundary, reader->boundary);
    return rule == DELIVERY_PORTAL && tenant_has_partner(content, reader->tenant) ? DELIVERY_NATIVE
                                                                                  : rule;
}

bool boundary_name_is_valid(struct slice name)
{
    return tenant_name_is_valid(name) && !slice_eq_str(name, BOUNDARY_EXTERNAL);
}
