/* SPDX-License-Identifier: Apache-2.0 */
/* Readers, from their mail to its end. They are in memory only, and known by a random cookie. The loop
 * alone touches them; whoever works for one in a thread has copies. */
#pragma once

#include <stdint.h>

#include "message.h"
#include "settings.h"

enum { RANDOM_TEXT = 44 /* of 32 random bytes in base64url, with the NUL */ };

/* A message that was opened, as long as its license lasts. Shared by count. */
struct reading {
    gatomicrefcount count;
    struct message *message;
    char *owner, *contact; /* contact: "" or whom to ask */
    char *reader;          /* their address, as the license names them */
    char *open_subject;    /* what of the subject is no secret; or "" */
    bool may_print, may_copy, may_export;
    bool may_reply, may_reply_all, may_forward;
    bool is_freed; /* the tenant lets attachments go unprotected */
    int64_t ends;  /* seconds since 1970 */
};

struct session {
    char id[RANDOM_TEXT];
    char form[RANDOM_TEXT]; /* what each form of this session shows again */
    gint64 ends;            /* monotonic microseconds */
    GBytes *mail;           /* protected, as it came */
    char *network;          /* of whoever came with it */
    struct brand *brand;    /* how it looks; NULL: as the portal */
    size_t charged;         /* of the memory that all share */
    size_t held;            /* bytes of large answers that browsers have not taken yet */
    /* A passcode that was started. */
    char *address, *passcode_id, *reference;
    /* A sign-in at a provider that was begun; `state` is "" if none was. */
    size_t provider;
    char state[RANDOM_TEXT], nonce[RANDOM_TEXT], verifier[RANDOM_TEXT];
    char *token;             /* of the reader who has signed in; NULL: not yet */
    struct reading *reading; /* NULL: not opened */
    GHashTable *answers;     /* ids of forms that were sent, so that none is sent twice */
};

struct sessions;

/* How large an upload gets of a mail of so many bytes. */
size_t upload_bytes_max(size_t mail_bytes);

struct sessions *sessions_new(const struct settings *settings);
void sessions_free(struct sessions *sessions);
/* Memory for a mail of this size, and for what is made of it, for somebody of this network. False: there is none now. */
bool sessions_take_memory(struct sessions *sessions, const char *network, size_t bytes,
                          size_t *charged);
void sessions_give_memory(struct sessions *sessions, const char *network, size_t charged);
/* A session for a mail, which is taken with its memory. NULL if there are too many, of all or of this network; then nothing
 * is taken. */
struct session *session_new(struct sessions *sessions, const char *network, GBytes *mail,
                            size_t charged);
/* NULL if there is none of this id, or it is over. */
struct session *session_find(struct sessions *sessions, const char *id);
/* Another id for whoever has signed in (a known one may have been planted), and their token, which is
 * taken. It lasts for so many seconds more. */
void session_sign_in(struct sessions *sessions, struct session *session, char *token,
                     int64_t seconds);
/* Room for a large answer of so many bytes. False: there are too many that nobody takes. One there always is. */
bool session_take_room(struct session *session, size_t bytes);
void session_give_room(struct session *session, size_t bytes);
void session_end(struct sessions *sessions, struct session *session);
/* End what is over, and forget messages whose license is. Now and then. */
void sessions_sweep(struct sessions *sessions);

struct reading *reading_ref(struct reading *reading);
void reading_unref(struct reading *reading);
/* A message that is open now; NULL if it isn't. Borrowed. */
struct reading *session_reading(struct session *session);
void session_set_reading(struct session *session, struct reading *reading);

/* An answer is about to be sent, by the id of its form. False: it was already, or there were too many. */
bool session_take_answer(struct session *session, const char *id);

/* 32 random bytes in base64url. */
void random_text(char out[RANDOM_TEXT]);
/* Whether two texts are the same, in a time that tells nothing of where they differ. */
bool is_same_secret(const char *one, const char *other);
