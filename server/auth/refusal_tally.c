/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/refusal_tally.h"

#include <stdio.h>
#include <string.h>

#include "auth/network.h"
#include "base/hashmap.h"
#include "base/list.h"
#include "base/mem.h"

enum {
    /* One for each reason more, of strangers who found no place. */
    ALL_MAX = TALLY_ENTRIES_MAX + TALLY_CARRIED_MAX + R_COUNT_,
    PEER_BYTES = 64, /* as net tells it */
    CORRELATION_BYTES = 40,
    KEY_BYTES = 2 * UUID_BYTES + 4 + NETWORK_TEXT_BYTES,
    TARGET_BYTES = 256,
    NAME_BYTES = 128,
};

/* A call of those that are counted. */
struct sample {
    const char *operation;
    char peer[PEER_BYTES], user_agent[AUDIT_TEXT_MAX + 1], correlation[CORRELATION_BYTES];
};

struct entry {
    struct list link; /* in tally->entries */
    uint8_t key[KEY_BYTES];
    size_t key_len;
    struct tenant_id log;
    enum reason reason;
    struct component_id component; /* zero: none */
    char component_name[NAME_BYTES];
    char network[NETWORK_TEXT_BYTES];
    int64_t count, sent; /* since the last row; of those, in the row that is on its way */
    int64_t singles;     /* recorded one by one in this window */
    int64_t first_us;    /* when the first of them came */
    struct mono_time due;
    struct sample sample;
};

struct refusal_tally {
    int64_t window_ms;
    struct hashmap *by_key; /* borrows the entries */
    struct list entries;
    size_t stranger_count; /* of entries without a component that are not of OTHER_NETWORKS */
    size_t carried_count;  /* of entries with a component */
};

struct refusal_tally *refusal_tally_new(int64_t window_ms)
{
    struct refusal_tally *tally = xcalloc(1, sizeof *tally);
    tally->window_ms = window_ms;
    tally->by_key = hashmap_new(ALL_MAX, NULL);
    list_init(&tally->entries);
    return tally;
}

static bool is_carried(const struct entry *entry)
{
    return !ID_IS_ZERO(entry->component);
}

static void count_entry(struct refusal_tally *tally, const struct entry *entry, int by)
{
    if (is_carried(entry)) {
        tally->carried_count += (size_t)by;
    } else if (strcmp(entry->network, OTHER_NETWORKS) != 0) {
        tally->stranger_count += (size_t)by;
    }
}

static void drop(struct refusal_tally *tally, struct entry *entry)
{
    count_entry(tally, entry, -1);
    (void)hashmap_remove(tally->by_key, slice_of(entry->key, entry->key_len));
    list_remove(&entry->link);
    xfree(entry);
}

