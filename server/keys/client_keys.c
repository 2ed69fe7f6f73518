/* SPDX-License-Identifier: Apache-2.0 */
/* Clients' keys: parsed and checked once for whoever comes again. Anybody who has a token may send one, so it is
 * remembered when a content key was wrapped to it, and not before. */
#include "base/mem.h"
#include "keys/keys_internal.h"

enum { KEY_BYTES = 2560 /* about: a parsed key with what OpenSSL keeps beside it */ };

static void unref(void *value)
{
    struct client_key *client = value;
    if (--client->references == 0) {
        jwk_public_free(client->key);
        xfree(client);
    }
}

static rc parse(struct slice jwk, struct client_key **out, struct err *err)
{
    struct jwk_public *key = NULL;
    TRY(jwk_public_parse(jwk, R_CLIENT_KEY_INVALID, &key, err));
    struct client_key *client = xcalloc(1, sizeof *client + jwk.len);
    client->key = key;
    client->len = jwk.len;
    memcpy(client->jwk, jwk.ptr, jwk.len);
    *out = client;
    return OK;
}

rc keys_read_client(struct keys *keys, struct arena *arena, struct slice jwk,
                    const struct client_key **out, struct err *err)
{
    struct client_key *client = hashmap_get(keys->clients, jwk);
    if (client == NULL) {
        TRY(parse(jwk, &client, err));
    }
    client->references++;
    TRY(arena_on_free(arena, unref, client, err));
    ENSURE(jwk_may_wrap(client->key), err, R_CLIENT_KEY_INVALID);
    *out = client;
    return OK;
}

/* The counts of one that many calls hold are ours to change. */
static struct client_key *own(const struct client_key *client)
{
    return (struct client_key *)(uintptr_t)client;
}

void client_key_remember(struct keys *keys, const struct client_key *client,
                         struct tenant_id tenant)
{
    struct client_key *kept = own(client);
    if (!kept->is_kept) {
        kept->is_kept = true;
        kept->references++;
        hashmap_put_owned(keys->clients, slice_of(kept->jwk, kept->len), kept, tenant.u,
                          kept->len + KEY_BYTES);
    }
}

void client_key_forget(void *value)
{
    struct client_key *client = value;
    client->is_kept = false;
    unref(client);
}
