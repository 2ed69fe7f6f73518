/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/carry_out.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/declared/acts.h"
#include "cli/declared/fields.h"
#include "cli/declared/group.h"
#include "cli/declared/patch.h"
#include "cli/declared/waiting.h"

/* --- acts by themselves ----------------------------------------------------------------------- */

/* What is in no transaction with others has one request. */
static int carry_out_alone(struct plan *plan, struct change *change)
{
    struct act_request act[CHANGE_REQUESTS_MAX];
    ProtobufCMessage *answer = NULL;
    const char *approval = "";
    size_t count = change_requests(plan, change, act);
    CH_ASSERT(count == 1);
    int code = waiting_find(&plan->state, act[0].method, change->tenant, act[0].request, &approval);
    change->was_asked = approval[0] != '\0';
    if (code == EXIT_OK && !change->was_asked) {
        code = session_call(plan->state.session, act[0].name, act[0].request,
                            act[0].method->response, &answer);
        approval = code == EXIT_OK ? field_text(answer, "approval_id") : "";
    }
    change->approval = approval;
    if (code == EXIT_OK) {
        change->result = approval[0] == '\0' ? CHANGE_DONE : CHANGE_WAITING;
    }
    return code;
}

/* --- telling ---------------------------------------------------------------------------------- */

static const char *done_word(enum act act)
{
    static const char *const words[] = {[ACT_MAKE] = "made",
                                        [ACT_CHANGE] = "changed",
                                        [ACT_REMOVE] = "removed",
                                        [ACT_ORDER] = "put in order"};
    return words[act];
}

static void tell_change(const struct change *change)
{
    bool waits = change->result == CHANGE_WAITING;
    printf("%s ", change->was_asked ? "waits already for another admin:"
                  : waits           ? "waits for another admin:"
                                    : done_word(change->act));
    patch_print_name(change->kind, change->key, change->tenant);
    if (waits) {
        fputs("\n  chancery approval approve ", stdout);
        utf8_print(stdout, change->approval);
    }
    putchar('\n');
}

static void tell_changes(struct change **changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i]->result == CHANGE_DONE || changes[i]->result == CHANGE_WAITING) {
            tell_change(changes[i]);
        }
    }
    fflush(stdout);
}

/* The field of a refusal is one of the request: template.grants[0]. Of several acts it is behind
 * acts[3].create_template. */
static size_t refused_line(const struct session *s, const struct change *change)
{
    const char *field = s->refused_field;
    unsigned dots = strncmp(field, "acts[", strlen("acts[")) == 0 ? 3 : 1;
    for (const char *dot; dots > 0 && (dot = strchr(field, '.')) != NULL; dots--) {
        field = dot + 1;
    }
    return manifest_line(&change->document->manifest, field);
}

/* What has become of those that are made together. */
static void tell_together(size_t together, bool may_be_done)
{
    if (together > 0 && may_be_done) {
        fprintf(
            stderr,
            "  The %zu changes of its tenant are made together: it is as before, or as declared.\n",
            together);
    } else if (together > 1) {
        fprintf(stderr, "  The %zu changes of its tenant are made together, so none of them was.\n",
                together);
    }
}

static void tell_stopped(const struct plan *plan, const struct change *change,
                         const struct group_end *end, size_t together,
                         const struct carried_out *done)
{
    if (change != NULL && change->document != NULL) {
        fputs("  It is in ", stderr);
        utf8_print(stderr, change->document->file);
        fprintf(stderr, ", line %zu.\n", refused_line(plan->state.session, change));
    }
    tell_together(together, end->may_be_done);
    fprintf(
        stderr,
        "  %zu of %zu changes were made before it, and none after it. Correct what is told, and apply\n"
        "  again: what was made is found as it is, and not made twice.\n",
        done->made, plan->count);
    if (done->waiting > 0) {
        fprintf(stderr, "  %zu more wait for another admin.\n", done->waiting);
    }
}

