/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.ListAvailableTemplates: what could the caller protect with? Who could protect
 * nothing is refused for the reason that Protect would tell. A template's scope says who may choose
 * it, never who may open what it protects.
 *
 *   parse    the language, the owner
 *   tenant   whose templates: the owner's
 *   decide   pure: may this caller protect at all? (domain/decide/decide_publisher.c)
 *   list     the templates, with their names
 *   choose   pure, for each: may this caller choose it?
 *   reply */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "chancery/v1/publishing.pb-c.h"
#include "crypto/hash.h"
#include "domain/decide/decide_publisher.h"
#include "domain/values/language.h"
#include "domain/values/language_lookup.h"
#include "service/common/cursor.h"
#include "service/common/flows.h"
#include "service/common/publisher_scope.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

enum {
    CHOICE_MEMORY = 3 << 20, /* for the names and descriptions of TEMPLATES_MAX templates */
    ROWS_MEMORY = 2 << 20,   /* for whole rows, in parts */
};

struct available {
    struct scope scope; /* first */
    struct arena *rows; /* of one part of the list */
    struct client_names client;
    const char *owner; /* for whom: as asked for, or the caller's own user; else "" */
    struct cursor cursor;
    struct template_id after;                 /* the last one that was looked at */
    Chancery__V1__AvailableTemplate **chosen; /* those that the caller may choose */
    size_t chosen_count;
};

static struct available *available_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListAvailableTemplatesRequest *request =
        list_available_templates_request(c);
    struct available *a = available_of(c);
    step all = request_text(c, "language", request->language, LANGUAGE_MAX);
    all = step_and(all, request_client(c, request->client, &a->client));
    all = step_and(all, request_address(c, "owner", request->owner, &a->owner));
    if (step_failed(all)) {
        return STEP_FAILED;
    }
    if (a->owner[0] == '\0' && subject_has_user(&caller_of(c)->subject)) {
        a->owner = caller_of(c)->who.user;
    }
    return STEP_NEXT;
}

/* --- whose templates -------------------------------------------------------------------------- */

/* The user's tenant, the component's, or for a platform's gateway the owner's. */
static step tenant(struct call *c)
{
    return publisher_scope(c, "owner", available_of(c)->owner);
}

/* --- which of them ---------------------------------------------------------------------------- */

static struct publisher_question question_of(const struct call *c)
{
    return (struct publisher_question){.tenant = &scope_of(c)->tenant->view,
                                       .subject = &caller_of(c)->subject,
                                       .owner = available_of(c)->owner};
}

static step decide(struct call *c)
{
    caller_of(c)->subject.application = available_of(c)->client.application;
    caller_of(c)->subject.platform = available_of(c)->client.platform;
    const struct publisher_question question = question_of(c);
    enum reason reason = decide_publisher(&question);
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "decided");
}

static void free_rows(void *arena)
{
    arena_free(arena);
}

/* A part of the list: as many rows as fit, from behind those that were looked at. */
static step list_part(struct call *c)
{
    struct available *a = available_of(c);
    struct change_op *op = scope_begin(c);
    arena_reset(a->rows);
    op->op.arena = a->rows;
    template_store_list(op, (struct template_id){{{0}}}, a->after, TEMPLATES_MAX);
    return scope_wait(c);
}

static step list(struct call *c)
{
    struct available *a = available_of(c);
    a->rows = arena_new(ROWS_MEMORY);
    a->chosen = ARENA_ARRAY(call_arena(c), Chancery__V1__AvailableTemplate *, TEMPLATES_MAX + 1);
    if (!arena_on_free(call_arena(c), free_rows, a->rows, call_err(c)).ok) {
        return STEP_FAILED;
    }
    return a->chosen == NULL ? reply_over_budget(c) : list_part(c);
}

/* By the view that Protect decides on; the row is there for its texts. */
static bool may_choose(const struct call *c, const struct template_row *row)
{
    const struct publisher_question question = question_of(c);
    return decide_choice(&question, tenant_find_template(question.tenant, row->id)) == R_NONE;
}

/* --- in which language ------------------------------------------------------------------------ */

static const char *text_in(const char *language, const char *const *languages,
                           const char *const *texts, size_t count)
{
    return count > 0 ? texts[language_lookup(language, languages, count)] : "";
}

