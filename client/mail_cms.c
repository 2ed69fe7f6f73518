/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_cms.h"

#include <openssl/cms.h>
#include <openssl/evp.h>

#include "base/mem.h"

static void cms_free_at(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

static void bio_free_at(BIO **bio)
{
    BIO_free(*bio);
}

/* CMS_add0_recipient_key takes memory that OpenSSL allocated and frees it without wiping it, so
 * this is the one copy of a content key that we can't wipe. */
static bool add_recipient(CMS_ContentInfo *cms, struct content_id content,
                          const struct secret *content_key)
{
    struct slice key = secret_use(content_key);
    unsigned char *own_key = OPENSSL_memdup(key.ptr, key.len);
    unsigned char *own_id = OPENSSL_memdup(content.u.b, UUID_BYTES);
    return own_key != NULL && own_id != NULL &&
           CMS_add0_recipient_key(cms, NID_undef, own_key, key.len, own_id, UUID_BYTES, NULL, NULL,
                                  NULL) != NULL;
}

rc mail_cms_seal(struct arena *arena, struct slice plain, struct content_id content,
                 const struct secret *content_key, struct slice *out, struct err *err)
{
    AUTO(bio_free_at) BIO *in = BIO_new_mem_buf(plain.ptr, (int)plain.len);
    AUTO(bio_free_at) BIO *der = BIO_new(BIO_s_mem());
    AUTO(cms_free_at) CMS_ContentInfo *cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
    char *bytes = NULL;
    ENSURE(in != NULL && der != NULL && cms != NULL, err, R_CRYPTO_FAILED);
    /* By default the object would be detached, without the content. */
    ENSURE(CMS_set_detached(cms, 0) == 1, err, R_CRYPTO_FAILED);
    ENSURE(add_recipient(cms, content, content_key), err, R_CRYPTO_FAILED);
    ENSURE(CMS_final(cms, in, NULL, CMS_BINARY) == 1, err, R_CRYPTO_FAILED);
    ENSURE(i2d_CMS_bio(der, cms) == 1, err, R_CRYPTO_FAILED);
    long len = BIO_get_mem_data(der, &bytes);
    return arena_dup_slice(arena, slice_of(bytes, (size_t)len), out, err);
}

rc mail_cms_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
                 struct slice *out, struct err *err)
{
    AUTO(bio_free_at) BIO *der = BIO_new_mem_buf(sealed.ptr, (int)sealed.len);
    AUTO(bio_free_at) BIO *plain = BIO_new(BIO_s_mem());
    AUTO(cms_free_at) CMS_ContentInfo *cms = der == NULL ? NULL : d2i_CMS_bio(der, NULL);
    struct slice key = secret_use(content_key);
    char *bytes = NULL;
    ENSURE(plain != NULL, err, R_CRYPTO_FAILED);
    ENSURE(cms != NULL, err, R_INPUT_DAMAGED);
    ENSURE(OBJ_obj2nid(CMS_get0_type(cms)) == NID_id_smime_ct_authEnvelopedData, err,
           R_INPUT_DAMAGED);
    /* Without an identifier OpenSSL tries every KEK recipient; our objects have one. */
    ENSURE(CMS_decrypt_set1_key(cms, (unsigned char *)(uintptr_t)key.ptr, key.len, NULL, 0) == 1,
           err, R_INPUT_DAMAGED);
    ENSURE(CMS_decrypt(cms, NULL, NULL, NULL, plain, CMS_BINARY) == 1, err, R_INPUT_DAMAGED);
    long len = BIO_get_mem_data(plain, &bytes);
    return arena_dup_slice(arena, slice_of(bytes, (size_t)len), out, err);
}

/* SEQUENCE, its length, then the object identifier id-ct-authEnvelopedData (RFC 5083 §2.1). */
bool mail_cms_is_sealed(struct slice bytes)
{
    static const uint8_t oid[] = {0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                  0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};
    if (bytes.len < 2 || bytes.ptr[0] != 0x30) {
        return false;
    }
    size_t length_bytes = bytes.ptr[1] > 0x80 ? 1 + (bytes.ptr[1] & 0x7fU) : 1;
    struct slice start = slice_cut(bytes, 1 + length_bytes, 1 + length_bytes + sizeof oid);
    return slice_eq(start, slice_of(oid, sizeof oid));
}
