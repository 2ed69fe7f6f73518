/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/issuer_keys.h"

#include <stdio.h>

#include "base/hashmap.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "identity/https.h"
#include "obs/log.h"
#include "obs/metrics.h"

enum {
    MS = 1000000,
    MINUTE_MS = 60 * 1000,
    KEYS_IN_A_TURN = 32, /* 3 ms */
    KEY_BYTES = 2560,    /* about: a parsed key of 2,048 bits with what OpenSSL keeps beside it */
};

struct issuer_keys {
    struct loop *loop;
    struct https *https;
    struct hashmap *sets; /* by issuer id */
    int64_t lifetime_ms, stale_max_ms, retry_ms;
    uint64_t generations;
    int64_t minute_ms, oldest_ms, oldest_before_ms; /* of keys in use */
};

struct key_set {
    struct issuer_keys *cache;
    struct issuer_id issuer;
    uint8_t source[SHA256_BYTES];   /* of the address or inline text: another one is another set */
    struct jwks *keys;              /* NULL: none yet */
    uint8_t document[SHA256_BYTES]; /* of what they were read from */
    uint64_t generation;
    uint64_t charged; /* the generation whose bytes are accounted for */
    int64_t good_ms;  /* when keys were fetched last, or were needed first */
    int64_t tried_ms; /* when a fetch began last */
    bool was_tried;
    bool has_failed;     /* the last fetch that came to an end gave no keys */
    enum reason problem; /* why the last fetch gave no keys; R_NONE: it did, or still may */
    char why[160];       /* the same as a sentence */
    struct https_get *fetch;
    struct jwks_reader *reader;    /* of what came; NULL: nothing is being read */
    uint8_t reading[SHA256_BYTES]; /* of that */
    struct loop_task read;
    bool is_inline;
    struct list waiting; /* checks */
};

static int64_t now_ms(const struct issuer_keys *cache)
{
    return loop_now(cache->loop).ns / MS;
}

static void wake_all(struct key_set *set)
{
    for (struct list *link; (link = list_pop(&set->waiting)) != NULL;) {
        struct token_check *check = LIST_ENTRY(link, struct token_check, waiting);
        loop_defer(set->cache->loop, &check->go);
    }
}

static void set_free(void *value)
{
    struct key_set *set = value;
    if (set->fetch != NULL) {
        https_cancel(set->fetch);
    }
    loop_task_cancel(&set->read);
    jwks_reader_free(set->reader);
    wake_all(set); /* they ask again and make a new set */
    jwks_free(set->keys);
    xfree(set);
}

/* Reading has come to an end, or never began: whoever waits asks again. */
static void settle(struct key_set *set, enum reason problem, const char *text)
{
    bool is_good = problem == R_NONE, is_invalid = problem == R_ISSUER_KEYS_INVALID;
    set->problem = problem;
    set->has_failed = !is_good;
    snprintf(set->why, sizeof set->why, "%s", text);
    if (!set->is_inline) {
        metric_add(M_JWKS_FETCHES,
                   is_good      ? "ok"
                   : is_invalid ? "invalid"
                                : "unreachable",
                   NULL, 1);
    }
    if (!is_good) {
        log_event(LOG_WARNING, "identity.jwks_failed", F_ID("issuer", set->issuer),
                  F_USER("problem", text),
                  F_STR("using", set->keys == NULL ? "nothing" : "the keys of before"));
    }
    wake_all(set);
}

static rc keep(struct key_set *set, struct err *err)
{
    struct jwks *keys;
    struct jwks_reader *reader = set->reader;
    set->reader = NULL;
    TRY(jwks_reader_finish(reader, &keys, err));
    jwks_free(set->keys);
    set->keys = keys;
    memcpy(set->document, set->reading, sizeof set->document);
    set->generation = ++set->cache->generations;
    set->good_ms = now_ms(set->cache);
    return OK;
}

/* So many in a turn of the loop that others don't wait for them. */
static void read_some(struct loop_task *task)
{
    struct key_set *set = LIST_ENTRY(task, struct key_set, read);
    struct err err = {0};
    if (!jwks_reader_step(set->reader, KEYS_IN_A_TURN)) {
        loop_defer_to_next_turn(set->cache->loop, &set->read);
        return;
    }
    rc kept = keep(set, &err);
    settle(set, kept.ok ? R_NONE : R_ISSUER_KEYS_INVALID, err_words(&err));
}

