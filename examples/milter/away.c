/* SPDX-License-Identifier: Apache-2.0 */
#include "away.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* A certificate is good for 7 days. But the authority may take it back at any time, and what is made by it then, once
     * the authority is away, nobody can ever open. */
    RENEW_S = 10 * 60,
    REFUSED_S = 10 * 60,             /* until it is asked for again; each refusal is recorded */
    PAUSE_S = 30,                    /* between attempts to reach the authority */
    PENDING_BYTES = 16 * 1024 * 1024 /* of licenses that are to be made known */
};

/* Of one domain. */
struct known {
    chancery_publisher *publisher; /* NULL: there is none */
    int64_t next;                  /* when the next one is asked for; the thread's own */
    bool is_told;                  /* the log has why there is none that is new; the thread's own */
    struct orders orders;
    int64_t asked; /* when the authority was asked for them; -1: nothing is known */
};

/* A publishing license that was made here. */
struct made {
    struct made *next;
    size_t size;
    unsigned char bytes[];
};

struct away {
    const struct settings *settings;
    chancery_session *session;
    chancery_context *context;
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t wake;
    bool ends;
    struct known *known; /* as many as the settings have domains */
    struct made *first, *last;
    size_t pending_bytes;
};

int64_t away_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* what was heard gets old in sleep, too */
    return now.tv_sec;
}

/* --- what was heard --------------------------------------------------------------------------- */

/* Of two answers that come at once the later question has the word. */
void away_learn(struct away *away, size_t domain, int64_t asked,
                const chancery_evaluation *evaluation)
{
    struct known *known = &away->known[domain];
    (void)pthread_mutex_lock(&away->lock);
    if (asked >= known->asked) {
        known->orders = orders_while_away(evaluation);
        known->asked = asked;
    }
    if (away->first != NULL) { /* the authority is there */
        (void)pthread_cond_signal(&away->wake);
    }
    (void)pthread_mutex_unlock(&away->lock);
}

static bool is_about_the_mail(const chancery_error *error)
{
    int code = chancery_error_code(error);
    const char *reason = chancery_error_reason(error);
    return code == CHANCERY_CODE_INVALID_ARGUMENT || code == CHANCERY_CODE_RESOURCE_EXHAUSTED ||
           strcmp(reason, "INPUT_INVALID") == 0 || strcmp(reason, "CALL_CANCELED") == 0;
}

void away_hear_error(struct away *away, size_t domain, const chancery_error *error)
{
    if (chancery_error_is_away(error) == 0 && !is_about_the_mail(error)) {
        (void)pthread_mutex_lock(&away->lock);
        away->known[domain].asked = -1;
        (void)pthread_mutex_unlock(&away->lock);
    }
}

bool away_orders(struct away *away, size_t domain, struct orders *out, int *minutes)
{
    const struct known *known = &away->known[domain];
    int64_t now = away_now();
    (void)pthread_mutex_lock(&away->lock);
    bool is_fresh =
        known->asked >= 0 && now - known->asked < (int64_t)away->settings->offline_hours * 60 * 60;
    *out = known->orders;
    *minutes = (int)((now - known->asked) / 60);
    (void)pthread_mutex_unlock(&away->lock);
    return is_fresh && out->protection != CHANCERY_RULE_PROTECTION_NONE;
}

/* --- protecting ------------------------------------------------------------------------------- */

bool away_protect(struct away *away, size_t domain, const chancery_protection *protection,
                  chancery_content **out, chancery_error **error)
{
    (void)pthread_mutex_lock(&away->lock);
    const chancery_publisher *publisher = away->known[domain].publisher;
    *error = publisher == NULL ? NULL : chancery_protect_offline(publisher, protection, out);
    bool ok = publisher != NULL && *error == NULL;
    (void)pthread_mutex_unlock(&away->lock);
    return ok;
}

/* Without room it becomes known when it is first opened. */
void away_register(struct away *away, const chancery_content *content)
{
    size_t size;
    const void *license = chancery_content_license(content, &size);
    struct made *made = malloc(sizeof *made + size);
    (void)pthread_mutex_lock(&away->lock);
    if (made != NULL && away->pending_bytes + size <= PENDING_BYTES) {
        made->next = NULL;
        made->size = size;
        memcpy(made->bytes, license, size);
        away->last = away->first == NULL ? (away->first = made) : (away->last->next = made);
        away->pending_bytes += size;
        made = NULL;
    }
    (void)pthread_mutex_unlock(&away->lock);
    free(made);
}

/* --- the thread ------------------------------------------------------------------------------- */

static void tell(const char *domain, const chancery_error *error)
{
    fprintf(stderr, "no certificate for %s: %s: %s %s\n", domain, chancery_error_reason(error),
            chancery_error_sentence(error), chancery_error_detail(error));
}