static Chancery__V1__AvailableTemplate *write_one(struct call *c, const struct template_row *row)
{
    const Chancery__V1__ListAvailableTemplatesRequest *request =
        list_available_templates_request(c);
    Chancery__V1__AvailableTemplate *t =
        call_message(c, &chancery__v1__available_template__descriptor);
    if (t == NULL) {
        return NULL;
    }
    t->template_id = reply_text(reply_uuid(c, row->id.u));
    const char *name =
        text_in(request->language, row->name_languages, row->name_texts, row->name_count);
    const char *description = text_in(request->language, row->description_languages,
                                      row->description_texts, row->description_count);
    t->name = arena_strdup(call_arena(c), name);
    t->description = arena_strdup(call_arena(c), description);
    return t->name == NULL || t->description == NULL ? NULL : t;
}

static step choose_one(struct call *c, size_t index)
{
    struct available *a = available_of(c);
    const struct template_row *row = &scope_of(c)->op.templates[index];
    a->after = row->id;
    if (a->chosen_count == TEMPLATES_MAX || !may_choose(c, row)) {
        return STEP_NEXT;
    }
    a->chosen[a->chosen_count] = write_one(c, row);
    return a->chosen[a->chosen_count++] == NULL ? reply_over_budget(c) : STEP_NEXT;
}

static step choose(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    step result = cursor_each(c, &available_of(c)->cursor, op->template_count, choose_one, choose);
    if (result.kind != STEP_KIND_NEXT || !op->op.is_cut) {
        return result;
    }
    call_then(c, choose);
    return list_part(c);
}

static int by_name(const void *a, const void *b)
{
    const Chancery__V1__AvailableTemplate *const *left = a, *const *right = b;
    int order = strcmp((*left)->name, (*right)->name);
    return order != 0 ? order : strcmp((*left)->template_id, (*right)->template_id);
}

static bool hash_one(struct arena *scratch, const Chancery__V1__AvailableTemplate *t,
                     uint8_t hash[SHA256_BYTES])
{
    struct slice text;
    struct buf buf;
    arena_reset(scratch);
    buf_init(&buf, scratch);
    buf_printf(&buf, "%s\n%s\n%s\n", t->template_id, t->name, t->description);
    return buf_finish(&buf, &text, NULL).ok && hash_sha256(text, hash, NULL).ok;
}

/* Changes when what is shown does: a hash of each one's hash. */
static const char *etag_of(struct call *c, const struct available *a)
{
    uint8_t hash[SHA256_BYTES], *each = arena_alloc(call_arena(c), a->chosen_count * sizeof hash);
    for (size_t i = 0; each != NULL && i < a->chosen_count; i++) {
        if (!hash_one(a->rows, a->chosen[i], each + i * sizeof hash)) {
            return NULL;
        }
    }
    struct slice all = slice_of(each, a->chosen_count * sizeof hash);
    if (each == NULL || !hash_sha256(all, hash, NULL).ok) {
        return NULL;
    }
    return base64url_dup(call_arena(c), slice_of(hash, sizeof hash));
}

static step reply_list(struct call *c)
{
    const Chancery__V1__ListAvailableTemplatesRequest *request =
        list_available_templates_request(c);
    struct available *a = available_of(c);
    Chancery__V1__ListAvailableTemplatesResponse *r = list_available_templates_response(c);
    qsort(a->chosen, a->chosen_count, sizeof(void *), by_name); /* an array of pointers */
    const char *etag = etag_of(c, a);
    if (r == NULL || etag == NULL) {
        return reply_over_budget(c);
    }
    r->etag = reply_text(etag);
    r->templates = a->chosen;
    r->n_templates = strcmp(etag, request->etag) == 0 ? 0 : a->chosen_count;
    return list_available_templates_reply(c, r);
}

const struct flow list_available_templates_flow = {
    .method = "/chancery.v1.PublishingService/ListAvailableTemplates",
    .name = "list_available_templates",
    .state = FLOW_STATE_ON(struct available, BASE_SCOPE, struct scope, scope),
    .memory = CHOICE_MEMORY,
    .steps = {STEP("parse", parse_list), STEP("tenant", tenant), STEP("decide", decide),
              STEP("list", list), STEP("choose", choose), STEP("reply", reply_list)},
};
