/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store_services.h"

#include "auth/quota_leases.h"
#include "auth/rate_limits.h"
#include "auth/refusals.h"
#include "daemon/call_rates.h"

enum {
    LOOKUPS_MAX = 65536,
    PEOPLE_MAX = 16384,
    RULE_BOOKS_MAX = 1024,
    AMENDMENTS_MAX = 10000,
};

void store_services_open(struct services *services, const Conf *conf, const char **boundaries,
                         const struct store_config *config)
{
    struct services *s = services;
    struct refusals_config refusals = {.failures_per_second = conf->limits->failures_per_second};
    s->store = store_new(s->loop, config);
    s->amendments = amendments_new(AMENDMENTS_MAX);
    s->gate = gate_new(s->loop, s->store, s->amendments);
    s->views = views_new(s->store, boundaries, WORKER_TENANTS_MAX);
    s->lookups = lookups_new(LOOKUPS_MAX);
    s->directories = directories_new(PEOPLE_MAX);
    s->signals = signals_new(PEOPLE_MAX);
    s->rule_books = rule_books_new(s->loop, RULE_BOOKS_MAX);
    s->quota_leases = quota_leases_new(s->loop, s->store);
    s->rate_limits = call_rates_new(conf, s->loop, s->store);
    s->refusals = refusals_new(s->loop, s->store, &refusals);
}

void store_services_close(struct services *services)
{
    struct services *s = services;
    quota_leases_free(s->quota_leases);
    rate_limits_free(s->rate_limits);
    refusals_free(s->refusals);
    lookups_free(s->lookups);
    directories_free(s->directories);
    signals_free(s->signals);
    rule_books_free(s->rule_books);
    views_free(s->views);
    store_free(s->store);
    gate_free(s->gate);
    amendments_free(s->amendments);
}
