/* SPDX-License-Identifier: Apache-2.0 */
#include "open.h"

#include <microhttpd.h>

#include "authority.h"
#include "page.h"

/* What was opened becomes the session's, or the page says why not. */
static const struct reading *take_reading(struct exchange *exchange, struct reading_job *job)
{
    struct session *session = exchange->session;
    if (session == NULL) {
        answer_problem(exchange, MHD_HTTP_FORBIDDEN, P_SESSION_OVER);
        return NULL;
    }
    session_set_reading(session, g_steal_pointer(&job->reading));
    if (job->failure.problem != 0) {
        answer_refusal(exchange, MHD_HTTP_FORBIDDEN, job->failure.problem, job->failure.contact,
                       job->failure.number);
        return NULL;
    }
    return session->reading;
}

static void on_opened(struct exchange *exchange)
{
    struct reading_job *job = exchange->job;
    const struct reading *reading = take_reading(exchange, job);
    if (reading != NULL) {
        job->give(exchange, reading);
    }
    reading_job_free(job);
}

void open_message(struct exchange *exchange, bool is_to_save,
                  void (*give)(struct exchange *exchange, const struct reading *reading))
{
    struct reading_job *job = reading_job_new(exchange->portal, exchange->session);
    job->is_to_save = is_to_save;
    job->give = give;
    if (!exchange_work(exchange, reading_open, job, on_opened)) {
        reading_job_free(job);
    }
}

void with_message(struct exchange *exchange,
                  void (*give)(struct exchange *exchange, const struct reading *reading))
{
    const struct reading *reading = session_reading(exchange->session);
    if (reading == NULL) {
        open_message(exchange, false, give);
    } else {
        give(exchange, reading);
    }
}
