/* SPDX-License-Identifier: Apache-2.0 */
/* chancery login, chancery logout */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/contexts.h"
#include "cli/login.h"
#include "cli/session.h"
#include "cli/when.h"
#include "wire/message_text.h"

static const char LOGIN_HELP[] =
    "usage: chancery login [--profile NAME]\n"
    "\n"
    "Signs you in at your organization's identity provider, for a context that says by whom: it shows\n"
    "an address and a code, you open the address in any browser, on any device, and enter the code\n"
    "there (RFC 8628). The token that comes is kept for you alone, and every command that uses the\n"
    "context asks with it. If the provider also gives a refresh token, it is renewed by itself when\n"
    "it ends; without one, sign in again. It has no -o: somebody must read what it shows.\n"
    "\n"
    "Look at the address before you enter the code, and enter none that somebody sends you.\n"
    "\n"
    "  chancery context add contoso --server https://rms.example.org \\\n"
    "      --issuer https://sso.contoso.com/realms/main --client-id chancery\n"
    "  chancery login --profile contoso\n"
    "\n"
    "Next: chancery whoami; chancery logout forgets the tokens.\n";

static const char LOGOUT_HELP[] =
    "usage: chancery logout [--profile NAME]\n"
    "\n"
    "Deletes the tokens that chancery login has got for a context, and tells the identity provider to\n"
    "forget the refresh token (RFC 7009), where it can. The context stays. It has no -o.\n"
    "\n"
    "  chancery logout --profile contoso\n";

/* --- which context ---------------------------------------------------------------------------- */

static rc check(const struct session *s, struct err *err)
{
    const Profile *p = s->profile;
    const char *name = s->named.context == NULL ? "NAME" : s->named.context;
    if (s->named.context == NULL || p->login == NULL) {
        FAIL(err, R_PROFILE_INVALID,
             "%s says not by whom to sign in: chancery context add %s --profile … --issuer URL "
             "--client-id ID --replace",
             s->named.file, name);
    }
    if (p->login->issuer[0] == '\0' || p->login->client_id[0] == '\0') {
        FAIL(err, R_PROFILE_INVALID, "login of context %s needs issuer and client_id", name);
    }
    if (p->token_file[0] != '\0') {
        FAIL(err, R_PROFILE_INVALID,
             "context %s has a token_file of its own, which would be used instead", name);
    }
    return OK;
}

static rc find(struct session *s, const char *given, struct err *err)
{
    TRY(profile_find(s->arena, given, &s->named, err));
    if (s->named.file == NULL) {
        FAIL(err, R_PROFILE_INVALID, "no context is named, and none is used: give --profile NAME");
    }
    TRY(profile_read(s->arena, s->named.file, &s->profile, err));
    return check(s, err);
}

/* --- login ------------------------------------------------------------------------------------ */

static void show_line(const char *what, const char *text)
{
    printf("  %s", what);
    utf8_print(stdout, text);
    putchar('\n');
}

static void show_device(const struct login_device *device)
{
    puts("Open this address in a browser, and enter the code:");
    show_line("", device->address);
    show_line("code: ", device->user_code);
    if (device->whole_address[0] != '\0') {
        show_line("or open, with the code in it: ", device->whole_address);
    }
    printf("It holds for %lld minutes. Waiting …\n", (long long)(device->ends_s + 59) / 60);
    fflush(stdout);
}

static rc show_done(struct session *s, const struct login_tokens *tokens, struct err *err)
{
    struct login_claims claims;
    char text[WHEN_BYTES];
    TRY(login_read_claims(s->arena, tokens->id_token, s->profile->login->client_id, &claims, err));
    Google__Protobuf__Timestamp end = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    end.seconds = claims.ends_s;
    when_format(&end, text);
    fputs("signed in as ", stdout);
    utf8_print(stdout, claims.who);
    printf(" until %s%s\n", text,
           tokens->refresh[0] == '\0' ? "" : "; it is renewed by itself then");
    return OK;
}

static bool is_same(struct arena *arena, const Profile *one, const Profile *other)
{
    const char *texts[2];
    return message_to_json(arena, &one->base, false, false, &texts[0], NULL).ok &&
           message_to_json(arena, &other->base, false, false, &texts[1], NULL).ok &&
           strcmp(texts[0], texts[1]) == 0;
}

