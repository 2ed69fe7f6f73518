/* SPDX-License-Identifier: Apache-2.0 */
#include "library/options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { TOKEN_MAX = 16 * 1024, TIMEOUT_MS = 30000 };

/* --- setting ---------------------------------------------------------------------------------- */

static void set(char **place, const char *text)
{
    char *kept = text == NULL || text[0] == '\0' ? NULL : xstrdup(text);
    xfree(*place);
    *place = kept;
}

chancery_options *chancery_options_new(void)
{
    chancery_options *options = xcalloc(1, sizeof *options);
    options->timeout_ms = TIMEOUT_MS;
    return options;
}

void chancery_options_free(chancery_options *o)
{
    if (o != NULL) {
        char *const texts[] = {o->server,     o->ca_file,       o->certificate_file, o->key_file,
                               o->token_file, o->dpop_key_file, o->authority_url,    o->user_agent};
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            xfree(texts[i]);
        }
        xfree(o);
    }
}

void chancery_options_set_server(chancery_options *options, const char *address)
{
    set(&options->server, address);
}

void chancery_options_set_ca_file(chancery_options *options, const char *path)
{
    set(&options->ca_file, path);
}

void chancery_options_set_certificate(chancery_options *options, const char *certificate,
                                      const char *key)
{
    set(&options->certificate_file, certificate);
    set(&options->key_file, key);
}

void chancery_options_set_token_file(chancery_options *options, const char *path)
{
    set(&options->token_file, path);
}

void chancery_options_set_token_function(chancery_options *options, chancery_token_fn function,
                                         void *arg)
{
    options->token_function = function;
    options->token_arg = arg;
}

void chancery_options_set_dpop_key_file(chancery_options *options, const char *path)
{
    set(&options->dpop_key_file, path);
}

void chancery_options_set_authority_url(chancery_options *options, const char *url)
{
    set(&options->authority_url, url);
}

void chancery_options_set_loopback_without_tls(chancery_options *options, int is_allowed)
{
    options->loopback_without_tls = is_allowed != 0;
}

void chancery_options_set_user_agent(chancery_options *options, const char *name)
{
    set(&options->user_agent, name);
}

void chancery_options_set_timeout(chancery_options *options, int64_t milliseconds)
{
    options->timeout_ms = milliseconds > 0 ? milliseconds : TIMEOUT_MS;
}

chancery_options *options_copy(const chancery_options *from)
{
    chancery_options *to = xcalloc(1, sizeof *to);
    *to = (chancery_options){.token_function = from->token_function,
                             .token_arg = from->token_arg,
                             .loopback_without_tls = from->loopback_without_tls,
                             .timeout_ms = from->timeout_ms};
    set(&to->server, from->server);
    set(&to->ca_file, from->ca_file);
    set(&to->certificate_file, from->certificate_file);
    set(&to->key_file, from->key_file);
    set(&to->token_file, from->token_file);
    set(&to->dpop_key_file, from->dpop_key_file);
    set(&to->authority_url, from->authority_url);
    set(&to->user_agent, from->user_agent);
    return to;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static void close_at(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* Without stdio, whose buffer would keep a copy. */
static rc read_file(const char *path, uint8_t *out, size_t size, struct err *err)
{
    AUTO(close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && len < size) {
        got = read(fd, out + len, size - len);
        len += got > 0 ? (size_t)got : 0;
        got = got < 0 && errno == EINTR ? 1 : got;
    }
    if (got < 0 || len == size) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", path,
             got < 0 ? strerrordesc_np(errno) : "larger than it may be");
    }
    return OK;
}

/* Editors and shells end the file with a newline, which the token doesn't have. It goes out in a
 * header (RFC 6750 §2.1), so what is no token never leaves. */
static rc check_token(char *token, const char *from, struct err *err)
{
    size_t len = strlen(token);
    while (len > 0 && strchr("\r\n\t ", token[len - 1]) != NULL) {
        token[--len] = '\0';
    }
    bool is_token = len > 0;
    for (size_t i = 0; i < len; i++) {
        is_token = is_token && token[i] > ' ' && token[i] <= '~';
    }
    if (!is_token) {
        FAIL(err, R_PROFILE_INVALID, "token: %s %s", from,
             len == 0 ? "is empty" : "holds no token, which is one line without spaces");
    }
    return OK;
}

rc options_token(const chancery_options *o, struct secret **out, struct err *err)
{
    *out = NULL;
    if (o->token_file == NULL && o->token_function == NULL) {
        return OK;
    }
    AUTO(secret_free_at) struct secret *token = secret_new(TOKEN_MAX + 2);
    char *text = (char *)secret_bytes(token);
    if (o->token_function != NULL) {
        if (o->token_function(o->token_arg, text, TOKEN_MAX + 1) != 0) {
            FAIL(err, R_PROFILE_INVALID, "the program has no token to give");
        }
        text[TOKEN_MAX + 1] = '\0';
    } else {
        TRY(read_file(o->token_file, secret_bytes(token), TOKEN_MAX + 1, err));
    }
    TRY(check_token(text, o->token_function != NULL ? "what the program gives" : o->token_file,
                    err));
    *out = token;
    token = NULL;
    return OK;
}

/* --- checks ----------------------------------------------------------------------------------- */

/* libcurl and OpenSSL tell of these late, and by the wrong name. */
static rc check_readable(const char *path, struct err *err)
{
    if (path != NULL && access(path, R_OK) != 0) {
        FAIL(err, R_FILE_UNREADABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    return OK;
}

/* It is read again for each token, and a pipe gives what it has once; without a writer nobody would ever come back. */
static rc check_token_file(const char *path, struct err *err)
{
    struct stat info;
    TRY(check_readable(path, err));
    if (path != NULL && stat(path, &info) == 0 && S_ISFIFO(info.st_mode)) {
        FAIL(err, R_PROFILE_INVALID, "token_file: %s is a pipe, and must be a file", path);
    }
    return OK;
}

rc options_check(const chancery_options *o, struct err *err)
{
    if (o->server == NULL) {
        FAIL(err, R_PROFILE_INVALID, "the server is not set");
    }
    if ((o->certificate_file == NULL) != (o->key_file == NULL)) {
        FAIL(err, R_PROFILE_INVALID, "%s",
             o->key_file == NULL ? "certificate_file: key_file is missing, the certificate's key"
                                 : "key_file: certificate_file is missing, the key's certificate");
    }
    if (o->token_file != NULL && o->token_function != NULL) {
        FAIL(err, R_PROFILE_INVALID, "a token comes from a file or from a function, not from both");
    }
    TRY(check_readable(o->ca_file, err));
    TRY(check_readable(o->certificate_file, err));
    TRY(check_readable(o->key_file, err));
    return check_token_file(o->token_file, err);
}
