/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

enum { PROVIDERS_MAX = 8 };

/* Settings of one value, by their names. */
struct known {
    const char *name;
    char **text;  /* NULL: it is a number */
    long *number; /* from least to most */
    long least, most;
};

static bool wrong(const char *path, int line, const char *why, const char *what)
{
    fprintf(stderr, "%s:%d: %s: %s\n", path, line, what, why);
    return false;
}

static bool set_number(const struct known *known, const char *value)
{
    gint64 number;
    bool ok = g_ascii_string_to_signed(value, 10, known->least, known->most, &number, NULL);
    *known->number = ok ? (long)number : *known->number;
    return ok;
}

/* provider NAME ISSUER CLIENT-ID [SECRET-FILE] */
static const char *add_provider(struct settings *settings, char **words, int count)
{
    char *secret = NULL;
    if (count != 4 && count != 5) {
        return "wants a name, an issuer, a client id and perhaps a file with the secret";
    }
    if (settings->provider_count == PROVIDERS_MAX) {
        return "there are at most 8 providers";
    }
    if (!g_str_has_prefix(words[2], "https://")) {
        return "an issuer begins with https://";
    }
    if (count == 5 && !g_file_get_contents(words[4], &secret, NULL, NULL)) {
        return "the file with the secret can't be read";
    }
    settings->providers =
        g_renew(struct provider, settings->providers, settings->provider_count + 1);
    settings->providers[settings->provider_count++] =
        (struct provider){g_strdup(words[1]), g_strdup(words[2]), g_strdup(words[3]),
                          secret == NULL ? g_strdup("") : g_strchomp(secret)};
    return NULL;
}

/* A setting that is not there, or has a value that it can't have, is told; NULL if it was taken. */
static const char *set(struct settings *s, char **words, int count)
{
    const struct known all[] = {
        {"port", NULL, &s->port, 1, 65535},
        {"origin", &s->origin, NULL, 0, 0},
        {"name", &s->name, NULL, 0, 0},
        {"reader_ip_header", &s->reader_ip_header, NULL, 0, 0},
        {"server", &s->server, NULL, 0, 0},
        {"ca_file", &s->ca_file, NULL, 0, 0},
        {"certificate_file", &s->certificate_file, NULL, 0, 0},
        {"key_file", &s->key_file, NULL, 0, 0},
        {"provider_ca_file", &s->provider_ca_file, NULL, 0, 0},
        {"relay", &s->relay, NULL, 0, 0},
        {"relay_tls", &s->relay_tls, NULL, 0, 0},
        {"relay_ca_file", &s->relay_ca_file, NULL, 0, 0},
        {"relay_user", &s->relay_user, NULL, 0, 0},
        {"relay_password_file", &s->relay_password_file, NULL, 0, 0},
        {"mail_from", &s->mail_from, NULL, 0, 0},
        {"passcodes", NULL, &s->passcodes, 0, 1},
        {"timeout_seconds", NULL, &s->timeout_s, 1, 120},
        {"mail_mib", NULL, &s->mail_mib, 1, 64},
        {"memory_mib", NULL, &s->memory_mib, 16, 1024 * 1024},
        {"sessions", NULL, &s->sessions, 1, 1000000},
        {"connections", NULL, &s->connections, 16, 100000},
        {"threads", NULL, &s->threads, 1, 256},
        {"idle_seconds", NULL, &s->idle_s, 2, 300},
        {"session_minutes", NULL, &s->session_minutes, 10, 60},
    };
    if (strcmp(words[0], "provider") == 0) {
        return add_provider(s, words, count);
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].name, words[0]) != 0) {
            continue;
        }
        if (count != 2) {
            return "a setting has a name and a value";
        }
        if (all[i].text != NULL) {
            g_free(*all[i].text);
            *all[i].text = g_strdup(words[1]);
            return NULL;
        }
        return set_number(&all[i], words[1]) ? NULL : "no number in its range";
    }
    return "no such setting";
}