/* The same document again changes nothing: who makes us ask must not make everybody's tokens be verified anew. */
static void take(struct key_set *set, struct slice json)
{
    struct err err = {0};
    bool is_hashed = hash_sha256(json, set->reading, &err).ok;
    bool is_same = is_hashed && set->keys != NULL &&
                   memcmp(set->document, set->reading, sizeof set->document) == 0;
    if (is_same) {
        set->good_ms = now_ms(set->cache);
        settle(set, R_NONE, "");
    } else if (is_hashed && jwks_reader_new(json, R_ISSUER_KEYS_INVALID, &set->reader, &err).ok) {
        read_some(&set->read);
    } else {
        settle(set, R_ISSUER_KEYS_INVALID, err_words(&err));
    }
}

static void on_fetched(void *user, const struct https_result *result)
{
    struct key_set *set = user;
    set->fetch = NULL;
    if (result->ok) {
        take(set, result->body);
    } else {
        settle(set, R_ISSUER_UNREACHABLE, result->problem);
    }
}

static bool start_fetch(struct key_set *set, const char *url)
{
    int64_t now = now_ms(set->cache);
    if (set->fetch != NULL || set->reader != NULL) {
        return true;
    }
    if (set->was_tried && now - set->tried_ms < set->cache->retry_ms) {
        return false;
    }
    set->was_tried = true;
    set->tried_ms = now;
    set->fetch = https_get(set->cache->https, url, JWKS_BYTES_MAX, on_fetched, set);
    set->problem = set->fetch == NULL ? R_ISSUER_UNREACHABLE : R_NONE;
    set->has_failed = set->has_failed || set->fetch == NULL;
    return set->fetch != NULL;
}

static struct key_set *set_of(struct issuer_keys *cache, const struct issuer *issuer,
                              struct err *err)
{
    uint8_t source[SHA256_BYTES];
    const char *text = issuer->jwks_json[0] != '\0' ? issuer->jwks_json : issuer->jwks_url;
    struct slice key = slice_of(issuer->id.u.b, UUID_BYTES);
    if (!hash_sha256(slice_str(text), source, err).ok) {
        return NULL;
    }
    struct key_set *set = hashmap_get(cache->sets, key);
    if (set != NULL && memcmp(set->source, source, sizeof source) == 0) {
        return set;
    }
    set = xcalloc(1, sizeof *set);
    set->cache = cache;
    set->issuer = issuer->id;
    set->good_ms = now_ms(cache);
    memcpy(set->source, source, sizeof source);
    set->is_inline = issuer->jwks_json[0] != '\0';
    loop_task_init(&set->read, read_some);
    list_init(&set->waiting);
    hashmap_put_owned(cache->sets, key, set, issuer->tenant.u, sizeof *set);
    return set;
}

static void wait_for(struct key_set *set, struct token_check *check)
{
    check->has_waited = true;
    list_append(&set->waiting, &check->waiting);
}

/* Once per check: what was asked for and didn't help is no reason to ask again. */
static bool waits(struct key_set *set, struct token_check *check)
{
    if (check->has_waited || !start_fetch(set, check->issuer->jwks_url)) {
        return false;
    }
    wait_for(set, check);
    return true;
}

/* Whoever tries a token out may know. */
static void note_problem(const struct key_set *set, struct token_check *check)
{
    if (!check->is_test || set->problem == R_NONE) {
        return;
    }
    const char *text =
        set->is_inline
            ? arena_printf(check->arena, "jwks_json: %s", set->why)
            : arena_printf(check->arena, "%s, asked %lld s ago: %s", check->issuer->jwks_url,
                           (long long)(now_ms(set->cache) - set->tried_ms) / 1000, set->why);
    check->keys_problem = text;
}

static enum key_found wait_or_fail(struct key_set *set, struct token_check *check, struct err *err)
{
    if (waits(set, check)) {
        return KEY_WAIT;
    }
    enum reason reason = set->problem != R_NONE ? set->problem
                         : set->keys == NULL    ? R_ISSUER_UNREACHABLE
                                                : R_TOKEN_KEY_UNKNOWN;
    note_problem(set, check);
    check->are_keys_resting = !set->is_inline && !check->has_waited;
    (void)err_raise(err, reason, __FILE__, __LINE__, "no such key, or the keys can't be fetched");
    return KEY_FAILED;
}

/* Of keys that could not be fetched, whether there are older ones or not; 0 of others. */
static void tell_age(struct issuer_keys *cache, int64_t old_ms)
{
    int64_t now = now_ms(cache);
    if (now - cache->minute_ms >= MINUTE_MS) {
        cache->oldest_before_ms = cache->oldest_ms;
        cache->oldest_ms = 0;
        cache->minute_ms = now;
    }
    cache->oldest_ms = old_ms > cache->oldest_ms ? old_ms : cache->oldest_ms;
    metric_set(M_ISSUER_KEYS_AGE, NULL, NULL,
               MS * (cache->oldest_ms > cache->oldest_before_ms ? cache->oldest_ms
                                                                : cache->oldest_before_ms));
}

