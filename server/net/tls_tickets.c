/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_tickets.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

enum { SLOTS = 4, NAME_BYTES = 16, IV_BYTES = 16, KEY_BYTES = 32 };

struct ticket_key {
    uint8_t name[NAME_BYTES];
    uint8_t cipher[KEY_BYTES], mac[KEY_BYTES];
};

struct net_tickets {
    _Atomic uint32_t count; /* of keys that were made; the last one is in use */
    int64_t rotated_ms;     /* the rotating process's own */
    struct ticket_key keys[SLOTS];
};

rc net_tickets_new(struct net_tickets **out, struct err *err)
{
    struct net_tickets *tickets =
        mmap(NULL, sizeof *tickets, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ENSURE(tickets != MAP_FAILED, err, R_STARTUP_FAILED);
    (void)mlock(tickets, sizeof *tickets); /* best effort, as a ticket is worth less than a key */
    (void)madvise(tickets, sizeof *tickets, MADV_DONTDUMP);
    *out = tickets;
    return OK;
}

void net_tickets_rotate(struct net_tickets *tickets, struct mono_time now, int64_t period_ms)
{
    uint32_t count = atomic_load(&tickets->count);
    int64_t now_ms = now.ns / 1000000;
    struct ticket_key *next = &tickets->keys[count % SLOTS];
    if (count > 0 && now_ms - tickets->rotated_ms < period_ms) {
        return;
    }
    if (RAND_bytes((uint8_t *)next, sizeof *next) == 1) {
        tickets->rotated_ms = now_ms;
        atomic_store(&tickets->count, count + 1);
    }
}

/* The key in use and the one before; *is_current says which. */
static const struct ticket_key *find_key(const struct net_tickets *tickets, const uint8_t *name,
                                         bool *is_current)
{
    uint32_t count = atomic_load(&tickets->count);
    for (uint32_t back = 1; back <= 2 && back <= count; back++) {
        const struct ticket_key *key = &tickets->keys[(count - back) % SLOTS];
        if (memcmp(key->name, name, NAME_BYTES) == 0) {
            *is_current = back == 1;
            return key;
        }
    }
    return NULL;
}

static bool set_up_mac(EVP_MAC_CTX *mac, const struct ticket_key *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac,
                                          KEY_BYTES),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* What OpenSSL asks (SSL_CTX_set_tlsext_ticket_key_evp_cb): −1 fails the handshake, 0 is a full one, 1 goes
 * on, 2 goes on and gives the client a new ticket. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int is_new)
{
    const struct net_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    bool is_current = false;
    if (is_new != 0) {
        uint32_t count = atomic_load(&tickets->count);
        if (count == 0) {
            return 0;
        }
        const struct ticket_key *key = &tickets->keys[(count - 1) % SLOTS];
        memcpy(name, key->name, NAME_BYTES);
        bool ok = RAND_bytes(iv, IV_BYTES) == 1 &&
                  EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) == 1 &&
                  set_up_mac(mac, key);
        return ok ? 1 : -1;
    }
    const struct ticket_key *key = find_key(tickets, name, &is_current);
    if (key == NULL) {
        return 0;
    }
    bool ok = EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, NULL) == 1 &&
              set_up_mac(mac, key);
    /* A ticket of TLS 1.3 is used once (RFC 8446 §C.4), so each gives another one. */
    bool is_renewed = !is_current || SSL_version(ssl) >= TLS1_3_VERSION;
    return !ok ? -1 : is_renewed ? 2 : 1;
}

bool tls_tickets_use(SSL_CTX *ctx, struct net_tickets *tickets)
{
    return SSL_CTX_set_app_data(ctx, tickets) == 1 &&
           SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1;
}