/* Somebody may have removed or replaced the context while the code waited: another authority must not get the token, and a
 * context that is gone leaves none. Under the lock, as whoever removes one. */
static rc check_still_there(struct session *s, struct err *err)
{
    Profile *now = NULL;
    bool is_there = false;
    TRY(context_exists(s->named.file, &is_there, err));
    if (is_there) {
        TRY(profile_read(s->arena, s->named.file, &now, err));
    }
    if (!is_there || !is_same(s->arena, now, s->profile)) {
        FAIL(err, R_SIGN_IN_FAILED, "context %s was %s meanwhile, so nothing was kept",
             s->named.context, is_there ? "changed" : "removed");
    }
    return OK;
}

static rc keep(struct session *s, const struct login_tokens *tokens, struct err *err)
{
    AUTO(login_unlock) int lock = -1;
    TRY(login_lock(s->arena, s->named.context, &lock, err));
    TRY(check_still_there(s, err));
    return login_store(s->arena, s->named.context, tokens, err);
}

/* What isn't kept is of no use to anybody; that the provider can't forget it is no other failure. */
static rc keep_or_give_back(struct session *s, const struct provider *provider,
                            const struct login_tokens *tokens, struct err *err)
{
    rc kept = keep(s, tokens, err);
    if (!kept.ok && tokens->refresh[0] != '\0') {
        (void)login_revoke(s->arena, s->profile->login, provider, tokens->refresh, NULL).ok;
    }
    return kept;
}

static rc sign_in(struct session *s, struct err *err)
{
    const SignIn *by = s->profile->login;
    struct provider provider;
    struct login_device device;
    struct login_tokens tokens;
    TRY(provider_discover(s->arena, by->issuer, by->ca_file, &provider, err));
    TRY(login_ask_device(s->arena, by, &provider, &device, err));
    show_device(&device);
    TRY(login_wait(s->arena, by, &provider, &device, &tokens, err));
    TRY(keep_or_give_back(s, &provider, &tokens, err));
    return show_done(s, &tokens, err);
}

/* --- logout ----------------------------------------------------------------------------------- */

/* What is revoked is what was there last: a renewal that is under way ends before. */
static rc forget(struct session *s, const char **refresh, bool *was_there, struct err *err)
{
    AUTO(login_unlock) int lock = -1;
    TRY(login_lock(s->arena, s->named.context, &lock, err));
    TRY(login_stored(s->arena, s->named.context, "refresh", refresh, err));
    return login_forget(s->arena, s->named.context, was_there, err);
}

/* Here first: whatever the provider answers, nobody is signed in any longer. */
static rc sign_out(struct session *s, struct err *err)
{
    const SignIn *by = s->profile->login;
    struct provider provider;
    const char *refresh;
    bool was_there;
    TRY(forget(s, &refresh, &was_there, err));
    puts(was_there ? "signed out" : "nobody was signed in");
    if (refresh[0] == '\0') {
        return OK;
    }
    TRY(provider_discover(s->arena, by->issuer, by->ca_file, &provider, err));
    return login_revoke(s->arena, by, &provider, refresh, err);
}

/* --- the commands ----------------------------------------------------------------------------- */

static int run_by(const struct command *command, rc (*act)(struct session *s, struct err *err),
                  int argc, char **argv)
{
    struct session session;
    struct err err = {0};
    const char *profile = NULL;
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL}};
    if (options_take(command, specs, 1, argc, argv) != 1) {
        return usage_error(command, "it takes no operands");
    }
    int code = session_begin(&session, command);
    if (code != EXIT_OK) {
        return code;
    }
    bool ok = find(&session, profile, &err).ok && act(&session, &err).ok;
    code = ok ? EXIT_OK : fail_with(command, &err);
    session_close(&session);
    return code;
}

static int run_login(int argc, char **argv)
{
    return run_by(&command_login, sign_in, argc, argv);
}

static int run_logout(int argc, char **argv)
{
    return run_by(&command_logout, sign_out, argc, argv);
}

const struct command command_login = {.name = "login",
                                      .summary = "sign in at an identity provider, for a context",
                                      .help = LOGIN_HELP,
                                      .run = run_login};

const struct command command_logout = {.name = "logout",
                                       .summary = "forget the tokens of a sign-in",
                                       .help = LOGOUT_HELP,
                                       .run = run_logout};
