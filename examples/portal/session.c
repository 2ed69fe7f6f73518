/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "brand.h"
#include "shares.h"
#include "wiped.h"

/* Upload, protected and plain mail, what is read of it, its pages. */
enum { COPIES = 8, UNSIGNED_MINUTES = 20, ANSWERS_MAX = 200 };
static const size_t MIB = 1024 * 1024;
static const gint64 SECOND = 1000000;

struct sessions {
    GHashTable *by_id;
    const struct settings *settings;
    struct shares *shares;
};

/* --- secrets ---------------------------------------------------------------------------------- */

void random_text(char out[RANDOM_TEXT])
{
    unsigned char bytes[32];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        abort(); /* a guessable id would be worse */
    }
    char *digits = g_base64_encode(bytes, sizeof bytes);
    g_strdelimit(g_strdelimit(digits, "+", '-'), "/", '_')[RANDOM_TEXT - 1] = '\0';
    memcpy(out, digits, RANDOM_TEXT);
    wipe_text(digits);
    explicit_bzero(bytes, sizeof bytes);
}

bool is_same_secret(const char *one, const char *other)
{
    size_t len = strlen(one);
    return len == strlen(other) && CRYPTO_memcmp(one, other, len) == 0;
}

/* --- readings --------------------------------------------------------------------------------- */

struct reading *reading_ref(struct reading *reading)
{
    g_atomic_ref_count_inc(&reading->count);
    return reading;
}

void reading_unref(struct reading *reading)
{
    if (reading != NULL && g_atomic_ref_count_dec(&reading->count)) {
        message_free(reading->message);
        g_free(reading->owner);
        g_free(reading->contact);
        g_free(reading->reader);
        wipe_text(reading->open_subject);
        g_free(reading);
    }
}

struct reading *session_reading(struct session *session)
{
    if (session->reading != NULL && session->reading->ends <= time(NULL)) {
        session_set_reading(session, NULL);
    }
    return session->reading;
}

void session_set_reading(struct session *session, struct reading *reading)
{
    reading_unref(session->reading);
    session->reading = reading;
}

/* --- memory ----------------------------------------------------------------------------------- */

bool sessions_take_memory(struct sessions *sessions, const char *network, size_t bytes,
                          size_t *charged)
{
    bool ok = shares_take(sessions->shares, network, bytes * COPIES, 0);
    *charged = ok ? bytes * COPIES : 0;
    return ok;
}

void sessions_give_memory(struct sessions *sessions, const char *network, size_t charged)
{
    shares_give(sessions->shares, network, charged, 0);
}

/* --- sessions --------------------------------------------------------------------------------- */

static void session_free(void *data)
{
    struct session *session = data;
    g_bytes_unref(session->mail);
    brand_free(session->brand);
    reading_unref(session->reading);
    g_hash_table_unref(session->answers);
    g_free(session->network);
    g_free(session->address);
    g_free(session->passcode_id);
    g_free(session->reference);
    wipe_text(session->token);
    explicit_bzero(session, sizeof *session);
    g_free(session);
}

size_t upload_bytes_max(size_t mail_bytes)
{
    return mail_bytes / 2 * 3 + 65536; /* base64 makes it a third larger */
}

struct sessions *sessions_new(const struct settings *settings)
{
    struct sessions *sessions = g_new0(struct sessions, 1);
    sessions->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, session_free);
    sessions->settings = settings;
    sessions->shares =
        shares_new((size_t)settings->memory_mib * MIB,
                   COPIES * upload_bytes_max((size_t)settings->mail_mib * MIB), settings->sessions);
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions != NULL) {
        g_hash_table_unref(sessions->by_id);
        shares_free(sessions->shares);
        g_free(sessions);
    }
}

struct session *session_new(struct sessions *sessions, const char *network, GBytes *mail,
                            size_t charged)
{
    if (!shares_take(sessions->shares, network, 0, 1)) {
        return NULL;
    }
    struct session *session = g_new0(struct session, 1);
    random_text(session->id);
    random_text(session->form);
    session->ends = g_get_monotonic_time() + UNSIGNED_MINUTES * 60 * SECOND;
    session->mail = mail;
    session->charged = charged;
    session->network = g_strdup(network);
    session->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_insert(sessions->by_id, session->id, session);
    return session;
}

struct session *session_find(struct sessions *sessions, const char *id)
{
    struct session *session = id == NULL ? NULL : g_hash_table_lookup(sessions->by_id, id);
    if (session != NULL && session->ends <= g_get_monotonic_time()) {
        session_end(sessions, session);
        return NULL;
    }
    return session;
}

void session_sign_in(struct sessions *sessions, struct session *session, char *token,
                     int64_t seconds)
{
    int64_t most = sessions->settings->session_minutes * 60;
    g_hash_table_steal(sessions->by_id, session->id);
    random_text(session->id);
    random_text(session->form);
    g_hash_table_insert(sessions->by_id, session->id, session);
    wipe_text(session->token);
    session->token = token;
    session->ends = g_get_monotonic_time() + CLAMP(seconds, 0, most) * SECOND;
    session->state[0] = '\0';
    g_clear_pointer(&session->passcode_id, g_free);
    session_set_reading(session, NULL);
}

bool session_take_room(struct session *session, size_t bytes)
{
    size_t most = 3 * g_bytes_get_size(session->mail) + MIB;
    if (session->held > 0 && bytes > most - MIN(session->held, most)) {
        return false;
    }
    session->held += bytes;
    return true;
}

void session_give_room(struct session *session, size_t bytes)
{
    session->held -= MIN(bytes, session->held);
}

bool session_take_answer(struct session *session, const char *id)
{
    bool has_room = g_hash_table_size(session->answers) < ANSWERS_MAX;
    return has_room && g_uuid_string_is_valid(id) &&
           g_hash_table_add(session->answers, g_strdup(id));
}

void session_end(struct sessions *sessions, struct session *session)
{
    shares_give(sessions->shares, session->network, session->charged, 1);
    g_hash_table_remove(sessions->by_id, session->id);
}

void sessions_sweep(struct sessions *sessions)
{
    GHashTableIter iter;
    gpointer value;
    gint64 now = g_get_monotonic_time();
    g_hash_table_iter_init(&iter, sessions->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct session *session = value;
        (void)session_reading(session);
        if (session->ends <= now) {
            shares_give(sessions->shares, session->network, session->charged, 1);
            g_hash_table_iter_remove(&iter);
        }
    }
}
