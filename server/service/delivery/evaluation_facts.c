/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of a message, from the request: checked, and in the forms that rules compare. */
#include "base/utf8.h"
#include "domain/rules/rule.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/delivery/evaluation.h"

enum {
    RECIPIENTS_MAX = 1000,
    HEADERS_MAX = 1000,
    ATTACHMENTS_MAX = 1000,
    LABELS_MAX = 100,
    SUBJECT_MAX = 64 << 10,
    BODY_MAX = 1 << 20,
    MESSAGE_ID_MAX = 998, /* RFC 5322 §2.1.1 */
};

static step read_text(struct call *c, const char *field, const ProtobufCBinaryData *from,
                      size_t most, struct slice *out)
{
    *out = slice_of(from->data, from->len);
    if (from->len > most) {
        return call_bad_field(c, field, "It is too long.");
    }
    return utf8_is_valid(*out) ? STEP_NEXT : call_bad_field(c, field, "It must be UTF-8.");
}

/* A name of a header, or a media type, in lower case as far as it is ASCII: up to one of `ends`, and
 * without the white space around it, which mail may have there (RFC 5322 §4.5, RFC 2045 §5.1). NULL
 * over budget. */
static const char *bare_name(struct call *c, const char *text, const char *ends)
{
    static const char spaces[] = " \t\r\n";
    text += strspn(text, spaces);
    size_t len = strcspn(text, ends);
    while (len > 0 && strchr(spaces, text[len - 1]) != NULL) {
        len--;
    }
    char *out = arena_alloc(call_arena(c), len + 1);
    if (out != NULL) {
        slice_fold(slice_of(text, len), out);
    }
    return out;
}

static step read_headers(struct call *c, const Chancery__V1__MessageFacts *from,
                         struct message_facts *out)
{
    struct message_header *headers =
        ARENA_ARRAY(call_arena(c), struct message_header, from->n_headers + 1);
    for (size_t i = 0; headers != NULL && i < from->n_headers; i++) {
        headers[i].name = bare_name(c, from->headers[i]->name, ":");
        if (headers[i].name == NULL ||
            step_failed(read_text(c, arena_printf(call_arena(c), "facts.headers[%zu].value", i),
                                  &from->headers[i]->value, SUBJECT_MAX, &headers[i].value))) {
            return STEP_FAILED;
        }
    }
    out->headers = headers;
    out->header_count = from->n_headers;
    return headers == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "headers") : STEP_NEXT;
}

static step read_attachments(struct call *c, const Chancery__V1__MessageFacts *from,
                             struct message_facts *out)
{
    struct message_attachment *attachments =
        ARENA_ARRAY(call_arena(c), struct message_attachment, from->n_attachments + 1);
    for (size_t i = 0; attachments != NULL && i < from->n_attachments; i++) {
        const Chancery__V1__MessageAttachment *a = from->attachments[i];
        attachments[i] = (struct message_attachment){.type = bare_name(c, a->type, ";"),
                                                     .size = a->size,
                                                     .password_protected = a->password_protected,
                                                     .unreadable = a->unreadable};
        if (attachments[i].type == NULL ||
            step_failed(read_text(c, arena_printf(call_arena(c), "facts.attachments[%zu].name", i),
                                  &a->name, SUBJECT_MAX, &attachments[i].name))) {
            return STEP_FAILED;
        }
    }
    out->attachments = attachments;
    out->attachment_count = from->n_attachments;
    return attachments == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "attachments") : STEP_NEXT;
}

static step read_kinds(struct call *c, const Chancery__V1__MessageFacts *from,
                       struct message_facts *out)
{
    for (size_t i = 0; i < from->n_kinds; i++) {
        if ((int)from->kinds[i] < 1 || (int)from->kinds[i] > MESSAGE_KINDS) {
            return call_bad_field(c, arena_printf(call_arena(c), "facts.kinds[%zu]", i),
                                  "It must be one of the kinds there are.");
        }
        out->kinds |= 1U << from->kinds[i];
    }
    return STEP_NEXT;
}

