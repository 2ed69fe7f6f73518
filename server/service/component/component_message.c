/* SPDX-License-Identifier: Apache-2.0 */
/* chancery.v1.Component ↔ struct component_record. */
#include <stdlib.h>
#include <string.h>

#include "domain/values/address.h"
#include "service/common/reply.h"
#include "service/component/components.h"

enum { DOMAINS_MAX = 1000 };

unsigned component_part(const char *path)
{
    static const struct {
        const char *path;
        unsigned part;
    } parts[] = {
        {"certificate_sha256", COMPONENT_CERTIFICATES},
        {"issuer_id", COMPONENT_ISSUER},
        {"subject", COMPONENT_SUBJECT},
        {"sender_domains", COMPONENT_DOMAINS},
        {"disabled", COMPONENT_DISABLED},
        {"*", COMPONENT_CHANGEABLE},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].path, path) == 0) {
            return parts[i].part;
        }
    }
    return 0;
}

int64_t component_version(const char *etag)
{
    int64_t version = strtoll(etag, NULL, 10);
    return etag[0] == '\0' ? 0 : version < 1 ? -1 : version;
}

/* --- reading ------------------------------------------------------------------------------------ */

static bool has_print(const uint8_t *prints, size_t count, const uint8_t *print)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(prints + i * FINGERPRINT_BYTES, print, FINGERPRINT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static step read_certificates(struct call *c, const Chancery__V1__Component *from,
                              struct component_record *out)
{
    static const char field[] = "component.certificate_sha256";
    size_t count = from->n_certificate_sha256;
    if (count > COMPONENT_CERTIFICATES_MAX) {
        return call_bad_field(c, field, "There may be at most 4.");
    }
    uint8_t *prints = arena_alloc(call_arena(c), count * FINGERPRINT_BYTES + 1);
    if (prints == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "certificates");
    }
    for (size_t i = 0; i < count; i++) {
        const ProtobufCBinaryData *print = &from->certificate_sha256[i];
        if (print->len != FINGERPRINT_BYTES || has_print(prints, i, print->data)) {
            return call_bad_field(c, field,
                                  "Each is the SHA-256 of another certificate's DER: 32 bytes.");
        }
        memcpy(prints + i * FINGERPRINT_BYTES, print->data, FINGERPRINT_BYTES);
    }
    out->fingerprints = slice_of(prints, count * FINGERPRINT_BYTES);
    return STEP_NEXT;
}

static step read_domains(struct call *c, const Chancery__V1__Component *from,
                         struct component_record *out)
{
    const char **domains = ARENA_ARRAY(call_arena(c), const char *, from->n_sender_domains + 1);
    if (domains == NULL || from->n_sender_domains > DOMAINS_MAX) {
        return call_bad_field(c, "component.sender_domains", "At most 1,000.");
    }
    for (size_t i = 0; i < from->n_sender_domains; i++) {
        if (!domain_name_normalize(call_arena(c), slice_str(from->sender_domains[i]), &domains[i],
                                   NULL)
                 .ok) {
            return call_bad_field(c, "component.sender_domains",
                                  "Each must be a domain such as contoso.com.");
        }
    }
    out->component.sender_domains = domains;
    out->component.sender_domain_count = from->n_sender_domains;
    return STEP_NEXT;
}

step component_read(struct call *c, const Chancery__V1__Component *from, unsigned parts,
                    struct component_record *out)
{
    if ((parts & COMPONENT_DISABLED) != 0) {
        out->is_disabled = from->disabled;
    }
    if ((parts & COMPONENT_SUBJECT) != 0) {
        out->subject = from->subject;
    }
    bool is_bad =
        ((parts & COMPONENT_CERTIFICATES) != 0 && step_failed(read_certificates(c, from, out))) ||
        ((parts & COMPONENT_DOMAINS) != 0 && step_failed(read_domains(c, from, out))) ||
        ((parts & COMPONENT_ISSUER) != 0 &&
         step_failed(request_uuid(c, "component.issuer_id", from->issuer_id, &out->issuer.u))) ||
        ((parts & COMPONENT_SUBJECT) != 0 &&
         step_failed(request_text(c, "component.subject", from->subject, TOKEN_SUBJECT_MAX)));
    return is_bad ? STEP_FAILED : STEP_NEXT;
}

step component_check_credential(struct call *c, const struct component_record *record)
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

/* --- writing ------------------------------------------------------------------------------------ */

Chancery__V1__Component *component_write(struct call *c, const struct component_record *record)
{
    const struct tenant_record *tenant = scope_of(c)->tenant;
    const struct subject_component *from = &record->component;
    Chancery__V1__Component *m = call_message(c, &chancery__v1__component__descriptor);
    size_t prints = record->fingerprints.len / FINGERPRINT_BYTES;
    ProtobufCBinaryData *list = ARENA_ARRAY(call_arena(c), ProtobufCBinaryData, prints + 1);
    if (m == NULL || list == NULL) {
        return NULL;
    }
    m->component_id = reply_text(reply_uuid(c, from->id.u));
    m->tenant = reply_text(tenant == NULL ? "" : tenant->view.name);
    m->name = reply_text(from->name);
    m->role = (Chancery__V1__Role)from->role;
    m->boundary = reply_text(from->boundary);
    m->sender_domains = reply_texts(c, from->sender_domains, from->sender_domain_count);
    m->n_sender_domains = from->sender_domain_count;
    m->disabled = record->is_disabled;
    m->issuer_id = reply_text(reply_uuid(c, record->issuer.u));
    m->subject = reply_text(record->subject);
    m->etag = reply_text(arena_printf(call_arena(c), "%lld", (long long)record->version));
    m->certificate_sha256 = list;
    for (; m->n_certificate_sha256 < prints; m->n_certificate_sha256++) {
        size_t at = m->n_certificate_sha256 * FINGERPRINT_BYTES;
        list[m->n_certificate_sha256] =
            reply_bytes(slice_cut(record->fingerprints, at, at + FINGERPRINT_BYTES));
    }
    return m->component_id == NULL || m->issuer_id == NULL || m->etag == NULL ? NULL : m;
}
