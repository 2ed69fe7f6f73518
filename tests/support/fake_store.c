/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <string.h>

#include "chancery_test.h"

struct fake_store fake_store;

/* --- operations ---------------------------------------------------------------------------------- */

/* An operation that is in flight: a store's or the gate's. */
static struct slot {
    void *op; /* NULL: free */
    void (*done)(void *op);
    struct loop_task task;
} slots[FAKE_OPS_MAX];

static void append(char *story, size_t size, const char *word)
{
    size_t len = strlen(story);
    snprintf(story + len, size - len, "%s%s", len == 0 ? "" : " ", word);
}

static void tell(const char *word)
{
    append(fake_store.story, sizeof fake_store.story, word);
}

static void complete(struct loop_task *task)
{
    struct slot *slot = LIST_ENTRY(task, struct slot, task);
    void *op = slot->op;
    slot->op = NULL;
    fake_store.in_flight--;
    slot->done(op);
}

static void begin(void *op, void (*done)(void *op))
{
    struct slot *slot = slots;
    while (slot->op != NULL) {
        slot++;
        assert_true(slot < slots + FAKE_OPS_MAX);
    }
    *slot = (struct slot){.op = op, .done = done};
    loop_task_init(&slot->task, complete);
    fake_store.in_flight++;
    if (!fake_store.is_held) {
        loop_defer(fake_store.loop, &slot->task);
    }
}

static void cancel(const void *op)
{
    struct slot *slot = slots;
    while (slot->op != op) {
        slot++;
        assert_true(slot < slots + FAKE_OPS_MAX); /* only what is in flight is canceled */
    }
    slot->op = NULL;
    loop_task_cancel(&slot->task);
    fake_store.in_flight--;
    fake_store.canceled++;
}

/* Whether it is told to fail. */
static bool fails(const char *word, struct err *err)
{
    tell(word);
    if (fake_store.failing == NULL || strcmp(fake_store.failing, word) != 0) {
        return false;
    }
    *err = (struct err){.reason = fake_store.failure, .detail = "fake"};
    return true;
}

void fake_store_reset(struct loop *loop)
{
    memset(slots, 0, sizeof slots);
    fake_store = (struct fake_store){.loop = loop};
}

void fake_store_release(void)
{
    fake_store.is_held = false;
    for (size_t i = 0; i < FAKE_OPS_MAX; i++) {
        if (slots[i].op != NULL) {
            loop_defer(fake_store.loop, &slots[i].task);
        }
    }
}

/* --- pg/store.h ---------------------------------------------------------------------------------- */

void store_op_init(struct store_op *op, struct store *store, struct arena *arena,
                   void (*done)(struct store_op *op), void *user)
{
    *op = (struct store_op){.store = store, .arena = arena, .done = done, .user = user};
}

static void op_done(void *ptr)
{
    struct store_op *op = ptr;
    op->done(op);
}

void store_op_cancel(struct store_op *op)
{
    cancel(op);
}

bool store_is_ready(const struct store *store)
{
    (void)store;
    return fake_store.is_ready;
}

/* --- resource/audit_store.h ---------------------------------------------------------------------- */

void audit_store_add_summaries(struct audit_summaries *summaries)
{
    fake_store.summary_statements++;
    if (!fails("summaries", &summaries->op.err)) {
        assert_true(fake_store.summary_count + summaries->count <= FAKE_SUMMARIES_MAX);
        memcpy(fake_store.summaries + fake_store.summary_count, summaries->rows,
               summaries->count * sizeof summaries->rows[0]);
        fake_store.summary_count += summaries->count;
    }
    begin(&summaries->op, op_done);
}

/* --- cache/lookups.h ----------------------------------------------------------------------------- */

static const struct issuer *find_issuer(const char *iss)
{
    for (size_t i = 0; i < FAKE_ROWS_MAX; i++) {
        if (fake_store.issuers[i] != NULL && strcmp(fake_store.issuers[i]->iss, iss) == 0) {
            return fake_store.issuers[i];
        }
    }
    return NULL;
}

