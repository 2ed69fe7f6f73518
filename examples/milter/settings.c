/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096, WORDS_MAX = 6, MIB = 1024 * 1024, MAIL_MIB_MAX = 64 };
enum { OFFLINE_HOURS_MAX = 7 * 24 /* as long as a publisher certificate is good */ };

/* A line in words: separated by white space, or in double quotes. */
struct line {
    const char *path;
    int number;
    char *words[WORDS_MAX];
    size_t count;
};

static bool wrong(const struct line *line, const char *why, const char *what)
{
    fprintf(stderr, "%s:%d: %s%s%s\n", line->path, line->number, why, what[0] == '\0' ? "" : ": ",
            what);
    return false;
}

static bool split(struct line *line, char *text)
{
    line->count = 0;
    for (char *at = text + strspn(text, " \t\r\n"); *at != '\0' && *at != '#';
         at += strspn(at, " \t\r\n")) {
        bool is_quoted = *at == '"';
        char *end = is_quoted ? strchr(at + 1, '"') : at + strcspn(at, " \t\r\n");
        if (end == NULL) {
            return wrong(line, "a quotation mark is missing", "");
        }
        if (line->count == WORDS_MAX) {
            return wrong(line, "too many words", "");
        }
        line->words[line->count++] = at + (is_quoted ? 1 : 0);
        at = *end == '\0' ? end : end + 1;
        *end = '\0';
    }
    return true;
}

static char *copy(const char *text)
{
    char *made = text == NULL ? NULL : strdup(text);
    if (text != NULL && made == NULL) {
        abort(); /* at the start, before any mail */
    }
    return made;
}

static void *grown(void *items, size_t count, size_t size)
{
    void *moved = reallocarray(items, count + 1, size);
    if (moved == NULL) {
        abort();
    }
    return moved;
}

/* --- settings --------------------------------------------------------------------------------- */

static bool add_domain(struct settings *settings, const struct line *line)
{
    char domain[DOMAIN_MAX_BYTES];
    if (!domain_normalize(line->words[1], domain)) {
        return wrong(line, "no domain", line->words[1]);
    }
    settings->domains = grown(settings->domains, settings->domain_count, sizeof *settings->domains);
    settings->domains[settings->domain_count++] = copy(domain);
    return true;
}

bool settings_find_domain(const struct settings *settings, const char *domain, size_t *index)
{
    size_t i = 0;
    while (i < settings->domain_count && strcmp(settings->domains[i], domain) != 0) {
        i++;
    }
    *index = i;
    return i < settings->domain_count;
}

bool settings_has_domain(const struct settings *settings, const char *domain)
{
    size_t index;
    return settings_find_domain(settings, domain, &index);
}

static bool number_of(const struct line *line, long most, long *out)
{
    char *end;
    errno = 0;
    long value = strtol(line->words[1], &end, 10);
    if (errno != 0 || *end != '\0' || !isdigit((unsigned char)line->words[1][0]) || value < 1 ||
        value > most) {
        return wrong(line, "no number in its range", line->words[1]);
    }
    *out = value;
    return true;
}

static bool set_text(const struct line *line, char **place)
{
    if (*place != NULL) {
        return wrong(line, "said twice", line->words[0]);
    }
    *place = copy(line->words[1]);
    return true;
}

static bool add_language(struct settings *settings, const struct line *line)
{
    if (settings->language_count == LANGUAGES_MAX) {
        return wrong(line, "a wrapper has at most 4 languages", line->words[1]);
    }
    settings->languages[settings->language_count++] = copy(line->words[1]);
    return true;
}

static bool set_others(struct settings *settings, const struct line *line)
{
    bool asks = strcmp(line->words[1], "ask") == 0;
    if (!asks && strcmp(line->words[1], "pass") != 0) {
        return wrong(line, "other_senders takes pass or ask", line->words[1]);
    }
    settings->asks_about_others = asks;
    return true;
}

