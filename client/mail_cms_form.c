/* SPDX-License-Identifier: Apache-2.0 */
/* The form of AuthEnvelopedData (RFC 5083 §2.1) that is sealed here, walked from its begin to its end. */
#include <openssl/asn1.h>

#include "client/mail_cms.h"

enum {
    KEK_RECIPIENT = 2,    /* RFC 5652 §6.2: RecipientInfo, [2] */
    WRAPPED_KEY_LEN = 40, /* RFC 3394: 256 bits */
    NONCE_LEN = 12,
    TAG_LEN = 16,
};

/* The next element of a sequence; false if it has another tag or reaches beyond. */
static bool take(struct slice *rest, int tag, int class, struct slice *out)
{
    const unsigned char *at = rest->ptr;
    long len = 0;
    int found_tag = -1, found_class = -1;
    int form = rest->len == 0
                   ? 0x80
                   : ASN1_get_object(&at, &len, &found_tag, &found_class, (long)rest->len);
    bool is_indefinite = (form & 1) != 0 && (form & V_ASN1_CONSTRUCTED) != 0;
    if ((form & 0x80) != 0 || is_indefinite || found_tag != tag || found_class != class) {
        return false;
    }
    size_t header = (size_t)(at - rest->ptr);
    *out = slice_cut(*rest, header, header + (size_t)len);
    *rest = slice_cut(*rest, header + (size_t)len, rest->len);
    return true;
}

static bool take_sequence(struct slice *rest, struct slice *out)
{
    return take(rest, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, out);
}

/* A whole element, byte for byte. */
static bool take_bytes(struct slice *rest, const char *bytes, size_t len)
{
    bool is_there = slice_eq(slice_cut(*rest, 0, len), slice_of(bytes, len));
    *rest = slice_cut(*rest, is_there ? len : 0, rest->len);
    return is_there;
}

static bool take_octets(struct slice *rest, size_t len, struct slice *out)
{
    return take(rest, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL, out) && out->len == len;
}

/* KEKRecipientInfo (RFC 5652 §6.2.3): version 4, the content's id, AES-256 key wrap. */
static bool is_recipient(struct slice set, struct content_id content)
{
    static const char wrap[] = "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d";
    struct slice info, id, octets;
    return take(&set, KEK_RECIPIENT, V_ASN1_CONTEXT_SPECIFIC, &info) && set.len == 0 &&
           take_bytes(&info, "\x02\x01\x04", 3) && take_sequence(&info, &id) &&
           take_octets(&id, UUID_BYTES, &octets) && id.len == 0 &&
           slice_eq(octets, slice_of(content.u.b, UUID_BYTES)) &&
           take_bytes(&info, wrap, sizeof wrap - 1) &&
           take_octets(&info, WRAPPED_KEY_LEN, &octets) && info.len == 0;
}

/* EncryptedContentInfo with AES-256-GCM (RFC 5084 §3.2). */
static bool is_encrypted(struct slice info)
{
    static const char data[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    static const char gcm[] = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2e";
    struct slice algorithm, parameters, octets;
    return take_bytes(&info, data, sizeof data - 1) && take_sequence(&info, &algorithm) &&
           take_bytes(&algorithm, gcm, sizeof gcm - 1) && take_sequence(&algorithm, &parameters) &&
           algorithm.len == 0 && take_octets(&parameters, NONCE_LEN, &octets) &&
           take_bytes(&parameters, "\x02\x01\x10", 3) && parameters.len == 0 &&
           take(&info, 0, V_ASN1_CONTEXT_SPECIFIC, &octets) && info.len == 0;
}

bool mail_cms_is_exact(struct slice bytes, struct content_id content)
{
    static const char type[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
    struct slice outer, within, sealed, recipients, info, tag;
    return take_sequence(&bytes, &outer) && bytes.len == 0 &&
           take_bytes(&outer, type, sizeof type - 1) &&
           take(&outer, 0, V_ASN1_CONTEXT_SPECIFIC, &within) && outer.len == 0 &&
           take_sequence(&within, &sealed) && within.len == 0 &&
           take_bytes(&sealed, "\x02\x01\x00", 3) &&
           take(&sealed, V_ASN1_SET, V_ASN1_UNIVERSAL, &recipients) &&
           is_recipient(recipients, content) && take_sequence(&sealed, &info) &&
           is_encrypted(info) && take_octets(&sealed, TAG_LEN, &tag) && sealed.len == 0;
}
