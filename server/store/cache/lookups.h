/* SPDX-License-Identifier: Apache-2.0 */
/* Rows found by what a caller presents: a token's issuer, a certificate, a name. Each comes with
 * the epoch of its scope, so that the gate can tell when it is out of date. Values live in the
 * arena. */
#pragma once

#include "base/ids.h"
#include "domain/values/issuer.h"
#include "domain/values/subject.h"
#include "domain/values/tenant_limits.h"
#include "store/pg/store.h"

struct component_row {
    struct subject_component component;
    bool is_disabled;            /* found by its certificate only, and never remembered */
    bool is_of_active_tenant;    /* the platform's components are, too */
    struct tenant_limits limits; /* of its tenant */
    int64_t epoch;               /* of its tenant's scope, under which a tenant is disabled */
};

enum lookup_kind {
    LOOKUP_ISSUER,    /* by a token's iss: the exact issuer, else the template that covers it */
    LOOKUP_COMPONENT, /* by fingerprint, 32 bytes */
    LOOKUP_COMPONENT_BY_SUBJECT, /* by lookups_issuer_key */
    LOOKUP_DIRECTORY_TOKEN, /* by SHA-256 of the token, 32 bytes; as a component, never remembered */
    LOOKUP_TENANT_BY_NAME,
    LOOKUP_TENANT_BY_DOMAIN,  /* verified ones only */
    LOOKUP_TENANT_BY_MAPPING, /* by lookups_issuer_key */
    LOOKUP_TAKEN_DOMAIN,      /* whether some tenant, in whatever boundary, has verified it */
};

/* What was found, per worker: up to `max` issuers, names of issuers, components and answers about
 * tenants, each within a bound of bytes. Nothing is remembered because it was asked for: whoever asks may
 * be anybody. Who has verified what the caller presents says so, and whose it is (hashmap.h). Issuers and
 * components that were not found are never remembered. */
struct lookups;
struct lookups *lookups_new(size_t max);
void lookups_free(struct lookups *lookups);
/* From the cache, held by the arena; NULL when it must be asked for. */
const struct issuer *lookups_issuer(struct lookups *lookups, const char *iss, struct arena *arena);
/* `kind` is LOOKUP_COMPONENT or LOOKUP_COMPONENT_BY_SUBJECT. */
const struct component_row *lookups_component(struct lookups *lookups, enum lookup_kind kind,
                                              struct slice key, struct arena *arena);
/* What was answered to LOOKUP_TENANT_BY_MAPPING or LOOKUP_TAKEN_DOMAIN on this epoch of the
 * platform. */
struct lookup_answer {
    bool is_found;
    struct tenant_id tenant; /* of a mapping */
    int64_t epoch;
};
/* From the cache; NULL when it must be asked for. Lends until the next call of this module. */
const struct lookup_answer *lookups_answer(struct lookups *lookups, enum lookup_kind kind,
                                           struct slice key);
/* Remember whose an iss is: of a token that was verified, and speaks for somebody. The row as a lookup
 * gave it; a template's is kept once. `owner`: for whom the token speaks. */
void lookups_remember_issuer(struct lookups *lookups, const char *iss, const struct issuer *issuer,
                             struct uuid owner);
/* Remember a component whose certificate or token was verified. The row as a lookup gave it. */
void lookups_remember_component(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                                const struct component_row *component);
/* Remember what was answered about a verified token that speaks for somebody, "none" included. */
void lookups_remember_answer(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                             const struct lookup_answer *answer, struct uuid owner);
/* Forget one, because the gate called its epoch stale. */
void lookups_drop(struct lookups *lookups, enum lookup_kind kind, struct slice key);

/* What LOOKUP_TENANT_BY_MAPPING and LOOKUP_COMPONENT_BY_SUBJECT ask: an issuer and the value of
 * its tenant claim, or of `sub`. Empty over budget. */
struct slice lookups_issuer_key(struct arena *arena, struct issuer_id issuer, const char *value);

/* Completes with R_NOT_FOUND when there is no such row, or it is disabled; a component that is
 * disabled is found by its certificate. */
struct lookup {
    struct store_op op;
    enum lookup_kind kind;
    const struct issuer *issuer;
    const struct component_row *component;
    struct tenant_id tenant;
    struct lookup_answer answer; /* set with R_NOT_FOUND too */
};
/* Ask the database, past what is remembered; the key lives until `done`. */
void lookups_submit(struct lookup *lookup, enum lookup_kind kind, struct slice key);