static const struct component_row *find_component(enum lookup_kind kind, struct slice key)
{
    for (size_t i = 0; i < FAKE_ROWS_MAX; i++) {
        const struct fake_component *c = &fake_store.components[i];
        if (c->key.len > 0 && c->kind == kind && slice_eq(c->key, key)) {
            return &c->row;
        }
    }
    return NULL;
}

static const struct lookup_answer *find_answer(enum lookup_kind kind, struct slice key)
{
    static const struct lookup_answer none = {.epoch = 1};
    for (size_t i = 0; i < FAKE_ROWS_MAX; i++) {
        const struct fake_answer *a = &fake_store.answers[i];
        if (a->key.len > 0 && a->kind == kind && slice_eq(a->key, key)) {
            return &a->answer;
        }
    }
    return &none;
}

const struct issuer *lookups_issuer(struct lookups *lookups, const char *iss, struct arena *arena)
{
    (void)lookups;
    (void)arena;
    return fake_store.is_remembered ? find_issuer(iss) : NULL;
}

const struct component_row *lookups_component(struct lookups *lookups, enum lookup_kind kind,
                                              struct slice key, struct arena *arena)
{
    (void)lookups;
    (void)arena;
    return fake_store.is_remembered ? find_component(kind, key) : NULL;
}

const struct lookup_answer *lookups_answer(struct lookups *lookups, enum lookup_kind kind,
                                           struct slice key)
{
    (void)lookups;
    return fake_store.is_remembered ? find_answer(kind, key) : NULL;
}

static const char *const lookup_words[] = {
    [LOOKUP_ISSUER] = "issuer",
    [LOOKUP_COMPONENT] = "component",
    [LOOKUP_DIRECTORY_TOKEN] = "directory_token",
    [LOOKUP_COMPONENT_BY_SUBJECT] = "subject",
    [LOOKUP_TENANT_BY_NAME] = "name",
    [LOOKUP_TENANT_BY_DOMAIN] = "domain",
    [LOOKUP_TENANT_BY_MAPPING] = "mapping",
    [LOOKUP_TAKEN_DOMAIN] = "taken",
};

static void tell_remembered(enum lookup_kind kind)
{
    append(fake_store.remembered, sizeof fake_store.remembered, lookup_words[kind]);
}

void lookups_remember_issuer(struct lookups *lookups, const char *iss, const struct issuer *issuer,
                             struct uuid owner)
{
    (void)lookups;
    (void)owner;
    assert_ptr_equal(find_issuer(iss), issuer);
    tell_remembered(LOOKUP_ISSUER);
}

void lookups_remember_component(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                                const struct component_row *component)
{
    (void)lookups;
    assert_ptr_equal(find_component(kind, key), component);
    tell_remembered(kind);
}

void lookups_remember_answer(struct lookups *lookups, enum lookup_kind kind, struct slice key,
                             const struct lookup_answer *answer, struct uuid owner)
{
    (void)lookups;
    (void)owner;
    assert_memory_equal(find_answer(kind, key), answer, sizeof *answer);
    tell_remembered(kind);
}

void lookups_drop(struct lookups *lookups, enum lookup_kind kind, struct slice key)
{
    char word[32];
    (void)lookups;
    snprintf(word, sizeof word, "-%s%s", lookup_words[kind], key.len == 0 ? "?" : "");
    tell(word);
}

struct slice lookups_issuer_key(struct arena *arena, struct issuer_id issuer, const char *value)
{
    const char *key = arena_printf(arena, "%02x/%s", issuer.u.b[0], value);
    return key == NULL ? SLICE_NONE : slice_str(key);
}

void lookups_submit(struct lookup *lookup, enum lookup_kind kind, struct slice key)
{
    if (!fails(lookup_words[kind], &lookup->op.err)) {
        lookup->issuer = kind == LOOKUP_ISSUER ? find_issuer((const char *)key.ptr) : NULL;
        lookup->component = find_component(kind, key);
        lookup->answer = *find_answer(kind, key);
        lookup->tenant = lookup->answer.tenant;
        bool is_found =
            lookup->issuer != NULL || lookup->component != NULL || lookup->answer.is_found;
        lookup->op.err.reason = is_found ? R_NONE : R_NOT_FOUND;
    }
    begin(&lookup->op, op_done);
}