void refusal_tally_free(struct refusal_tally *tally)
{
    if (tally == NULL) {
        return;
    }
    LIST_EACH_SAFE (link, after, &tally->entries) {
        drop(tally, LIST_ENTRY(link, struct entry, link));
    }
    hashmap_free(tally->by_key);
    xfree(tally);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void set_key(struct entry *entry)
{
    uint32_t reason = (uint32_t)entry->reason;
    uint8_t *to = entry->key;
    size_t len = strlen(entry->network);
    memcpy(to, entry->log.u.b, UUID_BYTES);
    memcpy(to + UUID_BYTES, entry->component.u.b, UUID_BYTES);
    memcpy(to + 2 * UUID_BYTES, &reason, sizeof reason);
    memcpy(to + 2 * UUID_BYTES + sizeof reason, entry->network, len);
    entry->key_len = 2 * UUID_BYTES + sizeof reason + len;
}

static struct entry *find(struct refusal_tally *tally, const struct entry *wanted)
{
    return hashmap_get(tally->by_key, slice_of(wanted->key, wanted->key_len));
}

static struct entry *keep(struct refusal_tally *tally, const struct entry *wanted,
                          struct mono_time now)
{
    struct entry *entry = xcalloc(1, sizeof *entry);
    *entry = *wanted;
    entry->due = now;
    list_append(&tally->entries, &entry->link);
    hashmap_put(tally->by_key, slice_of(entry->key, entry->key_len), entry);
    count_entry(tally, entry, 1);
    return entry;
}

static size_t held_by(const struct refusal_tally *tally, struct component_id component)
{
    size_t count = 0;
    LIST_EACH (link, &tally->entries) {
        count += ID_EQ(LIST_ENTRY(link, struct entry, link)->component, component);
    }
    return count;
}

/* Strangers have places of their own, and so has each component, so none takes another's. */
static bool has_room(const struct refusal_tally *tally, const struct entry *wanted)
{
    return !is_carried(wanted) ? tally->stranger_count < TALLY_ENTRIES_MAX
                               : tally->carried_count < TALLY_CARRIED_MAX &&
                                     held_by(tally, wanted->component) < TALLY_OF_COMPONENT_MAX;
}

static struct entry *find_or_keep(struct refusal_tally *tally, struct entry *wanted,
                                  struct mono_time now, bool may_keep)
{
    set_key(wanted);
    struct entry *entry = find(tally, wanted);
    return entry == NULL && may_keep ? keep(tally, wanted, now) : entry;
}

/* Where the refusal counts; it is made where there is none yet. */
static struct entry *entry_of(struct refusal_tally *tally, const struct refusal *refusal,
                              struct mono_time now)
{
    const struct audit_who *who = refusal->who;
    struct network from = network_of(who->client_address);
    struct entry wanted = {
        .log = refusal->log, .reason = refusal->reason, .component = who->component};
    snprintf(wanted.network, sizeof wanted.network, "%s", from.text);
    snprintf(wanted.component_name, sizeof wanted.component_name, "%s", who->component_name);
    struct entry *entry = find_or_keep(tally, &wanted, now, has_room(tally, &wanted));
    if (entry == NULL && is_carried(&wanted)) {
        snprintf(wanted.network, sizeof wanted.network, "%s", OTHER_NETWORKS);
        entry = find_or_keep(tally, &wanted, now, tally->carried_count < TALLY_CARRIED_MAX);
    }
    if (entry == NULL) {
        wanted = (struct entry){
            .log = TENANT_PLATFORM, .reason = refusal->reason, .network = OTHER_NETWORKS};
        entry = find_or_keep(tally, &wanted, now, true);
    }
    return entry;
}

/* --- counting --------------------------------------------------------------------------------- */

bool refusal_tally_is_single(struct refusal_tally *tally, const struct refusal *refusal,
                             struct mono_time now)
{
    struct entry *entry = entry_of(tally, refusal, now);
    if (!is_carried(entry) || entry->singles >= TALLY_SINGLE_MAX) {
        return false;
    }
    if (entry->singles++ == 0 && entry->count == 0) {
        entry->due = mono_add_ms(now, tally->window_ms); /* these are shown already */
    }
    return true;
}

static void take_sample(struct sample *sample, const struct refusal *refusal)
{
    const struct audit_who *who = refusal->who;
    sample->operation = refusal->operation;
    snprintf(sample->peer, sizeof sample->peer, "%s", who->client_address);
    snprintf(sample->user_agent, sizeof sample->user_agent, "%s", who->user_agent);
    snprintf(sample->correlation, sizeof sample->correlation, "%s", who->correlation_id);
}

bool refusal_tally_add(struct refusal_tally *tally, const struct refusal *refusal,
                       struct mono_time now, int64_t unix_us)
{
    struct entry *entry = entry_of(tally, refusal, now);
    bool is_first = entry->count++ == entry->sent;
    if (is_first) {
        entry->first_us = entry->sent == 0 ? unix_us : entry->first_us;
        take_sample(&entry->sample, refusal);
    }
    return is_first;
}

int64_t refusal_tally_due_ms(const struct refusal_tally *tally, struct mono_time now)
{
    int64_t least = -1;
    LIST_EACH (link, &tally->entries) {
        const struct entry *entry = LIST_ENTRY(link, struct entry, link);
        int64_t ms = entry->due.ns <= now.ns ? 0 : (entry->due.ns - now.ns) / 1000000 + 1;
        least = least < 0 || ms < least ? ms : least;
    }
    return least;
}

/* --- rows ------------------------------------------------------------------------------------- */

static const char *target_of(const struct entry *entry, int64_t unix_us, struct arena *arena)
{
    char from[RFC3339_BYTES], until[RFC3339_BYTES];
    clock_rfc3339(entry->first_us, from);
    clock_rfc3339(unix_us, until);
    return arena_printf(arena, "%lld %s from %.19sZ to %.19sZ%s; for example one from %s",
                        (long long)entry->count, entry->count == 1 ? "call" : "calls", from, until,
                        ID_IS_ZERO(entry->component) ? ", nobody known"
                                                     : ", for somebody who is not known",
                        entry->sample.peer);
}

static bool write_row(const struct entry *entry, int64_t unix_us, struct arena *arena,
                      struct audit_summary *out)
{
    *out = (struct audit_summary){.tenant = entry->log,
                                  .event.u = uuid_v7(unix_us),
                                  .operation = entry->sample.operation,
                                  .reason = reason_info(entry->reason)->name,
                                  .component = entry->component,
                                  .component_name = entry->component_name,
                                  .client_address = entry->network,
                                  .user_agent = entry->sample.user_agent,
                                  .correlation_id = entry->sample.correlation,
                                  .target = target_of(entry, unix_us, arena),
                                  .calls = entry->count};
    return out->target != NULL;
}

struct audit_summary *refusal_tally_take(struct refusal_tally *tally, bool all,
                                         struct mono_time now, int64_t unix_us, struct arena *arena,
                                         size_t *count)
{
    struct audit_summary *rows = ARENA_ARRAY(arena, struct audit_summary, ALL_MAX);
    *count = 0;
    LIST_EACH_SAFE (link, after, &tally->entries) {
        struct entry *entry = LIST_ENTRY(link, struct entry, link);
        if (entry->due.ns > now.ns && !all) {
            continue;
        }
        if (entry->count == 0) {
            drop(tally, entry); /* nothing came in its window */
        } else if (rows != NULL && write_row(entry, unix_us, arena, &rows[*count])) {
            entry->sent = entry->count;
            ++*count;
        }
    }
    return rows;
}

void refusal_tally_settle(struct refusal_tally *tally, bool are_written, struct mono_time now,
                          int64_t taken_us)
{
    LIST_EACH (link, &tally->entries) {
        struct entry *entry = LIST_ENTRY(link, struct entry, link);
        if (entry->sent > 0 && are_written) {
            entry->count -= entry->sent;
            entry->singles = 0;
            entry->first_us = taken_us;
            entry->due = mono_add_ms(now, tally->window_ms);
        }
        entry->sent = 0;
    }
}