static void replace(struct away *away, struct known *known, chancery_publisher *publisher)
{
    (void)pthread_mutex_lock(&away->lock);
    chancery_publisher *former = known->publisher;
    known->publisher = publisher;
    (void)pthread_mutex_unlock(&away->lock);
    chancery_publisher_free(former);
}

/* Whoever is refused may not protect any more, by what they had before either. */
static void certify(struct away *away, size_t domain)
{
    struct known *known = &away->known[domain];
    const char *const domains[] = {away->settings->domains[domain], NULL};
    chancery_publisher *publisher = NULL;
    if (away_now() < known->next) {
        return;
    }
    chancery_error *error =
        chancery_publisher_request_for(away->session, domains, NULL, away->context, &publisher);
    if (error == NULL) {
        replace(away, known, publisher);
        known->next = away_now() + RENEW_S;
        fprintf(stderr, "certificate %s for %s\n", chancery_publisher_certificate_id(publisher),
                domains[0]);
    } else if (chancery_error_code(error) != 0 && chancery_error_is_away(error) == 0) {
        replace(away, known, NULL);
        known->next = away_now() + REFUSED_S;
    }
    if (error != NULL && !known->is_told) {
        tell(domains[0], error);
    }
    known->is_told = error != NULL;
    chancery_error_free(error);
}

/* A certificate that was revoked is good for nothing more. */
static void renew_all(struct away *away)
{
    for (size_t i = 0; i < away->settings->domain_count; i++) {
        away->known[i].next = 0;
    }
}

/* True: it is over with this one, whatever came of it. */
static bool make_known(struct away *away, const struct made *made)
{
    chancery_content *content = NULL;
    chancery_error *error = chancery_content_from_license(made->bytes, made->size, &content);
    error = error != NULL ? error : chancery_register(away->session, content, away->context);
    bool is_canceled = strcmp(chancery_error_reason(error), "CALL_CANCELED") == 0;
    bool is_over = !is_canceled && chancery_error_is_away(error) == 0;
    if (is_over) {
        fprintf(stderr, "%s is known%s%s\n", content == NULL ? "-" : chancery_content_id(content),
                error == NULL ? "" : " to nobody: ", chancery_error_reason(error));
    }
    if (strcmp(chancery_error_reason(error), "PUBLISHER_REVOKED") == 0) {
        renew_all(away);
    }
    chancery_error_free(error);
    chancery_content_free(content);
    return is_over;
}

/* The first one is this thread's: others add behind it only. */
static struct made *first_of(struct away *away)
{
    (void)pthread_mutex_lock(&away->lock);
    struct made *first = away->ends ? NULL : away->first;
    (void)pthread_mutex_unlock(&away->lock);
    return first;
}

static void drop_first(struct away *away)
{
    (void)pthread_mutex_lock(&away->lock);
    struct made *first = away->first;
    away->first = first->next;
    away->pending_bytes -= first->size;
    (void)pthread_mutex_unlock(&away->lock);
    free(first);
}

static bool rest(struct away *away)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* a clock that is set back would make it long */
    until.tv_sec += PAUSE_S;
    (void)pthread_mutex_lock(&away->lock);
    if (!away->ends) {
        (void)pthread_cond_timedwait(&away->wake, &away->lock, &until);
    }
    bool goes_on = !away->ends;
    (void)pthread_mutex_unlock(&away->lock);
    return goes_on;
}

static void *keep_up(void *arg)
{
    struct away *away = arg;
    do {
        for (struct made *made = first_of(away); made != NULL && make_known(away, made);
             made = first_of(away)) {
            drop_first(away);
        }
        for (size_t i = 0; i < away->settings->domain_count; i++) {
            certify(away, i);
        }
    } while (rest(away));
    return NULL;
}

/* Signals are for the thread of libmilter that waits for them. */
static bool start(struct away *away)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&away->thread, NULL, keep_up, away) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

struct away *away_new(const struct settings *settings, chancery_session *session,
                      chancery_context *context)
{
    pthread_condattr_t attributes;
    struct away *away = calloc(1, sizeof *away);
    struct known *known = calloc(settings->domain_count, sizeof *known);
    if (away == NULL || known == NULL) {
        free(away);
        free(known);
        return NULL;
    }
    for (size_t i = 0; i < settings->domain_count; i++) {
        known[i].asked = -1;
    }
    *away =
        (struct away){.settings = settings, .session = session, .context = context, .known = known};
    (void)pthread_mutex_init(&away->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&away->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (!start(away)) {
        free(known);
        free(away);
        return NULL;
    }
    return away;
}

void away_stop(struct away *away)
{
    if (away != NULL) {
        (void)pthread_mutex_lock(&away->lock);
        away->ends = true;
        (void)pthread_cond_signal(&away->wake);
        (void)pthread_mutex_unlock(&away->lock);
        (void)pthread_join(away->thread, NULL);
    }
}
