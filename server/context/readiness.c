/* SPDX-License-Identifier: Apache-2.0 */
#include "context/readiness.h"

#include "obs/log.h"

void readiness_init(struct readiness *readiness, enum reason problem)
{
    *readiness = (struct readiness){.problem = problem};
    list_init(&readiness->waiting);
}

/* Whoever waits again during this is behind the mark. */
static void tell_all(struct readiness *readiness)
{
    struct list mark;
    list_init(&mark);
    list_append(&readiness->waiting, &mark);
    while (readiness->waiting.next != &mark) {
        struct list *link = list_pop(&readiness->waiting);
        struct readiness_wait *wait = LIST_ENTRY(link, struct readiness_wait, link);
        wait->changed(wait);
    }
    list_remove(&mark);
}

void readiness_set(struct readiness *readiness, enum reason problem)
{
    if (!readiness->has_ended && readiness->problem != problem) {
        readiness->problem = problem;
        tell_all(readiness);
    }
}

void readiness_end(struct readiness *readiness)
{
    if (!readiness->has_ended) {
        readiness->has_ended = true;
        readiness->problem = R_SHUTTING_DOWN;
        tell_all(readiness);
    }
}

void readiness_wait(struct readiness *readiness, struct readiness_wait *wait,
                    void (*changed)(struct readiness_wait *wait))
{
    wait->changed = changed;
    list_init(&wait->link);
    list_append(&readiness->waiting, &wait->link);
}

void readiness_wait_cancel(struct readiness_wait *wait)
{
    list_remove(&wait->link);
}

void readiness_log(const struct readiness *readiness, unsigned worker)
{
    const struct reason_info *info = reason_info(readiness->problem);
    if (readiness->problem == R_NONE) {
        log_event(LOG_INFO, "worker.ready", F_INT("worker", worker));
    } else {
        log_event(LOG_WARNING, "worker.not_ready", F_INT("worker", worker),
                  F_STR("reason", info->name), F_STR("what", info->text),
                  F_STR("advice", info->advice));
    }
}
