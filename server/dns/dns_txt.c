/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/dns_txt.h"

#include <ares.h>
#include <string.h>

/* A record with a NUL byte is nothing that anybody looks for. */
static rc take_record(struct dns_txt *txt, const struct dns_answer *answer, size_t record,
                      struct err *err)
{
    struct buf joined;
    struct slice text;
    buf_init(&joined, txt->arena);
    dns_answer_join(answer, record, DNS_TEXT_MAX, &joined);
    TRY(buf_finish(&joined, &text, err));
    if (text.len <= DNS_TEXT_MAX && slice_find(text, '\0') < 0) {
        txt->texts[txt->count] = arena_dup(txt->arena, text);
        ARENA_ENSURE(txt->texts[txt->count], err);
        txt->count++;
    }
    return OK;
}

static rc take_all(struct dns_txt *txt, const struct dns_answer *answer, struct err *err)
{
    size_t count = answer == NULL ? 0 : dns_answer_count(answer);
    txt->texts = ARENA_ARRAY(txt->arena, const char *, DNS_TEXTS_MAX);
    ARENA_ENSURE(txt->texts, err);
    for (size_t i = 0; i < count && txt->count < DNS_TEXTS_MAX; i++) {
        TRY(take_record(txt, answer, i, err));
    }
    return OK;
}

static void on_answer(struct dns_question *question, int status, const struct dns_answer *answer)
{
    struct dns_txt *txt = LIST_ENTRY(question, struct dns_txt, question);
    if (txt->query.is_over) {
        return;
    }
    if (status != ARES_SUCCESS && !dns_query_is_nothing(status)) {
        dns_query_fail(&txt->query, ares_strerror(status));
        return;
    }
    if (!take_all(txt, answer, &txt->query.err).ok) {
        txt->count = 0;
    }
    dns_query_end(&txt->query);
}

static void ask(struct dns_query *query, void *channel)
{
    struct dns_txt *txt = LIST_ENTRY(query, struct dns_txt, query);
    dns_question_ask(&txt->question, channel, query->name);
}

static void ended(struct dns_query *query)
{
    struct dns_txt *txt = LIST_ENTRY(query, struct dns_txt, query);
    txt->err = query->err;
    txt->done(txt);
}

void dns_txt_start(struct dns *dns, struct dns_txt *txt, const char *name)
{
    txt->err = (struct err){0};
    txt->count = 0;
    txt->question = (struct dns_question){.done = on_answer};
    txt->query = (struct dns_query){.limit_ms = DNS_TIMEOUT_MS, .ask = ask, .ended = ended};
    dns_query_start(dns, &txt->query, name);
}

void dns_txt_cancel(struct dns_txt *txt)
{
    dns_query_cancel(&txt->query);
}

bool dns_txt_has(const struct dns_txt *txt, const char *text)
{
    for (size_t i = 0; i < txt->count; i++) {
        if (strcmp(txt->texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}
