/* SPDX-License-Identifier: Apache-2.0 */
#include "service/key/key_message.h"

#include "service/common/etag.h"
#include "service/common/reply.h"

step key_message_read_purpose(struct call *c, Chancery__V1__KeyPurpose asked, enum key_purpose *out)
{
    const int number = (int)asked; /* open: any number may come */
    if (number < KEY_SEALING || number > KEY_SIGNING) {
        return call_bad_field(c, "purpose", "It is sealing, exchange or signing.");
    }
    *out = (enum key_purpose)number;
    return STEP_NEXT;
}

static Chancery__V1__KeyState state_of(const struct key_version *is)
{
    switch (is->state) {
    case KEY_ACTIVE:
        return CHANCERY__V1__KEY_STATE__KEY_STATE_ACTIVE;
    case KEY_ARCHIVED:
        return CHANCERY__V1__KEY_STATE__KEY_STATE_ARCHIVED;
    case KEY_IS_REVOKED:
        return is->is_destroying ? CHANCERY__V1__KEY_STATE__KEY_STATE_DESTROYING
                                 : CHANCERY__V1__KEY_STATE__KEY_STATE_REVOKED;
    case KEY_IS_DESTROYED:
        break;
    }
    return CHANCERY__V1__KEY_STATE__KEY_STATE_DESTROYED;
}

Chancery__V1__Key *key_message_write(struct call *c, const struct tenant_key_row *row)
{
    Chancery__V1__Key *key = call_message(c, &chancery__v1__key__descriptor);
    if (key == NULL) {
        return NULL;
    }
    key->purpose = (Chancery__V1__KeyPurpose)row->purpose;
    key->version = (int32_t)row->is.version;
    key->state = state_of(&row->is);
    key->public_jwk = reply_text(row->public_jwk);
    key->create_time = reply_time(c, row->created_at);
    key->state_time = reply_time(c, row->changed_at);
    key->destroy_time = reply_time(c, row->destroy_at);
    key->below_min = row->is.is_shut;
    key->etag = etag_write(c, row->mark);
    return key->etag == NULL ? NULL : key;
}
