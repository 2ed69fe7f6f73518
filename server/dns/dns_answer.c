/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/dns_answer.h"

#include <ares.h>
#include <arpa/nameser.h>

#ifdef HAVE_ARES_DNS_RECORD

struct dns_answer {
    const ares_dns_record_t *record;
};

/* The TXT record of this index, or NULL behind the last; answers hold CNAME records too. */
static const ares_dns_rr_t *find(const struct dns_answer *answer, size_t index)
{
    size_t count = ares_dns_record_rr_cnt(answer->record, ARES_SECTION_ANSWER);
    for (size_t i = 0; i < count; i++) {
        const ares_dns_rr_t *row =
            ares_dns_record_rr_get_const(answer->record, ARES_SECTION_ANSWER, i);
        if (ares_dns_rr_get_type(row) == ARES_REC_TYPE_TXT && index-- == 0) {
            return row;
        }
    }
    return NULL;
}

static void on_record(void *arg, ares_status_t status, size_t timeouts,
                      const ares_dns_record_t *record)
{
    struct dns_question *question = arg;
    struct dns_answer answer = {.record = record};
    (void)timeouts;
    question->done(question, (int)status, status == ARES_SUCCESS ? &answer : NULL);
}

void dns_question_ask(struct dns_question *question, void *channel, const char *name)
{
    /* Whatever it returns, on_record is told as well. */
    (void)ares_query_dnsrec(channel, name, ARES_CLASS_IN, ARES_REC_TYPE_TXT, on_record, question,
                            NULL);
}

size_t dns_answer_count(const struct dns_answer *answer)
{
    size_t count = 0;
    while (find(answer, count) != NULL) {
        count++;
    }
    return count;
}

void dns_answer_join(const struct dns_answer *answer, size_t record, size_t max, struct buf *out)
{
    const ares_dns_rr_t *row = find(answer, record);
    size_t count = ares_dns_rr_get_abin_cnt(row, ARES_RR_TXT_DATA);
    for (size_t i = 0; i < count && out->len <= max; i++) {
        size_t len = 0;
        const unsigned char *bytes = ares_dns_rr_get_abin(row, ARES_RR_TXT_DATA, i, &len);
        buf_add(out, slice_of(bytes, len));
    }
}

#else

struct dns_answer {
    const struct ares_txt_ext *list; /* all strings of all records */
};

static void on_bytes(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
    struct dns_question *question = arg;
    struct ares_txt_ext *list = NULL;
    (void)timeouts;
    if (status == ARES_SUCCESS) {
        status = ares_parse_txt_reply_ext(bytes, len, &list);
    }
    struct dns_answer answer = {.list = list};
    question->done(question, status, status == ARES_SUCCESS ? &answer : NULL);
    ares_free_data(list);
}

void dns_question_ask(struct dns_question *question, void *channel, const char *name)
{
    ares_query(channel, name, ns_c_in, ns_t_txt, on_bytes, question);
}

size_t dns_answer_count(const struct dns_answer *answer)
{
    size_t count = 0;
    for (const struct ares_txt_ext *part = answer->list; part != NULL; part = part->next) {
        count += part->record_start != 0;
    }
    return count;
}

void dns_answer_join(const struct dns_answer *answer, size_t record, size_t max, struct buf *out)
{
    size_t started = 0;
    for (const struct ares_txt_ext *part = answer->list; part != NULL; part = part->next) {
        started += part->record_start != 0;
        if (started == record + 1 && out->len <= max) {
            buf_add(out, slice_of(part->txt, part->length));
        }
    }
}

#endif
