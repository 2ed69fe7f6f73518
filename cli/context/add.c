/* SPDX-License-Identifier: Apache-2.0 */
/* chancery context add: from options, or from the file of a profile. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/texts.h"
#include "base/utf8.h"
#include "cli/context/context.h"
#include "cli/login.h"

/* A context is used from any folder, so its files are named from the root on. */
static rc make_absolute(struct arena *arena, char **file, struct err *err)
{
    char real[PATH_MAX];
    if ((*file)[0] == '\0') {
        return OK;
    }
    if (realpath(*file, real) == NULL) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", *file, strerrordesc_np(errno));
    }
    if (!utf8_is_text(slice_str(real))) {
        FAIL(err, R_PROFILE_INVALID, "%s: its name is not UTF-8, so a profile can't name it",
             *file);
    }
    *file = arena_strdup(arena, real);
    ARENA_ENSURE(*file, err);
    return OK;
}

static rc make_all_absolute(struct arena *arena, Profile *p, struct err *err)
{
    if (p->login != NULL) {
        TRY(make_absolute(arena, &p->login->client_secret_file, err));
        TRY(make_absolute(arena, &p->login->ca_file, err));
    }
    char **files[] = {&p->ca_file, &p->certificate_file, &p->key_file, &p->token_file,
                      &p->dpop_key_file};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        TRY(make_absolute(arena, files[i], err));
    }
    return OK;
}

/* What an option says, over what the file says. */
static void set(char **field, const char *value)
{
    if (value != NULL) {
        *field = text_field(value);
    }
}

static rc set_sign_in(struct arena *arena, const struct context_args *args, Profile *p,
                      struct err *err)
{
    if (args->issuer == NULL && p->login == NULL) {
        return OK;
    }
    if (p->login == NULL) {
        p->login = ARENA_NEW(arena, Chancery__Config__V1__SignIn);
        ARENA_ENSURE(p->login, err);
        chancery__config__v1__sign_in__init(p->login);
    }
    set(&p->login->issuer, args->issuer);
    set(&p->login->client_id, args->client_id);
    set(&p->login->client_secret_file, args->client_secret);
    set(&p->login->ca_file, args->issuer_ca);
    if (args->scopes != NULL) {
        p->login->scopes = (char **)(uintptr_t)args->scopes;
        p->login->n_scopes = texts_count(args->scopes);
    }
    return OK;
}

static rc gather(struct arena *arena, const struct context_args *args, Profile **out,
                 struct err *err)
{
    if (args->profile != NULL) {
        TRY(profile_read(arena, args->profile, out, err));
    } else {
        *out = ARENA_NEW(arena, Profile);
        ARENA_ENSURE(*out, err);
        chancery__config__v1__profile__init(*out);
    }
    Profile *p = *out;
    set(&p->server, args->server);
    set(&p->ca_file, args->ca);
    set(&p->authority_url, args->authority_url);
    set(&p->certificate_file, args->certificate);
    set(&p->key_file, args->key);
    set(&p->token_file, args->token);
    set(&p->dpop_key_file, args->dpop_key);
    TRY(set_sign_in(arena, args, p, err));
    return make_all_absolute(arena, p, err);
}

/* Whether a session could be opened by it; connects to nothing. */
static int check(const struct command *command, Profile *profile)
{
    struct session session;
    int code = session_open_profile(&session, command, profile);
    if (code == EXIT_OK) {
        session_close(&session);
    }
    return code;
}

static rc keep(struct session *s, const struct context_args *args, const char *name,
               const Profile *profile, struct err *err)
{
    const char *current = "";
    if (!args->is_used) {
        TRY(context_current(s->arena, &current, err));
    }
    AUTO(login_unlock) int lock = -1;
    bool was_there; /* a token must not go to another authority than the one for which it was got */
    TRY(login_lock(s->arena, name, &lock, err));
    TRY(login_forget(s->arena, name, &was_there, err));
    TRY(context_write(s->arena, name, profile, err));
    printf("context %s: ", name);
    utf8_print(stdout, profile->server);
    putchar('\n');
    if (profile->login != NULL) {
        printf("sign in by chancery login --profile %s\n", name);
    }
    if (current[0] == '\0') {
        TRY(context_set_current(s->arena, name, err));
        printf("it is used from now on where none is named\n");
    }
    return OK;
}

static rc refuse_existing(struct session *s, const char *name, struct err *err)
{
    const char *file;
    bool is_there;
    TRY(context_file(s->arena, name, &file, err));
    TRY(context_exists(file, &is_there, err));
    if (is_there) {
        FAIL(err, R_PROFILE_INVALID, "there is a context %s already; --replace replaces it", name);
    }
    return OK;
}

int context_add(struct session *s, const struct context_args *args, const char *name)
{
    struct err err = {0};
    Profile *profile = NULL;
    if (args->server == NULL && args->profile == NULL) {
        return usage_error(s->command, "add: say --server, or --profile with a file to take over");
    }
    if ((args->issuer == NULL) != (args->client_id == NULL)) {
        return usage_error(s->command, "add: --issuer and --client-id belong together");
    }
    if (!context_is_name(name)) {
        return usage_error(s->command, "a name has lower-case letters, digits and dashes, not %s",
                           name);
    }
    if ((!args->is_replacing && !refuse_existing(s, name, &err).ok) ||
        !gather(s->arena, args, &profile, &err).ok) {
        return fail_with(s->command, &err);
    }
    int code = check(s->command, profile);
    if (code != EXIT_OK) {
        return code;
    }
    return keep(s, args, name, profile, &err).ok ? EXIT_OK : fail_with(s->command, &err);
}