/* --- cache/views.h ------------------------------------------------------------------------------- */

bool views_serves(const struct views *views, const char *boundary)
{
    (void)views;
    bool serves = fake_store.served[0] == NULL;
    for (size_t i = 0; i < FAKE_ROWS_MAX && fake_store.served[i] != NULL; i++) {
        serves = serves || strcmp(fake_store.served[i], boundary) == 0;
    }
    return serves;
}

static const struct tenant_record *find_tenant(struct tenant_id id)
{
    for (size_t i = 0; i < FAKE_ROWS_MAX; i++) {
        if (fake_store.tenants[i] != NULL && ID_EQ(fake_store.tenants[i]->view.id, id)) {
            return fake_store.tenants[i];
        }
    }
    return NULL;
}

const struct tenant_record *views_tenant(struct views *views, struct tenant_id id,
                                         struct arena *arena)
{
    (void)views;
    (void)arena;
    return fake_store.is_remembered ? find_tenant(id) : NULL;
}

const struct platform_record *views_platform(struct views *views, struct arena *arena)
{
    (void)views;
    (void)arena;
    return fake_store.is_remembered ? fake_store.platform : NULL;
}

void views_load_tenant(struct views *views, struct view_load *load, struct tenant_id id)
{
    (void)views;
    if (!fails("tenant", &load->op.err)) {
        load->found_tenant = find_tenant(id);
        load->op.err.reason = load->found_tenant == NULL ? R_NOT_FOUND : R_NONE;
    }
    begin(&load->op, op_done);
}

void views_load_platform(struct views *views, struct view_load *load)
{
    (void)views;
    if (!fails("platform", &load->op.err)) {
        load->found_platform = fake_store.platform;
    }
    begin(&load->op, op_done);
}

void views_drop(struct views *views, struct uuid scope, int64_t epoch)
{
    char word[16];
    (void)views;
    (void)epoch;
    snprintf(word, sizeof word, "-view:%x", scope.b[0]);
    tell(word);
}

/* --- cache/directories.h ------------------------------------------------------------------------- */

static struct uuid scope_of(struct tenant_id tenant)
{
    struct uuid scope = tenant.u;
    scope.b[UUID_BYTES - 1] ^= 1;
    return scope;
}

static void find_person(struct directory_find *find, const struct directory_question *question)
{
    find->person = fake_store.person;
    find->scope = scope_of(question->tenant->id);
}

bool directories_remembered(struct directories *directories, struct directory_find *find,
                            const struct directory_question *question)
{
    (void)directories;
    find_person(find, question);
    return fake_store.is_remembered;
}

void directories_ask(struct directories *directories, struct directory_find *find,
                     const struct directory_question *question)
{
    char word[64];
    (void)directories;
    snprintf(word, sizeof word, "person:%zu+%zu", question->address_count, question->group_count);
    if (!fails(word, &find->op.err)) {
        find_person(find, question);
    }
    begin(&find->op, op_done);
}

void directories_drop(struct directories *directories, struct uuid scope)
{
    (void)directories;
    (void)scope;
    tell("-directory");
}

/* --- cache/signals.h ------------------------------------------------------------------------------ */

/* The length of the name and its kind: enough to tell a few names apart. */
rc signals_scope(struct arena *arena, struct tenant_id tenant, enum signal_name_kind kind,
                 const char *name, struct uuid *out, struct err *err)
{
    (void)arena;
    (void)err;
    *out = tenant.u;
    out->b[0] = (uint8_t)strlen(name);
    out->b[1] = (uint8_t)kind;
    return OK;
}

bool signals_known(struct signals *signals, struct uuid scope, struct known_signal *out)
{
    (void)signals;
    (void)scope;
    *out = fake_store.assumed_signal;
    return fake_store.is_remembered;
}

