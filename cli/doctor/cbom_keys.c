/* SPDX-License-Identifier: Apache-2.0 */
/* What the database says of keys: their versions, states and public halves. What wraps a key is named, and what is wrapped isn't
 * read. A role of a node that serves some boundaries sees the keys of these. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "cli/doctor/cbom.h"
#include "crypto/jwk.h"

enum { ROOT_BITS = 256, SEALING_BITS = 256, IMPORT_BITS = 3072, SEALING = 1, SIGNING = 3 };
enum { STATE_ACTIVE = 1, STATE_ARCHIVED = 2, STATE_REVOKED = 3, STATE_DESTROYED = 4 };

#define UTC(time) "to_char(" time " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

static const char ROOTS[] =
    "SELECT r.root_version, CASE WHEN r.root_version = root_key_wraps() THEN 'wraps'"
    " WHEN EXISTS (SELECT FROM root_key_check c WHERE c.root_version = r.root_version AND c.begun_at IS NULL) THEN 'waits'"
    " ELSE 'opens' END FROM (SELECT root_version FROM root_key_check UNION SELECT root_version FROM tenant_key"
    " UNION SELECT root_version FROM key_import) r ORDER BY 1";
static const char TENANT_KEYS[] =
    "SELECT t.name, t.boundary, k.purpose, k.version, k.state, k.root_version, k.public_jwk,"
    " " UTC("k.created_at") ", " UTC("k.changed_at") ", " UTC(
        "k.destroy_at") " FROM tenant_key k JOIN tenant t USING (tenant) ORDER BY t.name, k.purpose, k.version";
static const char IMPORTS[] = "SELECT t.name, i.import, " UTC(
    "i.expires_at") ", i.root_version FROM key_import i JOIN tenant t USING (tenant)"
                    " WHERE i.expires_at > now() AND i.wrapped <> '' ORDER BY t.name, i.import";
static const char ISSUERS[] =
    "SELECT i.issuer, i.iss, coalesce(t.name, ''), array_to_string(i.algorithms, ' '), i.jwks_url,"
    " i.jwks_json, i.disabled FROM issuer i LEFT JOIN tenant t USING (tenant) ORDER BY i.iss";

/* --- rows ------------------------------------------------------------------------------------- */

struct row {
    struct cbom *cbom;
    const PGresult *result;
    int at;
};

static const char *value(const struct row *row, int column)
{
    return PQgetvalue(row->result, row->at, column);
}

/* "key/root/1" */
static const char *root_ref(const char *version, char out[CBOM_REF_MAX])
{
    snprintf(out, CBOM_REF_MAX, "key/root/%s", version);
    return out;
}

static const char *thumbprint(const struct jwk_public *jwk, char out[JWK_THUMBPRINT_TEXT])
{
    out[base64url_encode(jwk_thumbprint(jwk), out)] = '\0';
    return out;
}

/* Each row by its function; false after it was told that the database fails. */
static bool each(struct cbom *cbom, const char *sql, void (*add)(const struct row *row))
{
    PGresult *result = PQexec(cbom->d->database, sql);
    bool ok = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!ok) {
        setup_tell(&cbom->d->to, FAULT_DATABASE_DOWN, "%s", PQerrorMessage(cbom->d->database));
    }
    for (int i = 0; ok && i < PQntuples(result); i++) {
        add(&(struct row){.cbom = cbom, .result = result, .at = i});
    }
    PQclear(result);
    return ok;
}

/* --- root keys -------------------------------------------------------------------------------- */

/* docs/policy.md §13 in the words of NIST SP 800-57: what only opens takes in nothing new, and what waits has not begun. */
static const char *root_state(const char *own)
{
    return strcmp(own, "wraps") == 0   ? "active"
           : strcmp(own, "waits") == 0 ? "pre-activation"
                                       : "deactivated";
}

