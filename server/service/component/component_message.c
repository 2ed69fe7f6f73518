/* SPDX-License-Identifier: Apache-2.0 */
#include "service/component/component_message.h"

#include <string.h>

#include "context/wait.h"
#include "domain/values/token_claims.h"
#include "service/common/etag.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

/* --- reading ---------------------------------------------------------------------------------- */

bool component_message_has_print(struct slice prints, const uint8_t print[FINGERPRINT_BYTES])
{
    for (size_t at = 0; at < prints.len; at += FINGERPRINT_BYTES) {
        if (memcmp(prints.ptr + at, print, FINGERPRINT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static step read_certificates(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Component *from = message;
    struct component_record *out = row;
    static const char field[] = "component.certificate_sha256";
    size_t count = from->n_certificate_sha256;
    if (step_failed(request_count(c, field, count, 0, COMPONENT_CERTIFICATES_MAX))) {
        return STEP_FAILED;
    }
    uint8_t *prints = arena_alloc(call_arena(c), count * FINGERPRINT_BYTES + 1);
    if (prints == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "certificates");
    }
    for (size_t i = 0; i < count; i++) {
        const ProtobufCBinaryData *print = &from->certificate_sha256[i];
        struct slice before = slice_of(prints, i * FINGERPRINT_BYTES);
        if (print->len != FINGERPRINT_BYTES || component_message_has_print(before, print->data)) {
            return call_bad_field(c, field,
                                  "Each is the SHA-256 of another certificate's DER: 32 bytes.");
        }
        memcpy(prints + i * FINGERPRINT_BYTES, print->data, FINGERPRINT_BYTES);
    }
    out->fingerprints = slice_of(prints, count * FINGERPRINT_BYTES);
    return STEP_NEXT;
}

static step begin_domains(struct call *c, const void *message, void *row,
                          struct resource_list *list)
{
    const Chancery__V1__Component *from = message;
    struct component_record *out = row;
    out->component.sender_domain_count = from->n_sender_domains;
    out->component.sender_domains = resource_begin_texts(c, "component.sender_domains",
                                                         from->n_sender_domains, DOMAINS_MAX, list);
    return out->component.sender_domains == NULL ? STEP_FAILED : STEP_NEXT;
}

static step read_domain(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Component *from = message;
    const char **domains = elements;
    return request_domain(c, "component.sender_domains", index, from->sender_domains[index],
                          &domains[index]);
}

static step read_issuer(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Component *from = message;
    struct component_record *out = row;
    return request_uuid(c, "component.issuer_id", from->issuer_id, &out->issuer.u);
}

static step read_subject(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Component *from = message;
    struct component_record *out = row;
    out->subject = from->subject;
    return request_text(c, "component.subject", from->subject, TOKEN_SUBJECT_MAX);
}

static step read_disabled(struct call *c, const void *message, void *row)
{
    const Chancery__V1__Component *from = message;
    struct component_record *out = row;
    (void)c;
    out->is_disabled = from->disabled;
    return STEP_NEXT;
}

static const struct resource_field fields[] = {
    OUTPUT_ONLY("component_id"),
    IMMUTABLE("tenant"),
    IMMUTABLE("name"),
    IMMUTABLE("role"),
    IMMUTABLE("boundary"),
    CHANGEABLE("certificate_sha256", read_certificates),
    CHANGEABLE_LIST("sender_domains", begin_domains, read_domain),
    CHANGEABLE("disabled", read_disabled),
    OUTPUT_ONLY("etag"),
    CHANGEABLE("issuer_id", read_issuer),
    CHANGEABLE("subject", read_subject),
};

const struct resource component_resource = {
    .name = "component",
    .message = &chancery__v1__component__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

step component_message_check(struct call *c, const struct component_record *record)
{
    bool has_issuer = !ID_IS_ZERO(record->issuer);
    if (has_issuer != (record->subject[0] != '\0')) {
        return call_bad_field(c, "component.subject",
                              "issuer_id and subject go together: give both or none.");
    }
    return has_issuer || record->fingerprints.len > 0
               ? STEP_NEXT
               : call_bad_field(c, "component.certificate_sha256",
                                "A component needs a certificate, or an issuer and a subject.");
}

step component_message_check_boundary(struct call *c, const struct component_record *record)
{
    const char *boundary = record->component.boundary;
    return boundary[0] == '\0' ? STEP_NEXT : scope_check_boundary(c, boundary);
}

step component_message_settle_issuer(struct call *c, const struct component_op *op)
{
    const struct err *err = &op->change.op.err;
    return err->reason == R_NOT_FOUND
               ? call_bad_field(c, "component.issuer_id",
                                "It must be an issuer of kind COMPONENT of this tenant, in its "
                                "boundary. Subjects of the platform's issuers, and so admins, are "
                                "for platform admins to register.")
               : wait_over(c, err);
}

bool component_message_may_be_platforms(const struct call *c, const struct component_record *before,
                                        const struct component_record *record)
{
    bool is_kept = before != NULL && ID_EQ(record->issuer, before->issuer) &&
                   strcmp(record->subject, before->subject) == 0;
    return is_kept || scope_is_platforms_word(c);
}

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__Component *component_message_write(struct call *c,
                                                 const struct component_record *record,
                                                 const char *tenant)
{
    const struct subject_component *from = &record->component;
    Chancery__V1__Component *m = call_message(c, &chancery__v1__component__descriptor);
    size_t prints = record->fingerprints.len / FINGERPRINT_BYTES;
    ProtobufCBinaryData *list = ARENA_ARRAY(call_arena(c), ProtobufCBinaryData, prints + 1);
    if (m == NULL || list == NULL) {
        return NULL;
    }
    m->component_id = reply_text(reply_uuid(c, from->id.u));
    m->tenant = reply_text(tenant);
    m->name = reply_text(from->name);
    m->role = (Chancery__V1__Role)from->role;
    m->boundary = reply_text(from->boundary);
    m->sender_domains = reply_texts(c, from->sender_domains, from->sender_domain_count);
    m->n_sender_domains = from->sender_domain_count;
    m->disabled = record->is_disabled;
    m->issuer_id = reply_text(reply_uuid(c, record->issuer.u));
    m->subject = reply_text(record->subject);
    m->etag = reply_text(etag_write(c, record->mark));
    m->certificate_sha256 = list;
    for (; m->n_certificate_sha256 < prints; m->n_certificate_sha256++) {
        size_t at = m->n_certificate_sha256 * FINGERPRINT_BYTES;
        list[m->n_certificate_sha256] =
            reply_bytes(slice_cut(record->fingerprints, at, at + FINGERPRINT_BYTES));
    }
    return m->component_id == NULL || m->issuer_id == NULL || m->etag == NULL ? NULL : m;
}