void signals_ask(struct signals *signals, struct signals_find *find)
{
    char word[64];
    (void)signals;
    snprintf(word, sizeof word, "signals:%zu", find->count);
    find->found = ARENA_ARRAY(find->op.arena, struct known_signal, find->count + 1);
    if (!fails(word, &find->op.err) && find->found != NULL && find->count > 0) {
        find->found[find->count - 1] = fake_store.last_signal;
    }
    begin(&find->op, op_done);
}

void signals_drop(struct signals *signals, struct uuid scope)
{
    (void)signals;
    (void)scope;
    tell("-signal");
}

/* --- gate/gate.h and resource/proof_store.h ------------------------------------------------------- */

static void entry_done(void *ptr)
{
    struct gate_entry *entry = ptr;
    entry->done(entry);
}

void gate_submit(struct gate *gate, struct gate_entry *entry)
{
    (void)gate;
    assert_true(fake_store.entry_count < FAKE_ENTRIES_MAX);
    struct fake_entry *copy = &fake_store.entries[fake_store.entry_count++];
    copy->given = *entry;
    snprintf(copy->user, sizeof copy->user, "%s", entry->who.user);
    snprintf(copy->addresses, sizeof copy->addresses, "%s", entry->who.addresses);
    snprintf(copy->component, sizeof copy->component, "%s", entry->who.component_name);
    snprintf(copy->agent, sizeof copy->agent, "%s", entry->who.user_agent);
    snprintf(copy->correlation, sizeof copy->correlation, "%s", entry->who.correlation_id);
    entry->verdict = GATE_RECORDED;
    if (!fails("gate", &entry->err) && fake_store.verdict_times > 0) {
        fake_store.verdict_times--;
        entry->verdict = fake_store.verdict;
        for (size_t i = 0; i < entry->scope_count; i++) {
            entry->scopes[i].is_stale = uuid_eq(entry->scopes[i].scope, fake_store.moved);
        }
    }
    begin(entry, entry_done);
}

void gate_cancel(struct gate *gate, struct gate_entry *entry)
{
    (void)gate;
    cancel(entry);
}

void proof_store_claim(struct proof_claim *claim, const uint8_t id[32], int32_t keep_s)
{
    (void)id;
    assert_true(keep_s > 120); /* a proof is accepted for two minutes */
    if (!fails("proof", &claim->op.err)) {
        claim->is_first = !fake_store.proof_was_seen;
    }
    begin(&claim->op, op_done);
}

/* --- resource/quota_store.h ------------------------------------------------------------------------ */

/* Grants what is wanted, as long as there is. */
void quota_store_lease(struct quota_lease_op *op)
{
    struct fake_quota *quota = &fake_store.quota;
    if (!fails("lease", &op->op.err)) {
        int64_t left = quota->most - quota->used;
        op->is_limited = quota->most > 0;
        op->granted = quota->lease > op->wanted ? quota->lease : op->wanted;
        op->granted = op->granted < left ? op->granted : left;
        quota->used += op->granted;
        op->most = quota->most;
        op->used = quota->used;
        op->begins = quota->begins;
        op->left_us = quota->left_us;
    }
    begin(&op->op, op_done);
}

void quota_store_return(struct store_op *op, struct tenant_id tenant, enum quota quota,
                        int64_t begins, int64_t unspent)
{
    (void)tenant;
    (void)quota;
    if (!fails("return", &op->err) && begins == fake_store.quota.begins) {
        fake_store.quota.used -= unspent;
    }
    begin(op, op_done);
}

void quota_store_exchange_rates(struct rate_exchange *exchange, struct uuid worker,
                                const struct rate_use *uses, size_t count)
{
    static struct rate_use others;
    (void)worker;
    if (!fails("rates", &exchange->op.err)) {
        others = (struct rate_use){.bucket = uses[0].bucket, .demand = fake_store.others_demand};
        fake_store.own_demand = uses[0].demand;
        exchange->others = &others;
        exchange->count = count > 0 ? 1 : 0;
    }
    begin(&exchange->op, op_done);
}
