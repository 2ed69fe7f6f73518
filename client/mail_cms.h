/* SPDX-License-Identifier: Apache-2.0 */
/* CMS AuthEnvelopedData (RFC 5083, RFC 5084) with one KEK recipient (RFC 5652 §6.2.3): the content
 * key is the key-encryption key, the content id its identifier. Any CMS library opens it, given the
 * key: openssl cms -decrypt -inform DER -secretkey KEY -secretkeyid CONTENT-ID, both in hex. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/secret.h"

rc mail_cms_seal(struct arena *arena, struct slice plain, struct content_id content,
                 const struct secret *content_key, struct slice *out, struct err *err);
/* R_INPUT_DAMAGED for everything that doesn't open with this key. */
rc mail_cms_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
                 struct slice *out, struct err *err);
/* Whether the bytes begin as such an object does, in DER or BER. */
bool mail_cms_is_sealed(struct slice bytes);
/* Whether they are such an object in the one form that mail_cms_seal has (DER; of this content; no attributes,
 * certificates or recipients besides; nothing behind it), so that nothing but what is encrypted fits in. */
bool mail_cms_is_exact(struct slice bytes, struct content_id content);