static void add_root(const struct row *row)
{
    char ref[CBOM_REF_MAX], name[CBOM_TEXT_MAX], id[CBOM_TEXT_MAX];
    const char *version = value(row, 0), *own_state = value(row, 1);
    snprintf(name, sizeof name, "root key %s", version);
    snprintf(id, sizeof id, "root-%s", version);
    cbom_key_add(row->cbom, &(struct cbom_key){.ref = root_ref(version, ref),
                                               .name = name,
                                               .type = "secret-key",
                                               .id = id,
                                               .state = root_state(own_state),
                                               .algorithm = "algorithm/AES-256-GCM",
                                               .bits = ROOT_BITS});
    cbom_property(row->cbom, "chancery:used-for", "wraps the keys of tenants");
    cbom_property(row->cbom, "chancery:state", own_state);
}

/* --- tenants' keys ---------------------------------------------------------------------------- */

static const char *purpose_name(int purpose)
{
    static const char *const names[] = {"?", "sealing", "exchange", "signing"};
    return names[purpose >= SEALING && purpose <= SIGNING ? purpose : 0];
}

/* docs/formats.md §4.3 in the words of NIST SP 800-57. */
static const char *state_name(int state)
{
    switch (state) {
    case STATE_ACTIVE:
        return "active";
    case STATE_ARCHIVED:
        return "deactivated";
    case STATE_REVOKED:
        return "suspended";
    case STATE_DESTROYED:
        return "destroyed";
    default:
        return NULL;
    }
}

/* What would be lost with the key, as far as one can say. */
static void add_dependent(const struct row *row, const char *key, int purpose)
{
    char ref[CBOM_REF_MAX], name[CBOM_TEXT_MAX];
    const char *tenant = value(row, 0);
    snprintf(ref, sizeof ref, "%s/%s", purpose == SIGNING ? "licenses" : "content", tenant);
    snprintf(name, sizeof name, "%s of %s",
             purpose == SIGNING ? "use licenses and publisher certificates" : "protected content",
             tenant);
    cbom_add(row->cbom, ref, name, NULL);
    cbom_needs(row->cbom, ref, key);
}

/* An EC key, whose public half says the rest; its id is the thumbprint (RFC 7638), which licenses name. */
static void add_pair(const struct row *row, struct cbom_key *key, int purpose)
{
    struct jwk_public *jwk = NULL;
    struct err err = {0};
    char id[JWK_THUMBPRINT_TEXT];
    key->type = "private-key";
    if (!jwk_public_parse(slice_str(value(row, 6)), R_INPUT_INVALID, &jwk, &err).ok) {
        cbom_key_add(row->cbom, key);
        return;
    }
    key->id = thumbprint(jwk, id);
    cbom_jwk_add(row->cbom, jwk, purpose == SIGNING ? CBOM_SIGNS : CBOM_RECEIVES, key);
    jwk_public_free(jwk);
}

/* A time of destruction makes of a revoked one another one. */
static const char *own_state_name(int state, const char *destroyed_at)
{
    static const char *const names[] = {"?", "active", "archived", "revoked", "destroyed"};
    bool is_known = state >= STATE_ACTIVE && state <= STATE_DESTROYED;
    return state == STATE_REVOKED && destroyed_at[0] != '\0' ? "destroying"
                                                             : names[is_known ? state : 0];
}

static void add_tenant_key(const struct row *row)
{
    char ref[CBOM_REF_MAX], root[CBOM_REF_MAX], name[CBOM_TEXT_MAX], id[CBOM_TEXT_MAX];
    int purpose = atoi(value(row, 2)), state = atoi(value(row, 4));
    const char *tenant = value(row, 0), *version = value(row, 3), *what = purpose_name(purpose);
    snprintf(ref, sizeof ref, "key/tenant/%s/%s/%s", tenant, what, version);
    snprintf(name, sizeof name, "%s key %s of %s", what, version, tenant);
    snprintf(id, sizeof id, "%s-%s", what, version);
    struct cbom_key key = {
        .ref = ref,
        .name = name,
        .type = "secret-key",
        .id = id,
        .state = state_name(state),
        .secured_by = state == STATE_DESTROYED ? NULL : root_ref(value(row, 5), root),
        .made = value(row, 7),
        .changed = value(row, 8),
        .ends = value(row, 9),
    };
    if (purpose == SEALING) {
        key.algorithm = "algorithm/AES-256-GCM";
        key.bits = SEALING_BITS;
        cbom_key_add(row->cbom, &key);
    } else {
        add_pair(row, &key, purpose);
    }
    cbom_property(row->cbom, "chancery:tenant", tenant);
    cbom_property(row->cbom, "chancery:boundary", value(row, 1));
    cbom_property(row->cbom, "chancery:state", own_state_name(state, key.ends));
    if (state != STATE_DESTROYED) {
        add_dependent(row, ref, purpose);
    }
}