static bool set_mode(struct settings *settings, const struct line *line)
{
    static const char *const names[] = {"rules", "before-scan", "after-scan", "journal"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(line->words[1], names[i]) == 0) {
            settings->mode = (enum mode)i;
            return true;
        }
    }
    return wrong(line, "mode takes rules, before-scan, after-scan or journal", line->words[1]);
}

static bool set_number(struct settings *settings, const struct line *line)
{
    long value;
    if (strcmp(line->words[0], "timeout_seconds") == 0) {
        return number_of(line, 120, &settings->timeout_s);
    }
    if (strcmp(line->words[0], "offline_hours") == 0) {
        return number_of(line, OFFLINE_HOURS_MAX, &settings->offline_hours);
    }
    if (strcmp(line->words[0], "mail_mib") == 0 && number_of(line, MAIL_MIB_MAX, &value)) {
        settings->mail_bytes = (size_t)value * MIB;
        return true;
    }
    if (strcmp(line->words[0], "memory_mib") == 0 && number_of(line, 1024 * 1024, &value)) {
        settings->memory_bytes = (size_t)value * MIB;
        return true;
    }
    return wrong(line, "no such setting, or not with this value", line->words[0]);
}

static bool set(struct settings *settings, const struct line *line)
{
    const struct {
        const char *name;
        char **place;
    } texts[] = {
        {"listen", &settings->listen},     {"server", &settings->server},
        {"ca_file", &settings->ca_file},   {"certificate_file", &settings->certificate_file},
        {"key_file", &settings->key_file}, {"require_tls_header", &settings->tls_header}};
    if (strcmp(line->words[0], "rule") == 0) {
        return wrong(line, "rules are the tenant's: chancery rule create", "");
    }
    if (line->count != 2) {
        return wrong(line, "a setting has a name and a value", "");
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].name, line->words[0]) == 0) {
            return set_text(line, texts[i].place);
        }
    }
    if (strcmp(line->words[0], "domain") == 0) {
        return add_domain(settings, line);
    }
    if (strcmp(line->words[0], "language") == 0) {
        return add_language(settings, line);
    }
    if (strcmp(line->words[0], "other_senders") == 0) {
        return set_others(settings, line);
    }
    if (strcmp(line->words[0], "mode") == 0) {
        return set_mode(settings, line);
    }
    return set_number(settings, line);
}

/* Whether all is said without which nothing works. */
static bool is_complete(const struct settings *settings, const char *path)
{
    bool needs_domain = settings->mode == MODE_RULES;
    const char *missing = settings->listen == NULL                      ? "listen"
                          : settings->server == NULL                    ? "server"
                          : settings->certificate_file == NULL          ? "certificate_file"
                          : settings->key_file == NULL                  ? "key_file"
                          : needs_domain && settings->domain_count == 0 ? "domain"
                                                                        : NULL;
    if (missing != NULL) {
        fprintf(stderr, "%s: %s is missing\n", path, missing);
    }
    return missing == NULL;
}

static bool read_lines(FILE *file, const char *path, struct settings *settings)
{
    char text[LINE_MAX_BYTES];
    struct line line = {.path = path};
    bool ok = true;
    while (ok && fgets(text, sizeof text, file) != NULL) {
        line.number++;
        if (strlen(text) == sizeof text - 1) {
            return wrong(&line, "the line is too long", "");
        }
        ok = split(&line, text) && (line.count == 0 || set(settings, &line));
    }
    return ok && ferror(file) == 0;
}

bool settings_read(const char *path, struct settings *out)
{
    *out = (struct settings){
        .timeout_s = 20, .mail_bytes = 32 * (size_t)MIB, .memory_bytes = 512 * (size_t)MIB};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
        return false;
    }
    bool ok = read_lines(file, path, out) && is_complete(out, path);
    fclose(file);
    return ok;
}
