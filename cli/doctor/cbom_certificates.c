/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that the configuration names, and the keys behind them: what they are, by the certificate alone. */
#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/encode.h"
#include "cli/certificate.h"
#include "cli/doctor/cbom.h"

enum { NAME_MAX_BYTES = 256, TIME_BYTES = 32, SHA256_BYTES = 32 };

static void free_at(X509 **certificate)
{
    X509_free(*certificate);
}

static void time_text(const ASN1_TIME *time, char out[TIME_BYTES])
{
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(time, &tm) != 1 ||
        strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        out[0] = '\0';
    }
}

/* The key stays in its file: how large it is, the certificate says. Its id is the SHA-256 of the public key. */
static const char *add_key(struct cbom *cbom, const X509 *certificate)
{
    uint8_t digest[SHA256_BYTES];
    unsigned len = 0;
    EVP_PKEY *public_key = X509_get0_pubkey(certificate);
    if (public_key == NULL || X509_pubkey_digest(certificate, EVP_sha256(), digest, &len) != 1) {
        return NULL;
    }
    const char *id = hex_dup(cbom->d->arena, slice_of(digest, sizeof digest));
    const char *ref = arena_printf(cbom->d->arena, "key/tls/%s", id);
    CH_ASSERT(id != NULL && ref != NULL); /* the arena is far larger */
    cbom_key_add(cbom, &(struct cbom_key){.ref = ref,
                                          .name = "private key of a certificate",
                                          .type = "private-key",
                                          .id = id,
                                          .state = "active",
                                          .algorithm = cbom_algorithm_of(cbom, public_key),
                                          .bits = EVP_PKEY_get_bits(public_key)});
    return ref;
}

static bool add(struct cbom *cbom, const char *path, const char *used_for)
{
    AUTO(free_at) X509 *certificate = NULL;
    struct err err = {0};
    uint8_t fingerprint[SHA256_BYTES];
    char ref[CBOM_REF_MAX], subject[NAME_MAX_BYTES], issuer[NAME_MAX_BYTES];
    char from[TIME_BYTES], until[TIME_BYTES];
    unsigned len = 0;
    if (!certificate_read(path, &certificate, &err).ok) {
        setup_tell_err(&cbom->d->to, &err);
        return false;
    }
    const char *key = add_key(cbom, certificate);
    if (key == NULL || X509_digest(certificate, EVP_sha256(), fingerprint, &len) != 1) {
        setup_tell(&cbom->d->to, FAULT_CERTIFICATE_INVALID, "%s", path);
        return false;
    }
    const char *signature = cbom_algorithm_of_signature(cbom, X509_get_signature_nid(certificate));
    snprintf(ref, sizeof ref, "certificate/%s",
             hex_dup(cbom->d->arena, slice_of(fingerprint, sizeof fingerprint)));
    X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
    X509_NAME_oneline(X509_get_issuer_name(certificate), issuer, sizeof issuer);
    time_text(X509_get0_notBefore(certificate), from);
    time_text(X509_get0_notAfter(certificate), until);
    cbom_add(cbom, ref, subject,
             json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "assetType", "certificate",
                       "certificateProperties", "subjectName", subject, "issuerName", issuer,
                       "notValidBefore", from, "notValidAfter", until, "signatureAlgorithmRef",
                       signature, "subjectPublicKeyRef", key, "certificateFormat", "X.509"));
    cbom_property(cbom, "chancery:file", path);
    cbom_property(cbom, "chancery:used-for", used_for);
    cbom_needs(cbom, ref, key);
    cbom_needs(cbom, ref, signature);
    return true;
}

/* "listener 0.0.0.0:8443" */
static bool add_for(struct cbom *cbom, const char *path, const char *what, const char *address)
{
    const char *used_for = arena_printf(cbom->d->arena, "%s %s", what, address);
    CH_ASSERT(used_for != NULL); /* the arena is far larger */
    return add(cbom, path, used_for);
}

bool cbom_certificates(struct cbom *cbom)
{
    const Conf *conf = cbom->d->conf;
    bool ok = true;
    for (size_t i = 0; i < conf->n_listeners; i++) {
        const Chancery__Config__V1__Listener *listener = conf->listeners[i];
        ok = (listener->tls == NULL ||
              add_for(cbom, listener->tls->certificate_file, "listener", listener->address)) &&
             ok;
    }
    for (size_t i = 0; i < conf->n_audit_sinks; i++) {
        const Chancery__Config__V1__SyslogReceiver *to = conf->audit_sinks[i]->syslog;
        ok = (to == NULL || to->certificate_file[0] == '\0' ||
              add_for(cbom, to->certificate_file, "audit sink", to->address)) &&
             ok;
    }
    return ok;
}