static step check_counts(struct call *c, const Chancery__V1__MessageFacts *facts)
{
    return step_failed(
               request_count(c, "facts.recipients", facts->n_recipients, 0, RECIPIENTS_MAX)) ||
                   step_failed(
                       request_count(c, "facts.headers", facts->n_headers, 0, HEADERS_MAX)) ||
                   step_failed(request_count(c, "facts.attachments", facts->n_attachments, 0,
                                             ATTACHMENTS_MAX)) ||
                   step_failed(request_count(c, "facts.labels", facts->n_labels, 0, LABELS_MAX)) ||
                   step_failed(
                       request_text(c, "facts.message_id", facts->message_id, MESSAGE_ID_MAX))
               ? STEP_FAILED
               : STEP_NEXT;
}

static step read_texts(struct call *c, const Chancery__V1__MessageFacts *from,
                       const ProtobufCBinaryData *body)
{
    struct evaluation *e = evaluation_of(c);
    struct message_facts *facts = &e->facts;
    *facts = (struct message_facts){.labels = (const char *const *)from->labels,
                                    .label_count = from->n_labels,
                                    .size = from->size};
    if (step_failed(read_text(c, "facts.subject", &from->subject, SUBJECT_MAX, &facts->subject)) ||
        step_failed(read_text(c, "body", body, BODY_MAX, &facts->body)) ||
        step_failed(read_headers(c, from, facts)) ||
        step_failed(read_attachments(c, from, facts))) {
        return STEP_FAILED;
    }
    return read_kinds(c, from, facts);
}

static bool make_room(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    size_t people = e->recipient_count + 1;
    address_batch_init(&e->batch, call_arena(c));
    e->envelope = ARENA_ARRAY(call_arena(c), struct envelope_address, people);
    e->addresses = ARENA_ARRAY(call_arena(c), const char *, people);
    e->people = ARENA_ARRAY(call_arena(c), struct message_person, people);
    e->deliveries = ARENA_ARRAY(call_arena(c), struct delivery_decision, people);
    return e->envelope != NULL && e->addresses != NULL && e->people != NULL &&
           e->deliveries != NULL;
}

static step read_address(struct call *c, const char *text, size_t index)
{
    struct evaluation *e = evaluation_of(c);
    struct envelope_address *address = &e->envelope[index];
    if (!envelope_address_read(&e->batch, slice_str(text), address, call_err(c)).ok) {
        return STEP_FAILED;
    }
    e->addresses[index] = address->known;
    return STEP_NEXT;
}

/* Of a bounce nobody is the sender. */
static step read_sender(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    size_t index = e->recipient_count;
    const char *text = e->request->sender;
    if (step_failed(read_address(c, envelope_is_bounce(text) ? "" : text, index))) {
        return STEP_FAILED;
    }
    e->by.sender = e->envelope[index].seen;
    return e->by.sender[0] != '\0' || envelope_is_bounce(text)
               ? STEP_NEXT
               : call_bad_field(c, "facts.sender",
                                "It must be a mail address such as bob@fabrikam.com, or <> for a "
                                "bounce.");
}

step evaluation_read(struct call *c, const Chancery__V1__MessageFacts *facts,
                     ProtobufCBinaryData body)
{
    struct evaluation *e = evaluation_of(c);
    e->request = facts;
    e->by.sender = "";
    if (facts == NULL || facts->sender[0] == '\0') {
        return call_bad_field(c, facts == NULL ? "facts" : "facts.sender", "It is required.");
    }
    e->recipient_count = facts->n_recipients;
    if (step_failed(check_counts(c, facts)) || step_failed(read_texts(c, facts, &body))) {
        return STEP_FAILED;
    }
    return make_room(c) ? read_sender(c) : call_fail(c, R_ARENA_EXHAUSTED, "recipients");
}

static step read_recipient(struct call *c, size_t index)
{
    return read_address(c, evaluation_of(c)->request->recipients[index], index);
}

step evaluation_recipients(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    return cursor_each(c, &e->cursor, e->recipient_count, read_recipient, evaluation_recipients);
}