/* Drop what is too old to be trusted; fetch in the background what is getting old. */
static void age(struct key_set *set, const char *url)
{
    int64_t old_ms = now_ms(set->cache) - set->good_ms;
    tell_age(set->cache, set->has_failed ? old_ms : 0);
    if (set->keys == NULL) {
        return;
    }
    if (old_ms > set->cache->stale_max_ms) {
        jwks_free(set->keys);
        set->keys = NULL;
        set->generation = 0;
    } else if (old_ms > set->cache->lifetime_ms) {
        (void)start_fetch(set, url);
    }
}

/* Account for keys that came. Not when they come: others' sets may be dropped for them. */
static void charge(struct key_set *set)
{
    if (set->charged != set->generation) {
        set->charged = set->generation;
        hashmap_charge(set->cache->sets, slice_of(set->issuer.u.b, UUID_BYTES),
                       sizeof *set + set->keys->count * KEY_BYTES);
    }
}

/* Without a kid it must be clear which key is meant. */
static bool has_candidate(const struct jwks *keys, const struct jws *jws)
{
    size_t at = 0;
    return jws->kid.len == 0 ? jwks_find(keys, jws->kid, jws->alg) != NULL
                             : jwks_next(keys, jws->kid, jws->alg, &at) != NULL;
}

/* KEY_FOUND: the keys have been read. */
static enum key_found read_inline(struct key_set *set, struct token_check *check, struct err *err)
{
    if (set->reader == NULL && !check->has_waited) {
        take(set, slice_str(check->issuer->jwks_json));
    }
    if (set->reader != NULL) {
        wait_for(set, check);
        return KEY_WAIT;
    }
    if (set->keys != NULL) {
        return KEY_FOUND;
    }
    note_problem(set, check);
    (void)err_raise(err, R_ISSUER_KEYS_INVALID, __FILE__, __LINE__, "the inline keys");
    return KEY_FAILED;
}

enum key_found issuer_keys_find(struct issuer_keys *cache, struct token_check *check,
                                const struct jwks **keys, struct err *err)
{
    const struct issuer *issuer = check->issuer;
    struct key_set *set = set_of(cache, issuer, err);
    if (set == NULL) {
        return KEY_FAILED;
    }
    if (set->is_inline && set->keys == NULL) {
        enum key_found read = read_inline(set, check, err);
        if (read != KEY_FOUND) {
            return read;
        }
    }
    if (!set->is_inline) {
        age(set, issuer->jwks_url);
    }
    if (set->keys != NULL && has_candidate(set->keys, &check->token.jws)) {
        charge(set);
        *keys = set->keys;
        check->generation = set->generation;
        return KEY_FOUND;
    }
    if (set->is_inline) {
        (void)err_raise(err, R_TOKEN_KEY_UNKNOWN, __FILE__, __LINE__, "not among the inline keys");
        return KEY_FAILED;
    }
    return wait_or_fail(set, check, err);
}

bool issuer_keys_ask_again(struct issuer_keys *cache, struct token_check *check)
{
    struct key_set *set =
        check->issuer->jwks_json[0] != '\0' ? NULL : set_of(cache, check->issuer, NULL);
    return set != NULL && waits(set, check);
}

uint64_t issuer_keys_generation(struct issuer_keys *cache, const struct issuer *issuer)
{
    struct key_set *set = set_of(cache, issuer, NULL);
    if (set == NULL) {
        return 0;
    }
    if (issuer->jwks_json[0] == '\0') {
        age(set, issuer->jwks_url);
    }
    return set->generation;
}

struct issuer_keys *issuer_keys_new(struct loop *loop, const struct identity_config *config)
{
    struct issuer_keys *cache = xcalloc(1, sizeof *cache);
    cache->loop = loop;
    cache->https = https_new(loop, &(struct https_config){.ca_file = config->ca_file,
                                                          .allow_loopback = config->allow_loopback,
                                                          .allow_private = config->allow_private,
                                                          .timeout_ms = config->fetch_timeout_ms,
                                                          .dns = config->dns});
    cache->sets = hashmap_new_shared(ISSUER_KEYS_MAX, ISSUER_KEYS_BYTES_MAX, set_free);
    cache->lifetime_ms = config->keys_lifetime_ms > 0 ? config->keys_lifetime_ms : 3600000;
    cache->stale_max_ms = config->keys_stale_max_ms > 0 ? config->keys_stale_max_ms : 24 * 3600000;
    cache->retry_ms = config->retry_ms > 0 ? config->retry_ms : 30000;
    return cache;
}

void issuer_keys_free(struct issuer_keys *cache)
{
    hashmap_free(cache->sets);
    https_free(cache->https);
    xfree(cache);
}
