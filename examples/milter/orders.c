/* SPDX-License-Identifier: Apache-2.0 */
#include "orders.h"

#include <stdio.h>
#include <string.h>

/* What is too long to be an id or a name would be cut, and then refused as none that there is. */
static struct orders make(int protection, const char *template_id, const char *branding, int tls)
{
    struct orders orders = {.protection = protection, .requires_tls = tls != 0};
    snprintf(orders.template_id, sizeof orders.template_id, "%s", template_id);
    snprintf(orders.branding, sizeof orders.branding, "%s", branding);
    return orders;
}

struct orders orders_of(const chancery_evaluation *evaluation)
{
    return make(
        chancery_evaluation_protection(evaluation), chancery_evaluation_template_id(evaluation),
        chancery_evaluation_branding(evaluation), chancery_evaluation_requires_tls(evaluation));
}

struct orders orders_while_away(const chancery_evaluation *evaluation)
{
    return make(chancery_evaluation_away_protection(evaluation),
                chancery_evaluation_away_template_id(evaluation),
                chancery_evaluation_away_branding(evaluation),
                chancery_evaluation_away_requires_tls(evaluation));
}