/* Where nobody knows what has become of them, or which was the one, all of a group have failed. */
static void note_stopped(struct plan *plan, struct change *culprit, struct change **changes,
                         size_t count)
{
    for (size_t i = 0; culprit == NULL && i < count; i++) {
        changes[i]->result =
            changes[i]->result == CHANGE_PLANNED ? CHANGE_FAILED : changes[i]->result;
    }
    if (culprit != NULL) {
        culprit->result = CHANGE_FAILED;
        culprit->line = culprit->document == NULL ? 0 : refused_line(plan->state.session, culprit);
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->list[i].result == CHANGE_PLANNED) {
            plan->list[i].result = CHANGE_NOT_TRIED;
        }
    }
}

/* --- all ---------------------------------------------------------------------------------------- */

/* Changes that are carried out together, or one by itself. */
static int carry_out_some(struct plan *plan, enum answer answer, struct change **changes,
                          size_t count, struct carried_out *out)
{
    struct group_end end = {0};
    plan->state.session->refused_field = "";
    bool is_alone = !group_may_have(changes[0]);
    int code =
        is_alone ? carry_out_alone(plan, changes[0]) : group_carry_out(plan, changes, count, &end);
    struct change *culprit = is_alone ? changes[0] : end.culprit;
    size_t undone = 0;
    for (size_t i = 0; i < count; i++) {
        out->made += changes[i]->result == CHANGE_DONE;
        out->waiting += changes[i]->result == CHANGE_WAITING;
        undone += changes[i]->result == CHANGE_PLANNED;
    }
    if (answer == ANSWER_TEXT) {
        tell_changes(changes, count);
    }
    if (code != EXIT_OK && answer == ANSWER_TEXT) {
        tell_stopped(plan, culprit, &end, undone, out);
    }
    if (code != EXIT_OK) {
        note_stopped(plan, culprit, changes, count);
    }
    return code;
}

/* What stands for itself, in its order: what others rest on before them, and removals behind. */
static int carry_out_each(struct plan *plan, enum answer answer, bool removals,
                          struct carried_out *out)
{
    int code = EXIT_OK;
    for (size_t i = 0; code == EXIT_OK && i < plan->count; i++) {
        struct change *change = &plan->list[i];
        if (!group_may_have(change) && (change->act == ACT_REMOVE) == removals) {
            code = carry_out_some(plan, answer, &change, 1, out);
        }
    }
    return code;
}

static bool is_in_group(const struct change *change, const char *tenant)
{
    return group_may_have(change) && change->result == CHANGE_PLANNED &&
           strcmp(change->tenant, tenant) == 0;
}

/* All of the tenant whose turn it is. */
static int carry_out_tenant(struct plan *plan, enum answer answer, const char *tenant,
                            struct carried_out *out)
{
    size_t count = 0;
    struct change **changes =
        ARENA_ARRAY(plan->state.session->arena, struct change *, plan->count + 1);
    CH_ASSERT(changes != NULL); /* a session's arena is far larger */
    for (size_t i = 0; i < plan->count; i++) {
        if (is_in_group(&plan->list[i], tenant)) {
            changes[count++] = &plan->list[i];
        }
    }
    return carry_out_some(plan, answer, changes, count, out);
}

/* The platform's issuers last: with one that is removed its values go, which may be among a tenant's removals. */
static int carry_out_tenants(struct plan *plan, enum answer answer, struct carried_out *out)
{
    int code = EXIT_OK;
    for (size_t i = 0; code == EXIT_OK && i < plan->count; i++) {
        const char *tenant = plan->list[i].tenant;
        if (tenant[0] != '\0' && is_in_group(&plan->list[i], tenant)) {
            code = carry_out_tenant(plan, answer, tenant, out);
        }
    }
    for (size_t i = 0; code == EXIT_OK && i < plan->count; i++) {
        if (is_in_group(&plan->list[i], "")) {
            code = carry_out_tenant(plan, answer, "", out);
        }
    }
    return code;
}

int carry_out(struct plan *plan, enum answer answer, struct carried_out *out)
{
    *out = (struct carried_out){0};
    int code = carry_out_each(plan, answer, false, out);
    code = code == EXIT_OK ? carry_out_tenants(plan, answer, out) : code;
    return code == EXIT_OK ? carry_out_each(plan, answer, true, out) : code;
}
