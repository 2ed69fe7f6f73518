/* SPDX-License-Identifier: Apache-2.0 */
#include "shares.h"

#include <arpa/inet.h>

enum { PART = 4, NETWORK_BYTES = 8 /* of an IPv6 address */ };

struct share {
    size_t memory;
    long sessions;
};

struct shares {
    struct share left, most; /* of all; of one network */
    GHashTable *taken;       /* network → struct share */
};

struct shares *shares_new(size_t memory, size_t memory_least, long sessions)
{
    struct shares *shares = g_new0(struct shares, 1);
    shares->left = (struct share){memory, sessions};
    shares->most = (struct share){MAX(memory / PART, memory_least), MAX(sessions / PART, (long)1)};
    shares->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return shares;
}

void shares_free(struct shares *shares)
{
    g_hash_table_unref(shares->taken);
    g_free(shares);
}

char *network_of(const char *ip)
{
    unsigned char bytes[16];
    if (inet_pton(AF_INET6, ip, bytes) != 1) {
        return g_strdup(ip);
    }
    GString *text = g_string_new(NULL);
    for (int i = 0; i < NETWORK_BYTES; i++) {
        g_string_append_printf(text, "%02x", bytes[i]);
    }
    return g_string_free(text, FALSE);
}

bool shares_take(struct shares *shares, const char *network, size_t memory, long sessions)
{
    struct share *taken = g_hash_table_lookup(shares->taken, network);
    struct share had = taken == NULL ? (struct share){0, 0} : *taken;
    bool is_there = memory <= shares->left.memory && sessions <= shares->left.sessions &&
                    memory <= shares->most.memory - MIN(had.memory, shares->most.memory) &&
                    had.sessions + sessions <= shares->most.sessions;
    if (!is_there) {
        return false;
    }
    if (taken == NULL) {
        taken = g_new0(struct share, 1);
        g_hash_table_insert(shares->taken, g_strdup(network), taken);
    }
    taken->memory += memory;
    taken->sessions += sessions;
    shares->left.memory -= memory;
    shares->left.sessions -= sessions;
    return true;
}

void shares_give(struct shares *shares, const char *network, size_t memory, long sessions)
{
    struct share *taken = g_hash_table_lookup(shares->taken, network);
    if (taken == NULL || (memory == 0 && sessions == 0)) {
        return;
    }
    taken->memory -= memory;
    taken->sessions -= sessions;
    shares->left.memory += memory;
    shares->left.sessions += sessions;
    if (taken->memory == 0 && taken->sessions == 0) {
        (void)g_hash_table_remove(shares->taken, network);
    }
}
