/* SPDX-License-Identifier: Apache-2.0 */
/* Among views.c and view_flights.c. */
#pragma once

#include "base/hashmap.h"
#include "base/list.h"
#include "store/cache/views.h"

struct views {
    struct store *store;
    const char *const *served;
    struct hashmap *tenants; /* by id; of tenant_record */
    struct platform_record *platform;
    struct list flights; /* of view_flight: on their way, or waiting for the one before */
};

/* A template in one state; all records of its tenant that hold that state share it. */
struct template_record {
    struct template_policy policy;
    int64_t mark; /* of the row in this state; no other state has it (migrations/0012) */
    struct arena *arena;
    size_t references;
};

struct template_record *template_ref(struct template_record *record);
void template_unref(struct template_record *record); /* NULL is fine */
/* What it takes, with its templates. */
size_t tenant_bytes(const struct tenant_record *record);
void tenant_unref(void *tenant_record);
void platform_unref(void *platform_record);

/* End all of them; nobody waits for any. */
void view_flights_end(struct views *views);
