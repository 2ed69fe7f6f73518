/* SPDX-License-Identifier: Apache-2.0 */
/* chancery amend */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggestion.h"
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "cli/protected.h"
#include "cli/verbs.h"
#include "cli/when.h"
#include "domain/values/rights.h"

static const char HELP[] =
    "usage: chancery amend --profile FILE [--set PRINCIPAL=RIGHTS]… [--add-recipient ADDRESS]…\n"
    "                      [--remove PRINCIPAL]… [--expires TIME|+DAYS|never] [--reason TEXT]\n"
    "                      [-o json|yaml] CONTENT-ID|FILE\n"
    "\n"
    "Changes the policy of content that was sent, from the next license on. For its owner, its\n"
    "issuer and admins of its tenant; with the protected mail or file also for whoever holds OWNER\n"
    "or, within their own rights, EDITRIGHTSDATA. Changes add up. What lets somebody in by an admin\n"
    "may need a second one to approve it.\n"
    "\n"
    "  --set            the rights that a principal has instead of those it had: names with\n"
    "                   commas between (VIEW,PRINT), or one of viewer, reviewer, co-author,\n"
    "                   co-owner, do-not-forward, encrypt-only\n"
    "  --add-recipient  gives somebody what the policy gives to recipients\n"
    "  --remove         takes from a principal what it had by that name; from a person, by any of\n"
    "                   their addresses\n"
    "  --expires        2027-01-31 (its first second in UTC), 2027-01-31T12:00:00Z or with an\n"
    "                   offset (+01:00), +DAYS after the content was protected, or never\n"
    "  --reason         why, for the audit log\n"
    "\n"
    "A principal is user:ADDRESS, group:ADDRESS, domain:NAME, tenant:NAME, recipients or\n"
    "authenticated. Rights that reach a person by another name stay; to shut one person out, use\n"
    "chancery revoke --user.\n"
    "\n"
    "  chancery amend --profile alice.yaml --set user:bob@fabrikam.com=viewer --expires +14 ID\n"
    "\n"
    "Next: chancery inspect shows a reader what they may do now.\n";

struct amend_args {
    enum answer answer; /* what the format says */
    const char *profile, *format, *expires, *reason, *content;
    const char **sets, **recipients, **removals; /* NULL-terminated; NULL: none */
};

static const struct {
    const char *name;
    uint32_t bits;
} presets[] = {{"viewer", RIGHTS_VIEWER},
               {"reviewer", RIGHTS_REVIEWER},
               {"co-author", RIGHTS_CO_AUTHOR},
               {"co-owner", RIGHTS_CO_OWNER},
               {"do-not-forward", RIGHTS_DO_NOT_FORWARD},
               {"encrypt-only", RIGHTS_ENCRYPT_ONLY}};
enum { PRESETS = sizeof presets / sizeof presets[0] };

/* The rights of a preset; 0 if the name is not that of a preset. */
static uint32_t preset_bits(const char *name)
{
    for (size_t i = 0; i < PRESETS; i++) {
        if (strcmp(presets[i].name, name) == 0) {
            return presets[i].bits;
        }
    }
    return 0;
}

static rc read_rights(struct arena *arena, const char *text, struct rights *out, struct err *err)
{
    *out = (struct rights){.bits = preset_bits(text)};
    return out->bits != 0 ? OK : rights_parse(arena, slice_str(text), out, err);
}

/* The first of the names that is no right, and the nearest one. */
static int tell_rights(struct session *s, const char *names)
{
    struct rights ignored;
    struct slice rest = slice_str(names);
    for (bool is_last = false; !is_last;) {
        ptrdiff_t comma = slice_find(rest, ',');
        is_last = comma < 0;
        size_t end = is_last ? rest.len : (size_t)comma;
        const char *name = arena_dup(s->arena, slice_cut(rest, 0, end));
        CH_ASSERT(name != NULL); /* a session's arena is far larger than a command line */
        rest = slice_cut(rest, end + 1, rest.len);
        if (name[0] != '\0' && rights_parse(s->arena, slice_str(name), &ignored, NULL).ok) {
            continue;
        }
        if (preset_bits(name) != 0) {
            return usage_error(s->command, "--set: %s stands alone, without other rights", name);
        }
        struct suggestion meant = {.word = name};
        for (size_t i = 0; i < PRESETS; i++) {
            suggestion_consider(&meant, presets[i].name);
        }
        for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
            suggestion_consider(&meant, rights_standard_name(i));
        }
        return meant.best == NULL
                   ? usage_error(s->command, "--set: there is no right \"%s\"", name)
                   : usage_error(s->command, "--set: there is no right \"%s\"; did you mean %s?",
                                 name, meant.best);
    }
    return usage_error(s->command,
                       "--set takes PRINCIPAL=RIGHTS, with at most %d rights of your own",
                       RIGHTS_CUSTOM_MAX);
}

