/* SPDX-License-Identifier: Apache-2.0 */
#include "service/signal/signal_message.h"

#include <string.h>

#include "base/utf8.h"
#include "crypto/jwk.h"
#include "domain/values/issuer.h"
#include "domain/values/token_claims.h"
#include "service/common/reply.h"
#include "service/common/request.h"

enum { AUDIENCES_MAX = 10, URL_MAX = 1024, INLINE_KEYS_MAX = 64 * 1024 };

/* --- reading ---------------------------------------------------------------------------------- */

/* An iss: without spaces, so that what stands between it and a subject is one (signal_subject_name). */
static bool is_iss(const char *text)
{
    return text[0] != '\0' && strlen(text) <= ISSUER_ISS_MAX &&
           utf8_is_printable(slice_str(text)) && strchr(text, ' ') == NULL;
}

static step read_texts(struct call *c, const char *field, char **texts, size_t count, size_t least,
                       size_t most)
{
    step all = request_count(c, field, count, least, most);
    for (size_t i = 0; !step_failed(all) && i < count; i++) {
        if (!is_iss(texts[i])) {
            return call_bad_field(c, arena_printf(call_arena(c), "%s[%zu]", field, i),
                                  "It must have 1 to 512 bytes, and no space.");
        }
    }
    return all;
}

static step read_keys_inline(struct call *c, const char *json)
{
    struct jwks *keys = NULL;
    bool is_good = strlen(json) <= INLINE_KEYS_MAX &&
                   jwks_parse(slice_str(json), R_FIELD_INVALID, &keys, NULL).ok;
    jwks_free(keys);
    return is_good ? STEP_NEXT
                   : call_bad_field(c, "transmitter.jwks_json",
                                    "It must be a JWK set (RFC 7517) with a usable public key.");
}

static step read_keys(struct call *c, const Chancery__V1__SignalTransmitter *from,
                      struct transmitter_row *out)
{
    out->jwks_url = out->jwks_json = "";
    switch (from->keys_case) {
    case CHANCERY__V1__SIGNAL_TRANSMITTER__KEYS_JWKS_URL:
        out->jwks_url = from->jwks_url;
        return from->jwks_url[0] == '\0'
                   ? call_bad_field(c, "transmitter.jwks_url", "It must be an https address.")
                   : request_https_url(c, "transmitter.jwks_url", from->jwks_url, URL_MAX);
    case CHANCERY__V1__SIGNAL_TRANSMITTER__KEYS_JWKS_JSON:
        out->jwks_json = from->jwks_json;
        return read_keys_inline(c, from->jwks_json);
    case CHANCERY__V1__SIGNAL_TRANSMITTER__KEYS__NOT_SET:
    case _CHANCERY__V1__SIGNAL_TRANSMITTER__KEYS__CASE_IS_INT_SIZE:
        break;
    }
    return call_bad_field(c, "transmitter.keys", "One of jwks_url and jwks_json is required.");
}

step transmitter_read(struct call *c, const Chancery__V1__SignalTransmitter *from,
                      struct transmitter_row *out)
{
    if (from == NULL) {
        return call_bad_field(c, "transmitter", "It is required.");
    }
    step all =
        is_iss(from->issuer)
            ? STEP_NEXT
            : call_bad_field(c, "transmitter.issuer",
                             "It must be exactly the tokens' iss: 1 to 512 bytes, no space.");
    all = step_and(all, read_texts(c, "transmitter.audiences", from->audiences, from->n_audiences,
                                   1, AUDIENCES_MAX));
    all = step_and(all, read_texts(c, "transmitter.subject_issuers", from->subject_issuers,
                                   from->n_subject_issuers, 0, SIGNAL_SUBJECT_ISSUERS_MAX));
    all = step_and(all, read_keys(c, from, out));
    out->iss = from->issuer;
    out->audiences = (const char *const *)from->audiences;
    out->audience_count = from->n_audiences;
    bool has_own = from->n_subject_issuers > 0;
    out->subject_issuers = has_own ? (const char *const *)from->subject_issuers : &out->iss;
    out->subject_issuer_count = has_own ? from->n_subject_issuers : 1;
    return all;
}

