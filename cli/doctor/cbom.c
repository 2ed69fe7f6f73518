/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor/cbom.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "cli/command.h"
#include "cli/version.h"
#include "crypto/jwk.h"

/* As scripts/sbom names the whole. */
static const char TOP[] = "chancery-release";

/* --- its parts -------------------------------------------------------------------------------- */

static json_t *text(const char *value)
{
    json_t *made = json_string(value);
    return made == NULL ? json_string("") : made; /* what is no UTF-8 */
}

static void set_text(json_t *object, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        json_object_set_new(object, name, text(value));
    }
}

static json_t *find(const struct cbom *cbom, const char *ref)
{
    json_t *component;
    size_t i;
    json_array_foreach(cbom->components, i, component)
    {
        if (strcmp(json_string_value(json_object_get(component, "bom-ref")), ref) == 0) {
            return component;
        }
    }
    return NULL;
}

static bool has(const json_t *list, const json_t *one)
{
    const json_t *each;
    size_t i;
    json_array_foreach(list, i, each)
    {
        if (json_equal(each, one)) {
            return true;
        }
    }
    return false;
}

void cbom_add(struct cbom *cbom, const char *ref, const char *name, json_t *crypto)
{
    if (json_object_get(cbom->needs, ref) != NULL) {
        json_decref(crypto);
        cbom->last = find(cbom, ref);
        return;
    }
    json_t *component =
        json_pack("{s:s, s:o, s:o}", "type", crypto == NULL ? "data" : "cryptographic-asset",
                  "bom-ref", text(ref), "name", text(name));
    if (crypto != NULL) {
        json_object_set_new(component, "cryptoProperties", crypto);
    }
    json_array_append_new(cbom->components, component);
    cbom->last = component;
    json_object_set_new(cbom->needs, ref, json_array());
}

void cbom_property(struct cbom *cbom, const char *name, const char *value)
{
    if (value[0] == '\0') {
        return;
    }
    json_t *properties = json_object_get(cbom->last, "properties");
    if (properties == NULL) {
        properties = json_array();
        json_object_set_new(cbom->last, "properties", properties);
    }
    json_t *property = json_pack("{s:s, s:o}", "name", name, "value", text(value));
    if (!has(properties, property)) {
        json_array_append(properties, property);
    }
    json_decref(property);
}

void cbom_needs(struct cbom *cbom, const char *ref, const char *needed)
{
    json_t *list = json_object_get(cbom->needs, ref), *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        if (strcmp(json_string_value(one), needed) == 0) {
            return;
        }
    }
    json_array_append_new(list, text(needed));
}

void cbom_key_add(struct cbom *cbom, const struct cbom_key *key)
{
    json_t *what = json_pack("{s:s}", "type", key->type);
    set_text(what, "id", key->id);
    set_text(what, "state", key->state);
    set_text(what, "algorithmRef", key->algorithm);
    set_text(what, "creationDate", key->made);
    set_text(what, "updateDate", key->changed);
    set_text(what, "expirationDate", key->ends);
    if (key->bits > 0) {
        json_object_set_new(what, "size", json_integer(key->bits));
    }
    if (key->secured_by != NULL) {
        json_object_set_new(what, "securedBy",
                            json_pack("{s:s, s:s}", "mechanism", "Software", "algorithmRef",
                                      "algorithm/AES-256-GCM"));
    }
    cbom_add(cbom, key->ref, key->name,
             json_pack("{s:s, s:o}", "assetType", "related-crypto-material",
                       "relatedCryptoMaterialProperties", what));
    if (key->algorithm != NULL) {
        cbom_needs(cbom, key->ref, key->algorithm);
    }
    if (key->secured_by != NULL) {
        cbom_needs(cbom, key->ref, key->secured_by);
        cbom_needs(cbom, key->ref, "algorithm/AES-256-GCM");
    }
}

void cbom_jwk_add(struct cbom *cbom, const struct jwk_public *jwk, enum cbom_use use,
                  struct cbom_key *key)
{
    static const struct {
        const char *signs, *receives;
    } by_kind[JWK_KINDS] = {
        [JWK_EC_P256] = {"algorithm/ECDSA-P-256", "algorithm/ECDH-P-256"},
        [JWK_EC_P384] = {"algorithm/ECDSA-P-384", "algorithm/ECDH-P-384"},
        [JWK_RSA] = {"algorithm/RSASSA", "algorithm/RSA-OAEP"},
        [JWK_ED25519] = {"algorithm/Ed25519", NULL},
    };
    enum jwk_kind kind = jwk_kind(jwk);
    key->algorithm = use == CBOM_SIGNS ? by_kind[kind].signs : by_kind[kind].receives;
    key->bits = jwk_bits(jwk);
    cbom_key_add(cbom, key);
}

/* --- the document ----------------------------------------------------------------------------- */

static json_t *metadata(void)
{
    char now[RFC3339_BYTES];
    clock_rfc3339(clock_unix_us(), now);
    json_t *tool = json_pack("{s:s, s:s, s:s}", "type", "application", "name",
                             "chancery doctor --cbom", "version", CHANCERY_VERSION);
    json_t *top = json_pack("{s:s, s:s, s:s, s:s}", "type", "application", "bom-ref", TOP, "name",
                            "Chancery", "version", CHANCERY_VERSION);
    return json_pack("{s:s, s:{s:[o]}, s:o}", "timestamp", now, "tools", "components", tool,
                     "component", top);
}

/* What nothing else needs, the whole does. */
static void needs_of_all(struct cbom *cbom)
{
    json_t *needed = json_object(), *list, *one;
    const char *ref;
    size_t i;
    json_object_foreach(cbom->needs, ref, list)
    {
        json_array_foreach(list, i, one)
        {
            json_object_set_new(needed, json_string_value(one), json_true());
        }
    }
    json_t *of_all = json_array();
    json_object_foreach(cbom->needs, ref, list)
    {
        if (json_object_get(needed, ref) == NULL) {
            json_array_append_new(of_all, text(ref));
        }
    }
    json_object_set_new(cbom->needs, TOP, of_all);
    json_decref(needed);
}

static json_t *dependencies(const struct cbom *cbom)
{
    json_t *all = json_array(), *list;
    const char *ref;
    json_object_foreach(cbom->needs, ref, list)
    {
        json_array_append_new(all, json_pack("{s:s, s:O}", "ref", ref, "dependsOn", list));
    }
    return all;
}

static int print(struct cbom *cbom)
{
    char serial[16 + UUID_TEXT_BYTES] = "urn:uuid:";
    uuid_format(uuid_v7(clock_unix_us()), serial + strlen(serial));
    needs_of_all(cbom);
    json_t *document =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:O, s:o}", "$schema",
                  "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat", "CycloneDX",
                  "specVersion", "1.6", "serialNumber", serial, "version", 1, "metadata",
                  metadata(), "components", cbom->components, "dependencies", dependencies(cbom));
    bool ok =
        json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 && puts("") >= 0;
    json_decref(document);
    return ok && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

int doctor_cbom(struct doctor *d)
{
    struct cbom cbom = {.d = d, .components = json_array(), .needs = json_object()};
    cbom_algorithms(&cbom);
    int code = cbom_certificates(&cbom) && cbom_roots(&cbom) && cbom_keys(&cbom) ? print(&cbom)
                                                                                 : EXIT_FAILED;
    json_decref(cbom.components);
    json_decref(cbom.needs);
    return code;
}