static bool read_lines(const char *path, char **lines, struct settings *out)
{
    for (int i = 0; lines[i] != NULL; i++) {
        char **words = NULL;
        int count = 0;
        GError *error = NULL;
        const char *why = NULL;
        if (!g_shell_parse_argv(lines[i], &count, &words, &error)) {
            bool is_empty = g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING);
            why = is_empty ? NULL : "a quotation mark is missing";
            g_error_free(error);
        } else {
            why = set(out, words, count);
        }
        bool ok = why == NULL || wrong(path, i + 1, why, words == NULL ? lines[i] : words[0]);
        g_strfreev(words);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* As browsers write it (RFC 6454 §6.1), because that is what it is compared with. They keep cookies of "__Host-" only
 * where nobody else reads along. */
static bool is_origin(const char *origin)
{
    const char *host = strstr(origin, "://");
    bool is_written_so = !g_str_has_suffix(origin, ":443") && g_str_is_ascii(origin);
    for (const char *at = origin; *at != '\0'; at++) {
        is_written_so = is_written_so && !g_ascii_isupper(*at);
    }
    bool is_safe =
        g_str_has_prefix(origin, "https://") || g_str_has_prefix(origin, "http://localhost:");
    return is_safe && is_written_so && host != NULL && host[3] != '\0' &&
           strpbrk(host + 3, "/?#@ ") == NULL;
}

static bool is_address(const char *address)
{
    const char *at = strchr(address, '@');
    bool is_ascii = g_str_is_ascii(address) && strpbrk(address, " <>\"\\,;:()[]\t") == NULL;
    return is_ascii && at != NULL && at != address && strchr(at + 1, '.') != NULL &&
           strchr(at + 1, '@') == NULL;
}

/* What is wrong with how answers are to be sent; NULL: nothing. */
static const char *check_relay(struct settings *s)
{
    const char *port = s->relay == NULL ? NULL : strrchr(s->relay, ':');
    bool is_clear = strcmp(s->relay_tls, "none") == 0;
    gint64 number;
    if (s->relay == NULL) {
        return s->mail_from == NULL ? NULL : "mail_from is of no use without relay";
    }
    if (port == NULL || port == s->relay || strpbrk(s->relay, "/@?# ") != NULL ||
        !g_ascii_string_to_signed(port + 1, 10, 1, 65535, &number, NULL)) {
        return "relay is a host and a port, such as mail.example.org:587";
    }
    if (s->mail_from == NULL || !is_address(s->mail_from)) {
        return "relay wants mail_from, an address in ASCII";
    }
    if (!is_clear && strcmp(s->relay_tls, "starttls") != 0 && strcmp(s->relay_tls, "tls") != 0) {
        return "relay_tls is starttls, tls or none";
    }
    if ((s->relay_user == NULL) != (s->relay_password_file == NULL)) {
        return "relay_user and relay_password_file come together";
    }
    if (s->relay_user != NULL && is_clear) {
        return "a password doesn't go out without TLS";
    }
    if (s->relay_user != NULL &&
        !g_file_get_contents(s->relay_password_file, &s->relay_password, NULL, NULL)) {
        return "the file relay_password_file can't be read";
    }
    if (s->relay_password != NULL) {
        g_strchomp(s->relay_password);
    }
    return NULL;
}

/* Whether all is said without which nothing works. */
static bool is_complete(struct settings *settings, const char *path)
{
    const char *missing = settings->origin == NULL             ? "origin"
                          : settings->server == NULL           ? "server"
                          : settings->certificate_file == NULL ? "certificate_file"
                          : settings->key_file == NULL         ? "key_file"
                                                               : NULL;
    if (missing != NULL) {
        fprintf(stderr, "%s: %s is missing\n", path, missing);
        return false;
    }
    if (!is_origin(settings->origin)) {
        fprintf(
            stderr,
            "%s: origin is https:// and a host in small ASCII letters, without a path and without :443\n",
            path);
        return false;
    }
    if (settings->passcodes == 0 && settings->provider_count == 0) {
        fprintf(stderr, "%s: nobody could sign in: there is no provider, and passcodes is 0\n",
                path);
        return false;
    }
    const char *why = check_relay(settings);
    if (why != NULL) {
        fprintf(stderr, "%s: %s\n", path, why);
    }
    return why == NULL;
}

bool settings_read(const char *path, struct settings *out)
{
    char *text = NULL;
    GError *error = NULL;
    *out = (struct settings){.port = 8893,
                             .name = g_strdup("Chancery"),
                             .reader_ip_header = g_strdup("X-Real-IP"),
                             .relay_tls = g_strdup("starttls"),
                             .passcodes = 1,
                             .timeout_s = 20,
                             .mail_mib = 32,
                             .memory_mib = 2048,
                             .sessions = 2000,
                             .connections = 2000,
                             .threads = 16,
                             .idle_s = 30,
                             .session_minutes = 60};
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        fprintf(stderr, "%s\n", error->message);
        g_error_free(error);
        return false;
    }
    char **lines = g_strsplit(text, "\n", -1);
    bool ok = read_lines(path, lines, out) && is_complete(out, path);
    g_strfreev(lines);
    g_free(text);
    return ok;
}

void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->provider_count; i++) {
        struct provider *provider = &settings->providers[i];
        explicit_bzero(provider->client_secret, strlen(provider->client_secret));
        g_free(provider->name);
        g_free(provider->issuer);
        g_free(provider->client_id);
        g_free(provider->client_secret);
    }
    g_free(settings->providers);
    char *texts[] = {settings->origin,
                     settings->name,
                     settings->reader_ip_header,
                     settings->server,
                     settings->ca_file,
                     settings->certificate_file,
                     settings->provider_ca_file,
                     settings->key_file,
                     settings->relay,
                     settings->relay_tls,
                     settings->relay_ca_file,
                     settings->relay_user,
                     settings->relay_password_file,
                     settings->mail_from};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        g_free(texts[i]);
    }
    if (settings->relay_password != NULL) {
        explicit_bzero(settings->relay_password, strlen(settings->relay_password));
        g_free(settings->relay_password);
    }
    *settings = (struct settings){.port = 0};
}
