/* SPDX-License-Identifier: Apache-2.0 */
/* The world in which the tests of the access decision begin: a case that is granted, to be
 * changed one thing at a time. */
#pragma once

#include "chancery_test.h"

#include <string.h>

#include "domain/decide/decide_access.h"

enum { NOW = 1800000000, DAY = 86400 };

/* A granted case: Alice of Contoso sent Bob of Fabrikam (both commercial) a Do Not Forward mail. */
struct world {
    struct boundary boundaries[4];
    struct platform_view platform;
    struct tenant_view tenant;
    struct template_policy template;
    struct grant grants[2];
    struct exclusion exclusion;
    const char *recipients[2];
    struct policy policy;
    struct subject subject;
    struct access_question q;
};

static const struct rights view_print = {.bits = RIGHT_VIEW | RIGHT_PRINT};
static const struct tenant_id CONTOSO = {{{1}}}, FABRIKAM = {{{2}}};

static inline void make(struct world *w)
{
    *w = (struct world){
        .boundaries = {{"commercial", SUITE_P256, false, "", "https://portal.example", true},
                       {"gcc", SUITE_P256, false, "", "", true},
                       {"gcc-high", SUITE_P384, true, "", "https://portal.high.example", true},
                       {"dod", SUITE_P384, true, "", "", true}},
        .tenant = {.id = CONTOSO,
                   .name = "contoso",
                   .boundary = "commercial",
                   .state = TENANT_ACTIVE,
                   .license_cap_days = 30},
        .template = {.id = {{{7}}},
                     .version = 3,
                     .is_valid = true,
                     .grant_count = 1,
                     .offline_days = OFFLINE_DAYS_CAP,
                     .referral_contact = "help@contoso.com"},
        .grants = {{{PRINCIPAL_DOMAIN, "fabrikam.com"}, &view_print}},
        .recipients = {"bob@fabrikam.com", "carol@contoso.com"},
        .policy = {.kind = POLICY_DO_NOT_FORWARD,
                   .template_id = {{{7}}},
                   .owner = "alice@contoso.com",
                   .issuer = "gina@contoso.com",
                   .recipient_count = 2,
                   .protected_at = {NOW - DAY},
                   .offline_days = OFFLINE_DAYS_CAP,
                   .referral_contact = "ask@contoso.com"},
        .subject = {.user = {.addresses = {"bob@fabrikam.com"},
                             .address_count = 1,
                             .tenant = FABRIKAM,
                             .tenant_name = "fabrikam",
                             .boundary = "commercial"},
                    .component = {.name = "", .boundary = ""},
                    .application = "",
                    .platform = ""},
        .q = {.now = {NOW}},
    };
    w->platform = (struct platform_view){w->boundaries, 4, NULL, 0};
    w->template.grants = w->grants;
    w->tenant.templates = &w->template;
    w->tenant.template_count = 1;
    w->policy.recipients = w->recipients;
    w->q.platform = &w->platform;
    w->q.tenant = &w->tenant;
    w->q.policy = &w->policy;
    w->q.subject = &w->subject;
}

static inline struct access_decision decide(const struct world *w)
{
    struct access_decision d;
    decide_access(&w->q, &d);
    return d;
}

static inline void be(struct world *w, const char *address)
{
    w->subject.user.addresses[0] = address;
}