static step read_subject(struct call *c, const Chancery__V1__SignalIssuerSubject *from,
                         struct signal_person *out)
{
    bool is_good = from != NULL && is_iss(from->issuer) && from->subject[0] != '\0' &&
                   strlen(from->subject) <= TOKEN_SUBJECT_MAX;
    if (!is_good) {
        return call_bad_field(
            c, "subject.issuer_subject",
            "Both are required: an iss of at most 512 bytes without spaces, and a "
            "sub of at most 256.");
    }
    out->name = signal_subject_name(call_arena(c), from->issuer, from->subject);
    return out->name == NULL ? reply_over_budget(c) : STEP_NEXT;
}

step signal_message_read_person(struct call *c, const Chancery__V1__SignalSubject *from,
                                struct signal_person *out)
{
    int which = from == NULL ? 0 : (int)from->name_case;
    switch (which) {
    case CHANCERY__V1__SIGNAL_SUBJECT__NAME_EMAIL:
        out->kind = SIGNAL_BY_ADDRESS;
        return from->email[0] == '\0'
                   ? call_bad_field(c, "subject.email", "It must be a mail address.")
                   : request_address(c, "subject.email", from->email, &out->name);
    case CHANCERY__V1__SIGNAL_SUBJECT__NAME_ISSUER_SUBJECT:
        out->kind = SIGNAL_BY_SUBJECT;
        return read_subject(c, from->issuer_subject, out);
    default:
        return call_bad_field(c, "subject", "One of email and issuer_subject is required.");
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__SignalTransmitter *transmitter_write(struct call *c,
                                                   const struct transmitter_row *row)
{
    Chancery__V1__SignalTransmitter *t =
        call_message(c, &chancery__v1__signal_transmitter__descriptor);
    if (t == NULL) {
        return NULL;
    }
    t->transmitter_id = reply_uuid(c, row->id);
    t->issuer = reply_text(row->iss);
    t->audiences = reply_texts(c, row->audiences, row->audience_count);
    t->n_audiences = t->audiences == NULL ? 0 : row->audience_count;
    t->subject_issuers = reply_texts(c, row->subject_issuers, row->subject_issuer_count);
    t->n_subject_issuers = t->subject_issuers == NULL ? 0 : row->subject_issuer_count;
    if (row->jwks_url[0] != '\0') {
        t->keys_case = CHANCERY__V1__SIGNAL_TRANSMITTER__KEYS_JWKS_URL;
        t->jwks_url = reply_text(row->jwks_url);
    } else {
        t->keys_case = CHANCERY__V1__SIGNAL_TRANSMITTER__KEYS_JWKS_JSON;
        t->jwks_json = reply_text(row->jwks_json);
    }
    t->has_push_token = row->push_token_hash.len > 0;
    t->stream_state = (Chancery__V1__SignalStreamState)row->stream;
    t->receive_time = reply_time(c, row->received_at);
    t->create_time = reply_time(c, row->created_at);
    return t->transmitter_id == NULL || t->audiences == NULL || t->subject_issuers == NULL ? NULL
                                                                                           : t;
}

Chancery__V1__SignalSubject *signal_message_write_person(struct call *c, enum signal_name_kind kind,
                                                         const char *name)
{
    Chancery__V1__SignalSubject *s = call_message(c, &chancery__v1__signal_subject__descriptor);
    if (s == NULL) {
        return NULL;
    }
    if (kind == SIGNAL_BY_ADDRESS) {
        s->name_case = CHANCERY__V1__SIGNAL_SUBJECT__NAME_EMAIL;
        s->email = reply_text(name);
        return s;
    }
    Chancery__V1__SignalIssuerSubject *of =
        call_message(c, &chancery__v1__signal_issuer_subject__descriptor);
    const char *space = strchr(name, ' ');
    if (of == NULL || space == NULL) {
        return NULL;
    }
    s->name_case = CHANCERY__V1__SIGNAL_SUBJECT__NAME_ISSUER_SUBJECT;
    s->issuer_subject = of;
    of->issuer = reply_slice(c, slice_of(name, (size_t)(space - name)));
    of->subject = reply_text(space + 1);
    return of->issuer == NULL ? NULL : s;
}
