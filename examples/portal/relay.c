/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <curl/curl.h>
#include <string.h>

struct mail {
    const char *data;
    size_t left;
};

static size_t give(char *out, size_t one, size_t size, void *arg)
{
    struct mail *mail = arg;
    size_t some = MIN(one * size, mail->left);
    memcpy(out, mail->data, some);
    mail->data += some;
    mail->left -= some;
    return some;
}

static size_t ignore(char *data, size_t one, size_t size, void *arg)
{
    (void)data, (void)arg;
    return one * size;
}

/* RFC 5321 §4.1.2: a local part that is no dot-string is quoted, as it comes from a header or as we quote it. */
static char *path_of(const char *address)
{
    const char *at = strrchr(address, '@');
    bool is_plain = at != NULL && address[0] != '.' && address[0] != '"' && at[-1] != '.' &&
                    g_strstr_len(address, at - address, "..") == NULL;
    bool is_quoted = address[0] == '"';
    return at == NULL || is_plain || is_quoted
               ? g_strdup_printf("<%s>", address)
               : g_strdup_printf("<\"%.*s\"%s>", (int)(at - address), address, at);
}

static struct curl_slist *paths_of(const GPtrArray *recipients)
{
    struct curl_slist *paths = NULL;
    for (guint i = 0; i < recipients->len; i++) {
        char *path = path_of(g_ptr_array_index(recipients, i));
        paths = curl_slist_append(paths, path);
        g_free(path);
    }
    return paths;
}

static void set_up(CURL *curl, const struct settings *settings, struct mail *mail)
{
    bool is_clear = strcmp(settings->relay_tls, "none") == 0,
         is_tls = strcmp(settings->relay_tls, "tls") == 0;
    /* Who greets: the domain of the sender. */
    char *url = g_strdup_printf("%s://%s/%s", is_tls ? "smtps" : "smtp", settings->relay,
                                strchr(settings->mail_from, '@') + 1);
    char *sender = g_strdup_printf("<%s>", settings->mail_from);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, settings->timeout_s);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL,
                           (long)(is_clear ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, mail);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    if (settings->relay_ca_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, settings->relay_ca_file);
    }
    if (settings->relay_user != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, settings->relay_user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, settings->relay_password);
    }
    g_free(sender);
    g_free(url);
}

/* What the relay says of addresses and mail for good is about them, and trying again is of no use. libcurl tells
 * it by these errors (RFC 5321 §4.2.1). */
static enum text outcome(CURL *curl, const struct mail *mail, CURLcode code)
{
    long answer = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    if (code == CURLE_OK) {
        return 0;
    }
    g_printerr("relay: %s %ld\n", curl_easy_strerror(code), answer);
    bool is_refusal =
        code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && mail->left == 0);
    return is_refusal && answer >= 500 && answer < 600 ? P_RELAY_REFUSES : P_RELAY_AWAY;
}

enum text relay_send(const struct settings *settings, const GPtrArray *recipients, GBytes *bytes)
{
    struct mail mail;
    mail.data = g_bytes_get_data(bytes, &mail.left);
    CURL *curl = curl_easy_init();
    struct curl_slist *paths = paths_of(recipients);
    enum text problem = P_RELAY_AWAY;
    if (curl != NULL && paths != NULL) {
        set_up(curl, settings, &mail);
        (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, paths);
        problem = outcome(curl, &mail, curl_easy_perform(curl));
    }
    curl_slist_free_all(paths);
    curl_easy_cleanup(curl);
    return problem;
}
