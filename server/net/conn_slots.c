/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conn_slots.h"

#include <netinet/in.h>
#include <string.h>

#include "base/hashmap.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/server.h"

enum { SHARE = 4 /* strangers have a fourth part */, KEY_BYTES_MAX = 8 };

/* An address from which strangers come. */
struct conn_address {
    uint8_t key[KEY_BYTES_MAX];
    size_t key_len;
    struct list strangers; /* oldest first */
    size_t count;
};

static struct net_conn *conn_of(struct list *slot_link)
{
    return LIST_ENTRY(slot_link, struct net_conn, slot.link);
}

/* --- addresses ------------------------------------------------------------------------------ */

/* IPv4's four bytes, or the network half of IPv6; empty for a Unix socket. */
static struct slice key_of(const struct sockaddr_storage *from)
{
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)from;
        return slice_of(&in->sin_addr, 4);
    }
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)from;
        return IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) ? slice_of(in->sin6_addr.s6_addr + 12, 4)
                                                    : slice_of(in->sin6_addr.s6_addr, 8);
    }
    return SLICE_NONE;
}

static struct conn_address *address_find(struct conn_slots *slots,
                                         const struct sockaddr_storage *from)
{
    struct slice key = key_of(from);
    return key.len == 0 ? NULL : hashmap_get(slots->addresses, key);
}

static struct conn_address *address_of(struct conn_slots *slots,
                                       const struct sockaddr_storage *from)
{
    struct slice key = key_of(from);
    struct conn_address *address = address_find(slots, from);
    if (address == NULL && key.len > 0) {
        address = xcalloc(1, sizeof *address);
        memcpy(address->key, key.ptr, key.len);
        address->key_len = key.len;
        list_init(&address->strangers);
        hashmap_put(slots->addresses, key, address);
    }
    return address;
}

static void leave_address(struct conn_slots *slots, struct conn_slot *slot)
{
    struct conn_address *address = slot->address;
    if (address == NULL) {
        return;
    }
    slot->address = NULL;
    list_remove(&slot->address_link);
    if (--address->count == 0) {
        (void)hashmap_remove(slots->addresses, slice_of(address->key, address->key_len));
    }
}

/* --- coming and going ----------------------------------------------------------------------- */

static struct uuid strangers_party(const struct net_conn *conn, const struct sockaddr_storage *from)
{
    struct uuid party = {{0}};
    struct slice key = key_of(from);
    uintptr_t number = (uintptr_t)conn;
    if (key.len == 0) {
        key = slice_of(&number, sizeof number);
    }
    memcpy(party.b + UUID_BYTES - key.len, key.ptr, key.len);
    return party;
}

void conn_slots_enter(struct net_conn *conn, const struct sockaddr_storage *from)
{
    struct conn_slots *slots = &conn->server->slots;
    struct conn_slot *slot = &conn->slot;
    slot->party = strangers_party(conn, from);
    list_init(&slot->address_link);
    list_append(&slots->strangers, &slot->link);
    slots->stranger_count++;
    slot->address = address_of(slots, from);
    if (slot->address != NULL) {
        list_append(&slot->address->strangers, &slot->address_link);
        slot->address->count++;
    }
}

static void stop_being_strange(struct net_conn *conn)
{
    struct conn_slots *slots = &conn->server->slots;
    list_remove(&conn->slot.link);
    leave_address(slots, &conn->slot);
    slots->stranger_count--;
    slots->stranger_streams -= conn->slot.streams;
}

void conn_slots_leave(struct net_conn *conn)
{
    if (!conn->slot.is_known) {
        stop_being_strange(conn);
    }
    list_remove(&conn->slot.link);
}

void conn_slots_set_known(struct net_conn *conn)
{
    if (!conn->slot.is_known) {
        stop_being_strange(conn);
        conn->slot.is_known = true;
    }
}

void conn_slots_add_stream(struct net_conn *conn)
{
    struct net_server *server = conn->server;
    conn->slot.streams++;
    if (conn->slot.is_known) {
        list_remove(&conn->slot.link);
        return;
    }
    server->slots.stranger_streams++;
    if (server->slots.stranger_streams > server->config.max_calls / SHARE) {
        loop_defer(server->loop, &server->slots.crowded);
    }
}

void conn_slots_remove_stream(struct net_conn *conn)
{
    struct conn_slots *slots = &conn->server->slots;
    conn->slot.streams--;
    if (!conn->slot.is_known) {
        slots->stranger_streams--;
    } else if (conn->slot.streams == 0 && conn->state != CONN_CLOSED) {
        list_append(&slots->idle, &conn->slot.link);
    }
}

/* --- who goes ------------------------------------------------------------------------------- */

static bool evict_first(struct list *links)
{
    if (list_is_empty(links)) {
        return false;
    }
    conn_dismiss(conn_of(links->next), "evicted");
    return true;
}

bool conn_slots_evict(struct net_server *server)
{
    struct conn_slots *slots = &server->slots;
    bool are_many = slots->stranger_count > server->config.max_connections / SHARE;
    return (are_many && evict_first(&slots->strangers)) || evict_first(&slots->idle) ||
           evict_first(&slots->strangers);
}

bool conn_slots_make_room(struct net_server *server, const struct sockaddr_storage *from)
{
    unsigned max = server->config.max_connections;
    const struct conn_address *address = address_find(&server->slots, from);
    if (address != NULL && address->count >= (max + SHARE - 1) / SHARE) {
        struct list *oldest = address->strangers.next;
        conn_dismiss(LIST_ENTRY(oldest, struct net_conn, slot.address_link), "evicted");
    }
    return server->conn_count < max || conn_slots_evict(server);
}

static void on_crowded(struct loop_task *task)
{
    struct net_server *server = LIST_ENTRY(task, struct net_server, slots.crowded);
    bool is_one_left = true;
    while (is_one_left && server->slots.stranger_streams > server->config.max_calls / SHARE) {
        is_one_left = evict_first(&server->slots.strangers);
    }
}

void conn_slots_init(struct net_server *server)
{
    struct conn_slots *slots = &server->slots;
    list_init(&slots->strangers);
    list_init(&slots->idle);
    slots->addresses = hashmap_new(server->config.max_connections + 1, xfree);
    loop_task_init(&slots->crowded, on_crowded);
}

void conn_slots_fini(struct net_server *server)
{
    loop_task_cancel(&server->slots.crowded);
    hashmap_free(server->slots.addresses);
}