/* "user:bob@fabrikam.com=VIEW,PRINT". An address may contain "=", rights never do. */
static rc read_grant(struct arena *arena, const char *text, Chancery__V1__Grant **out,
                     struct err *err)
{
    struct rights rights;
    const char *equals = strrchr(text, '=');
    if (equals == NULL || equals[1] == '\0') {
        FAIL(err, R_INPUT_INVALID, "%s: a grant is PRINCIPAL=RIGHT,RIGHT", text);
    }
    TRY(read_rights(arena, equals + 1, &rights, err));
    Chancery__V1__Grant *grant = ARENA_NEW(arena, Chancery__V1__Grant);
    char **principals = ARENA_ARRAY(arena, char *, 1);
    Chancery__V1__Right *bits = ARENA_ARRAY(arena, Chancery__V1__Right, RIGHTS_STANDARD);
    char **custom = ARENA_ARRAY(arena, char *, RIGHTS_CUSTOM_MAX);
    ENSURE(grant != NULL && principals != NULL && bits != NULL && custom != NULL, err,
           R_ARENA_EXHAUSTED);
    chancery__v1__grant__init(grant);
    principals[0] = arena_dup(arena, slice_of(text, (size_t)(equals - text)));
    ARENA_ENSURE(principals[0], err);
    grant->principals = principals;
    grant->n_principals = 1;
    grant->rights = bits;
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        if ((rights.bits & 1U << i) != 0) {
            bits[grant->n_rights++] = (Chancery__V1__Right)(i + 1);
        }
    }
    grant->custom_rights = custom;
    for (; grant->n_custom_rights < rights.custom_count; grant->n_custom_rights++) {
        custom[grant->n_custom_rights] = text_field(rights.custom[grant->n_custom_rights]);
    }
    *out = grant;
    return OK;
}

static bool read_expiry(const char *text, Chancery__V1__Expiry *expiry,
                        Google__Protobuf__Timestamp *time)
{
    chancery__v1__expiry__init(expiry);
    google__protobuf__timestamp__init(time);
    if (strcmp(text, "never") == 0) {
        return true;
    }
    if (when_parse_days(text, &expiry->days)) {
        expiry->kind_case = CHANCERY__V1__EXPIRY__KIND_DAYS;
        return true;
    }
    expiry->kind_case = CHANCERY__V1__EXPIRY__KIND_TIME;
    expiry->time = time;
    return when_parse(text, &time->seconds);
}

static int show(struct session *s, const struct amend_args *args, const ProtobufCMessage *message)
{
    const Chancery__V1__AmendPolicyResponse *r = (const void *)message;
    if (args->answer != ANSWER_TEXT) {
        return answer_print(s, args->answer, message);
    }
    if (!verb_was_asked(message)) {
        printf("amended, version %lld\n", (long long)r->version);
    }
    return EXIT_OK;
}

static int amend(struct session *s, const struct amend_args *args)
{
    struct err err = {0};
    struct content_operand content;
    ProtobufCMessage *message = NULL;
    Chancery__V1__AmendPolicyRequest request;
    Chancery__V1__Expiry expiry;
    Google__Protobuf__Timestamp time;
    chancery__v1__amend_policy_request__init(&request);
    size_t sets = texts_count(args->sets);
    Chancery__V1__Grant **grants = ARENA_ARRAY(s->arena, Chancery__V1__Grant *, sets + 1);
    CH_ASSERT(grants != NULL); /* a session's arena is far larger than a command line */
    for (size_t i = 0; i < sets; i++) {
        if (!read_grant(s->arena, args->sets[i], &grants[i], &err).ok) {
            const char *equals = strrchr(args->sets[i], '=');
            return equals == NULL || equals[1] == '\0'
                       ? usage_error(s->command, "--set takes PRINCIPAL=RIGHTS, not %s",
                                     args->sets[i])
                       : tell_rights(s, equals + 1);
        }
    }
    if (args->expires != NULL && !read_expiry(args->expires, &expiry, &time)) {
        return usage_error(s->command, "--expires takes a time that exists, +DAYS or never, not %s",
                           args->expires);
    }
    int code = content_operand_read(s, args->content, &content);
    if (code != EXIT_OK) {
        return code;
    }
    request.content_id = content.id;
    request.publishing_license = content.license;
    request.set_grants = grants;
    request.n_set_grants = sets;
    request.add_recipients = (char **)(uintptr_t)args->recipients;
    request.n_add_recipients = texts_count(args->recipients);
    request.remove_principals = (char **)(uintptr_t)args->removals;
    request.n_remove_principals = texts_count(args->removals);
    request.expiry = args->expires == NULL ? NULL : &expiry;
    request.reason = text_field(args->reason);
    code = session_call(s, "PublishingService/AmendPolicy", &request.base,
                        &chancery__v1__amend_policy_response__descriptor, &message);
    return code == EXIT_OK ? show(s, args, message) : code;
}

static int run(int argc, char **argv)
{
    struct amend_args args = {0};
    const struct option_spec specs[] = {
        {"--profile", &args.profile, NULL, NULL}, {"-o", &args.format, NULL, NULL},
        {"--set", NULL, NULL, &args.sets},        {"--add-recipient", NULL, NULL, &args.recipients},
        {"--remove", NULL, NULL, &args.removals}, {"--expires", &args.expires, NULL, NULL},
        {"--reason", &args.reason, NULL, NULL}};
    struct session session;
    if (options_take(&command_amend, specs, 7, argc, argv) != 2) {
        return usage_error(&command_amend, "give one content id, or a protected mail or file");
    }
    args.content = argv[1];
    int code = answer_read(&command_amend, args.format, &args.answer);
    code = code == EXIT_OK ? session_open(&session, &command_amend, args.profile) : code;
    if (code == EXIT_OK) {
        code = amend(&session, &args);
        session_close(&session);
    }
    return code;
}

const struct command command_amend = {.name = "amend",
                                      .summary = "change the policy of content that was sent",
                                      .help = HELP,
                                      .run = run};
