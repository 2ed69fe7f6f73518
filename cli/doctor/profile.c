/* SPDX-License-Identifier: Apache-2.0 */
/* A profile of the command line: its files, and whether its authority answers and knows who asks. */
#include <stdio.h>
#include <string.h>

#include "chancery/config/v1/profile.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "cli/contexts.h"
#include "cli/doctor/doctor.h"
#include "cli/invocation.h"
#include "cli/login.h"
#include "cli/session.h"
#include "client/client.h"
#include "crypto/algs.h"
#include "wire/message_text.h"

enum { PROFILE_MAX = 64 * 1024, TOKEN_MAX = 48 * 1024, ASK_MS = 5000 };

typedef Chancery__Config__V1__Profile Profile;

static bool is_set(const char *text)
{
    return text[0] != '\0';
}

static Profile *load(struct doctor *d)
{
    struct slice text;
    struct err err = {0}, other = {0};
    ProtobufCMessage *message = NULL;
    Conf *conf;
    if (!read_file(d->arena, d->profile_path, PROFILE_MAX, &text, &err).ok) {
        setup_tell(&d->to, FAULT_FILE_UNREADABLE, "%s", err_words(&err));
        return NULL;
    }
    if (message_from_yaml(d->arena, &chancery__config__v1__profile__descriptor, text, &message,
                          &err)
            .ok) {
        return (Profile *)message;
    }
    if (conf_load(d->arena, d->profile_path, &conf, &other).ok) {
        setup_tell(&d->to, FAULT_PROFILE_IS_CONFIG, "%s", d->profile_path);
    } else {
        setup_tell(&d->to, FAULT_PROFILE_INVALID, "%s: %s", d->profile_path, err_words(&err));
    }
    return NULL;
}

static const char *read_token(struct doctor *d, const char *path)
{
    struct slice text;
    struct err err = {0};
    if (!setup_secret_file(path, &d->to)) {
        return NULL;
    }
    if (!read_file(d->arena, path, TOKEN_MAX, &text, &err).ok) {
        setup_tell(&d->to, FAULT_PROFILE_FILE, "%s", err_words(&err));
        return NULL;
    }
    while (text.len > 0 && text.ptr[text.len - 1] <= ' ') {
        text.len--;
    }
    const char *token = arena_dup(d->arena, text);
    if (token == NULL || text.len == 0 || strpbrk(token, " \t\r\n") != NULL ||
        strlen(token) != text.len) {
        setup_tell(&d->to, FAULT_TOKEN_INVALID, "%s", path);
        return NULL;
    }
    return token;
}

/* What a sign-in by chancery login has left. A token that has ended is what the authority tells of: nothing is renewed here. */
static bool check_sign_in(struct doctor *d, Profile *p)
{
    const char *refresh, *secret = p->login == NULL ? "" : p->login->client_secret_file;
    struct err err = {0};
    bool is_there = false;
    if (!login_name_file(d->arena, d->context, p, &err).ok ||
        (d->context != NULL &&
         (!context_login_file(d->arena, d->context, "refresh", &refresh, &err).ok ||
          !context_exists(refresh, &is_there, &err).ok))) {
        setup_tell(&d->to, FAULT_PROFILE_FILE, "%s", err_words(&err));
        return false;
    }
    bool ok = !is_set(secret) || setup_secret_file(secret, &d->to);
    return (!is_there || setup_secret_file(refresh, &d->to)) && ok;
}

/* Whether all files can be used, so that the authority can be asked. */
static bool check_files(struct doctor *d, const Profile *p, struct client_config *config)
{
    bool ok = true;
    if (is_set(p->certificate_file) != is_set(p->key_file)) {
        setup_tell(&d->to, FAULT_PROFILE_INVALID,
                   "%s: certificate_file and key_file belong together", d->profile_path);
        return false;
    }
    if (!is_set(p->certificate_file) && !is_set(p->token_file)) {
        setup_tell(&d->to, FAULT_PROFILE_INVALID,
                   "%s names neither certificate_file nor token_file", d->profile_path);
        return false;
    }
    if (is_set(p->ca_file)) {
        setup_ca_file(p->ca_file, &d->to);
    }
    if (is_set(p->certificate_file)) {
        ok = setup_key_pair(SETUP_CLIENT, p->certificate_file, p->key_file, &d->to);
    }
    if (is_set(p->dpop_key_file)) {
        ok = setup_secret_file(p->dpop_key_file, &d->to) && ok;
    }
    if (is_set(p->token_file)) {
        config->token = read_token(d, p->token_file);
        ok = ok && config->token != NULL;
    }
    return ok;
}

/* By a method that is for everybody, and recorded for nobody. */
static void ask(struct doctor *d, struct client *client)
{
    struct client_refusal refusal = {0};
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    Chancery__V1__ListTemplatesRequest request;
    chancery__v1__list_templates_request__init(&request);
    if (client_call(client, d->arena, "TemplateService/ListTemplates", &request.base,
                    &chancery__v1__list_templates_response__descriptor, &response, &refusal, &err)
            .ok) {
        return;
    }
    if (refusal.code == 0) {
        setup_tell(&d->to, FAULT_AUTHORITY_UNREACHABLE, "%s", err_words(&err));
    } else if (refusal.code == GRPC_UNAUTHENTICATED) {
        setup_tell(&d->to, FAULT_AUTHORITY_REFUSED, "%s: %s", refusal.reason, refusal.sentence);
    } else if (refusal.code == GRPC_UNAVAILABLE) {
        setup_tell(&d->to, FAULT_AUTHORITY_UNREACHABLE, "%s: %s", refusal.reason, refusal.sentence);
    }
}

void doctor_profile(struct doctor *d)
{
    uint32_t timeout_s = invocation()->timeout_s;
    struct client_config config = {.timeout_ms = timeout_s == 0 ? ASK_MS : 1000 * timeout_s};
    struct client *client = NULL;
    struct err err = {0};
    Profile *p = load(d);
    if (p == NULL || !check_sign_in(d, p) || !check_files(d, p, &config)) {
        return;
    }
    config.server = p->server;
    config.ca_file = p->ca_file;
    config.certificate_file = p->certificate_file;
    config.key_file = p->key_file;
    config.dpop_key_file = p->dpop_key_file;
    config.authority_url = p->authority_url;
    if (!crypto_init(NULL, &err).ok || !client_new(&config, &client, &err).ok) {
        setup_tell(&d->to, FAULT_PROFILE_INVALID, "%s: %s", d->profile_path, err_words(&err));
        return;
    }
    ask(d, client);
    client_free(client);
}
