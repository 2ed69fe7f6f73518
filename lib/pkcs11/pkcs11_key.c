/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/pkcs11_key.h"

#include <stdlib.h>
#include <string.h>

#include <p11-kit/uri.h>

#include "base/mem.h"

enum { SLOTS_MAX = 64, ATTRIBUTES_MAX = 8, FIELD_P256 = 32, FIELD_P384 = 48, UNCOMPRESSED = 0x04 };

/* CKA_EC_PARAMS: the curve's object identifier in DER (RFC 5480 §2.1.1.1). */
static const uint8_t OID_P256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t OID_P384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

/* --- the token -------------------------------------------------------------------------------- */

static rc load_module(const char *path, CK_FUNCTION_LIST **out, struct err *err)
{
    CK_FUNCTION_LIST *module = p11_kit_module_load(path, P11_KIT_MODULE_UNMANAGED);
    if (module == NULL) {
        const char *why = p11_kit_message();
        FAIL(err, R_HSM_UNREACHABLE, "%s: %s", path, why == NULL ? "can't be loaded" : why);
    }
    CK_RV rv = p11_kit_module_initialize(module);
    if (rv != CKR_OK) {
        FAIL(err, R_HSM_UNREACHABLE, "%s: %s", path, p11_kit_strerror(rv));
    }
    *out = module;
    return OK;
}

static rc find_slot(CK_FUNCTION_LIST *module, P11KitUri *uri, CK_SLOT_ID *out, CK_TOKEN_INFO *token,
                    struct err *err)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    size_t found = 0;
    CK_RV rv = module->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK) {
        FAIL(err, R_HSM_UNREACHABLE, "its tokens can't be listed: %s", p11_kit_strerror(rv));
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            (info.flags & CKF_TOKEN_INITIALIZED) != 0 &&
            p11_kit_uri_match_token_info(uri, &info) == 1) {
            *out = slots[i];
            *token = info;
            found++;
        }
    }
    if (found != 1) {
        FAIL(err, R_HSM_UNREACHABLE, "%zu of %lu tokens fit the uri: it must be one", found, count);
    }
    return OK;
}

/* Three wrong PINs lock many tokens for good, so the last try is for a person. */
static rc log_in(CK_FUNCTION_LIST *module, CK_SESSION_HANDLE session, const CK_TOKEN_INFO *token,
                 struct slice pin, struct err *err)
{
    uint8_t copy[PKCS11_PIN_MAX];
    if ((token->flags & CKF_LOGIN_REQUIRED) == 0) {
        return OK;
    }
    if ((token->flags & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY)) != 0) {
        FAIL(err, R_HSM_PIN_LOCKED, "%s",
             (token->flags & CKF_USER_PIN_LOCKED) != 0
                 ? "the token says that its PIN is locked"
                 : "the token says that one more wrong PIN locks it");
    }
    if (pin.len == 0 && (token->flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
        FAIL(err, R_HSM_PIN_WRONG, "the token asks for a PIN, and there is none: it was not tried");
    }
    ENSURE(pin.len <= sizeof copy, err, R_HSM_PIN_WRONG);
    memcpy(copy, pin.ptr, pin.len);
    CK_RV rv = module->C_Login(session, CKU_USER, copy, (CK_ULONG)pin.len);
    mem_wipe(copy, sizeof copy);
    switch (rv) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return OK;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        FAIL(err, R_HSM_PIN_WRONG, "%s", p11_kit_strerror(rv));
    case CKR_PIN_LOCKED:
        FAIL(err, R_HSM_PIN_LOCKED, "%s", p11_kit_strerror(rv));
    default:
        FAIL(err, R_HSM_UNREACHABLE, "logging in: %s", p11_kit_strerror(rv));
    }
}

/* --- the key ---------------------------------------------------------------------------------- */

/* What the uri says of an object, and its class. More than ATTRIBUTES_MAX fit no RFC 7512 URI. */
static CK_ULONG template_of(P11KitUri *uri, CK_OBJECT_CLASS *class,
                            CK_ATTRIBUTE out[ATTRIBUTES_MAX])
{
    CK_ULONG given = 0, count = 0;
    CK_ATTRIBUTE *attributes = p11_kit_uri_get_attributes(uri, &given);
    out[count++] = (CK_ATTRIBUTE){.type = CKA_CLASS, .pValue = class, .ulValueLen = sizeof *class};
    for (CK_ULONG i = 0; i < given && count < ATTRIBUTES_MAX; i++) {
        if (attributes[i].type != CKA_CLASS) {
            out[count++] = attributes[i];
        }
    }
    return count;
}

/* How many fit, up to 2; the last one. */
static CK_ULONG find_objects(const struct pkcs11_key *key, P11KitUri *uri, CK_OBJECT_CLASS class,
                             CK_OBJECT_HANDLE *out)
{
    CK_ATTRIBUTE template[ATTRIBUTES_MAX];
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = template_of(uri, &class, template), fit = 0;
    if (key->module->C_FindObjectsInit(key->session, template, count) != CKR_OK) {
        return 0;
    }
    if (key->module->C_FindObjects(key->session, found, 2, &fit) != CKR_OK) {
        fit = 0;
    }
    (void)key->module->C_FindObjectsFinal(key->session);
    *out = fit > 0 ? found[0] : 0;
    return fit;
}

