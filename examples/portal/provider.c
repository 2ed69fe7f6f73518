/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in at an OpenID provider: there, and back. */
#include <microhttpd.h>
#include <string.h>

#include "oidc.h"
#include "page.h"
#include "routes.h"

static void on_begun(struct exchange *exchange)
{
    struct oidc_job *job = exchange->job;
    struct session *session = exchange->session;
    if (session == NULL) {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else if (job->problem != 0) {
        show_sign_in(exchange, MHD_HTTP_BAD_GATEWAY, job->problem);
    } else {
        session->provider = exchange->number;
        memcpy(session->state, job->state, sizeof session->state);
        memcpy(session->nonce, job->nonce, sizeof session->nonce);
        memcpy(session->verifier, job->verifier, sizeof session->verifier);
        answer_redirect(exchange, job->url);
    }
    oidc_job_free(job);
}

void handle_provider(struct exchange *exchange)
{
    if (exchange->number >= exchange->portal->settings->provider_count) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
        return;
    }
    struct oidc_job *job = oidc_job_new(exchange->portal, exchange->number);
    if (!exchange_work(exchange, oidc_begin, job, on_begun)) {
        oidc_job_free(job);
    }
}

static void on_finished(struct exchange *exchange)
{
    struct oidc_job *job = exchange->job;
    struct session *session = exchange->session;
    if (session == NULL) {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
    } else if (job->problem != 0) {
        show_sign_in(exchange, MHD_HTTP_FORBIDDEN, job->problem);
    } else {
        session_sign_in(exchange->portal->sessions, session, g_steal_pointer(&job->token),
                        job->seconds);
        answer_redirect(exchange, "/message");
        answer_cookie(exchange);
    }
    oidc_job_free(job);
}

/* A state counts once, for the session and the provider for which it was made. */
static bool take_state(struct exchange *exchange)
{
    struct session *session = exchange->session;
    const char *state = exchange_query(exchange, "state");
    bool is_ours = session->state[0] != '\0' && state != NULL &&
                   is_same_secret(state, session->state) && session->provider == exchange->number;
    session->state[0] = '\0';
    return is_ours;
}

void handle_callback(struct exchange *exchange)
{
    const char *code = exchange_query(exchange, "code");
    if (!take_state(exchange) || code == NULL || code[0] == '\0') {
        show_sign_in(exchange, MHD_HTTP_FORBIDDEN, P_SIGN_IN_FAILED);
        return;
    }
    struct oidc_job *job = oidc_job_new(exchange->portal, exchange->number);
    job->code = g_strdup(code);
    job->iss = g_strdup(exchange_query(exchange, "iss"));
    memcpy(job->nonce, exchange->session->nonce, sizeof job->nonce);
    memcpy(job->verifier, exchange->session->verifier, sizeof job->verifier);
    if (!exchange_work(exchange, oidc_finish, job, on_finished)) {
        oidc_job_free(job);
    }
}