/* The private half waits for one customer's key. */
static void add_import(const struct row *row)
{
    char ref[CBOM_REF_MAX], root[CBOM_REF_MAX], name[CBOM_TEXT_MAX];
    const char *tenant = value(row, 0);
    snprintf(ref, sizeof ref, "key/import/%s", value(row, 1));
    snprintf(name, sizeof name, "import key of %s", tenant);
    cbom_key_add(row->cbom, &(struct cbom_key){.ref = ref,
                                               .name = name,
                                               .type = "private-key",
                                               .id = value(row, 1),
                                               .state = "active",
                                               .algorithm = "algorithm/RSA-OAEP",
                                               .secured_by = root_ref(value(row, 3), root),
                                               .ends = value(row, 2),
                                               .bits = IMPORT_BITS});
    cbom_property(row->cbom, "chancery:tenant", tenant);
}

/* --- issuers' keys ---------------------------------------------------------------------------- */

static const char *algorithm_of(const char *name)
{
    static const char *const known[][2] = {{"ES256", "algorithm/ECDSA-P-256"},
                                           {"ES384", "algorithm/ECDSA-P-384"},
                                           {"EdDSA", "algorithm/Ed25519"},
                                           {"RS256", "algorithm/RSASSA"},
                                           {"PS256", "algorithm/RSASSA"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i][0], name) == 0) {
            return known[i][1];
        }
    }
    return NULL;
}

/* The issuer itself: what people's tokens rest on. */
static void add_issuer_of(const struct row *row, const char *ref)
{
    char algorithms[CBOM_TEXT_MAX], name[CBOM_TEXT_MAX], *rest = NULL;
    snprintf(algorithms, sizeof algorithms, "%s", value(row, 3));
    snprintf(name, sizeof name, "tokens of %s", value(row, 1));
    cbom_add(row->cbom, ref, name, NULL);
    cbom_property(row->cbom, "chancery:tenant", value(row, 2));
    cbom_property(row->cbom, "chancery:disabled", value(row, 6));
    cbom_property(row->cbom, "chancery:keys-at", value(row, 4));
    for (char *one = strtok_r(algorithms, " ", &rest); one != NULL;
         one = strtok_r(NULL, " ", &rest)) {
        if (algorithm_of(one) != NULL) {
            cbom_needs(row->cbom, ref, algorithm_of(one));
        }
    }
}

/* Keys that are fetched are in workers' memory only: then the address says where they are. */
static void add_issuer(const struct row *row)
{
    char issuer[CBOM_REF_MAX];
    struct jwks *set = NULL;
    struct err err = {0};
    snprintf(issuer, sizeof issuer, "issuer/%s", value(row, 0));
    add_issuer_of(row, issuer);
    if (value(row, 5)[0] == '\0' ||
        !jwks_parse(slice_str(value(row, 5)), R_INPUT_INVALID, &set, &err).ok) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        char id[JWK_THUMBPRINT_TEXT], ref[CBOM_TEXT_MAX], name[CBOM_TEXT_MAX];
        snprintf(ref, sizeof ref, "key/%s/%s", issuer, thumbprint(set->keys[i], id));
        snprintf(name, sizeof name, "key of %s", value(row, 1));
        struct cbom_key key = {
            .ref = ref, .name = name, .type = "public-key", .id = id, .state = "active"};
        cbom_jwk_add(row->cbom, set->keys[i], CBOM_SIGNS, &key);
        cbom_needs(row->cbom, issuer, ref);
    }
    jwks_free(set);
}

bool cbom_keys(struct cbom *cbom)
{
    return each(cbom, ROOTS, add_root) && each(cbom, TENANT_KEYS, add_tenant_key) &&
           each(cbom, IMPORTS, add_import) && each(cbom, ISSUERS, add_issuer);
}