static bool read_attribute(const struct pkcs11_key *key, CK_OBJECT_HANDLE object,
                           CK_ATTRIBUTE_TYPE type, uint8_t *out, size_t cap, size_t *len_out)
{
    CK_ATTRIBUTE attribute = {.type = type, .pValue = out, .ulValueLen = (CK_ULONG)cap};
    if (key->module->C_GetAttributeValue(key->session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen == CK_UNAVAILABLE_INFORMATION) {
        return false;
    }
    *len_out = attribute.ulValueLen;
    return true;
}

static rc read_curve(struct pkcs11_key *key, struct err *err)
{
    uint8_t oid[32];
    size_t len = 0;
    bool is_read = read_attribute(key, key->key, CKA_EC_PARAMS, oid, sizeof oid, &len);
    struct slice curve = slice_of(oid, is_read ? len : 0);
    key->field = slice_eq(curve, slice_of(OID_P256, sizeof OID_P256))   ? FIELD_P256
                 : slice_eq(curve, slice_of(OID_P384, sizeof OID_P384)) ? FIELD_P384
                                                                        : 0;
    if (key->field == 0) {
        FAIL(err, R_HSM_KEY_UNUSABLE, "the key is not on P-256 or P-384");
    }
    return OK;
}

/* CKA_EC_POINT is an OCTET STRING in DER; some tokens leave its two bytes out. */
static void read_point(struct pkcs11_key *key, P11KitUri *uri)
{
    uint8_t der[PKCS11_POINT_MAX + 2];
    size_t len = 0, whole = 1 + 2 * key->field;
    CK_OBJECT_HANDLE public;
    if (find_objects(key, uri, CKO_PUBLIC_KEY, &public) != 1 ||
        !read_attribute(key, public, CKA_EC_POINT, der, sizeof der, &len)) {
        return;
    }
    size_t skipped = len == whole + 2 ? 2 : 0;
    if (len == whole + skipped && der[skipped] == UNCOMPRESSED) {
        memcpy(key->point, der + skipped, whole);
        key->point_len = whole;
    }
}

static rc find_key(struct pkcs11_key *key, P11KitUri *uri, struct err *err)
{
    CK_ULONG found = find_objects(key, uri, CKO_PRIVATE_KEY, &key->key);
    if (found != 1) {
        FAIL(err, R_HSM_KEY_UNUSABLE, "%s",
             found == 0 ? "no private key in the token fits the uri"
                        : "several private keys fit the uri");
    }
    TRY(read_curve(key, err));
    read_point(key, uri);
    return OK;
}

static rc open_by(const struct pkcs11_place *place, P11KitUri *uri, struct pkcs11_key *out,
                  struct err *err)
{
    CK_SLOT_ID slot = 0;
    CK_TOKEN_INFO token;
    if (p11_kit_uri_parse(place->uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, uri) !=
        P11_KIT_URI_OK) {
        FAIL(err, R_HSM_UNREACHABLE, "the uri is not one of PKCS#11 (RFC 7512)");
    }
    TRY(load_module(place->module, &out->module, err));
    TRY(find_slot(out->module, uri, &slot, &token, err));
    CK_RV rv = out->module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &out->session);
    if (rv != CKR_OK) {
        FAIL(err, R_HSM_UNREACHABLE, "no session: %s", p11_kit_strerror(rv));
    }
    TRY(log_in(out->module, out->session, &token, place->pin, err));
    return find_key(out, uri, err);
}

rc pkcs11_key_open(const struct pkcs11_place *place, struct pkcs11_key *out, struct err *err)
{
    P11KitUri *uri = p11_kit_uri_new();
    rc result = open_by(place, uri, out, err);
    p11_kit_uri_free(uri);
    return result;
}

/* --- agreement -------------------------------------------------------------------------------- */

rc pkcs11_key_agree(const struct pkcs11_key *key, struct slice point,
                    uint8_t out[PKCS11_SHARED_MAX], size_t *len_out, struct err *err)
{
    uint8_t copy[PKCS11_POINT_MAX];
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG field = (CK_ULONG)key->field;
    CK_OBJECT_HANDLE secret;
    if (point.len != 1 + 2 * key->field || point.len > sizeof copy) {
        FAIL(err, R_HSM_KEY_UNUSABLE, "the wrap is to a key of another curve");
    }
    memcpy(copy, point.ptr, point.len);
    CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, (CK_ULONG)point.len, copy};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},   {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},         {CKA_SENSITIVE, &no, sizeof no},
        {CKA_EXTRACTABLE, &yes, sizeof yes}, {CKA_VALUE_LEN, &field, sizeof field},
    };
    CK_RV rv = key->module->C_DeriveKey(key->session, &mechanism, key->key, template,
                                        sizeof template / sizeof template[0], &secret);
    if (rv != CKR_OK) {
        FAIL(err, R_HSM_KEY_UNUSABLE, "ECDH in the token: %s", p11_kit_strerror(rv));
    }
    bool is_read = read_attribute(key, secret, CKA_VALUE, out, PKCS11_SHARED_MAX, len_out);
    (void)key->module->C_DestroyObject(key->session, secret); /* some tokens have room for few */
    if (!is_read || *len_out != key->field) {
        FAIL(err, R_HSM_KEY_UNUSABLE, "the token does not give out what ECDH has made");
    }
    return OK;
}
