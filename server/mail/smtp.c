/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/smtp.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/secret.h"
#include "transfer/curl_host.h"
#include "transfer/curl_loop.h"

enum { URL_MAX = 1024, PATH_MAX_BYTES = 1024, PASSWORD_MAX = 1024 };

struct smtp {
    struct loop *loop;
    struct curl_loop *curl;
    struct smtp_config config;
};

struct smtp_mail {
    struct smtp *smtp;
    struct curl_transfer transfer;
    void (*done)(void *user, const struct smtp_result *result);
    void *user;
    struct slice message; /* what is left of it */
    struct curl_slist *to;
    struct curl_host host;
    struct dns_host lookup;
    bool is_looking_up;
    int64_t ends_ns; /* by loop_now */
    struct loop_task fail_later;
    const char *failure;
    char problem[CURL_ERROR_SIZE];
};

static void finish(struct smtp_mail *mail, const struct smtp_result *result)
{
    mail->done(mail->user, result);
    smtp_cancel(mail);
}

/* What a relay says of sender, recipient or message is about this mail; what it says before, and that it can't be
 * reached, is about us. libcurl tells the first two by CURLE_SEND_ERROR; of the third it has read the message. */
static bool is_about_mail(const struct smtp_mail *mail, CURLcode code, long answer)
{
    bool is_refusal =
        code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && mail->message.len == 0);
    return is_refusal && answer >= 500 && answer < 600;
}

static void transferred(struct curl_transfer *transfer, CURLcode code)
{
    struct smtp_mail *mail = LIST_ENTRY(transfer, struct smtp_mail, transfer);
    struct smtp_result result = {.is_sent = code == CURLE_OK, .problem = mail->problem};
    curl_easy_getinfo(mail->transfer.easy, CURLINFO_RESPONSE_CODE, &result.code);
    result.is_final = is_about_mail(mail, code, result.code);
    if (mail->problem[0] == '\0') {
        result.problem = curl_easy_strerror(code);
    }
    finish(mail, &result);
}

static void failed(struct loop_task *task)
{
    struct smtp_mail *mail = LIST_ENTRY(task, struct smtp_mail, fail_later);
    finish(mail, &(struct smtp_result){.problem = mail->failure});
}

static void fail(struct smtp_mail *mail, const char *why)
{
    mail->failure = why;
    loop_defer(mail->smtp->loop, &mail->fail_later);
}

static size_t give(char *out, size_t size, size_t count, void *arg)
{
    struct smtp_mail *mail = arg;
    size_t len = size * count < mail->message.len ? size * count : mail->message.len;
    if (len > 0) { /* at the end there is nothing to point to */
        memcpy(out, mail->message.ptr, len);
        mail->message = slice_cut(mail->message, len, mail->message.len);
    }
    return len;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)arg;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* What the relay says beyond its codes is of no use to us. */
static size_t ignore(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static void set_credentials(CURL *easy, const struct smtp_config *config)
{
    char password[PASSWORD_MAX + 1];
    if (config->user == NULL) {
        return;
    }
    struct slice secret = secret_use(config->password);
    snprintf(password, sizeof password, "%.*s", SLICE_FMT(secret));
    curl_easy_setopt(easy, CURLOPT_USERNAME, config->user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
    explicit_bzero(password, sizeof password);
}

static void set_options(struct smtp_mail *mail, const char *url)
{
    CURL *easy = mail->transfer.easy;
    const struct smtp_config *config = &mail->smtp->config;
    char sender[PATH_MAX_BYTES];
    snprintf(sender, sizeof sender, "<%s>", config->sender);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     (long)(config->tls == SMTP_CLEAR ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mail->problem);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, sender);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, mail->to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(easy, CURLOPT_READDATA, mail);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    if (config->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    }
    set_credentials(easy, config);
}

/* Connect: the rest of the time is libcurl's. */
static void on_found(struct dns_host *lookup)
{
    struct smtp_mail *mail = LIST_ENTRY(lookup, struct smtp_mail, lookup);
    int64_t left_ms = (mail->ends_ns - loop_now(mail->smtp->loop).ns) / 1000000;
    mail->is_looking_up = false;
    if (lookup->err.reason != R_NONE) {
        fail(mail, "no name server answers for the relay");
    } else if (lookup->count == 0) {
        fail(mail, "there is no such relay");
    } else if (!curl_host_route(&mail->host, mail->transfer.easy, lookup, NULL, NULL)) {
        fail(mail, "out of memory");
    } else {
        curl_easy_setopt(mail->transfer.easy, CURLOPT_TIMEOUT_MS,
                         (long)(left_ms > 1 ? left_ms : 1));
        if (!curl_loop_start(mail->smtp->curl, &mail->transfer)) {
            fail(mail, "out of memory");
        }
    }
}

static void start(struct smtp_mail *mail, const char *url)
{
    const struct smtp_config *config = &mail->smtp->config;
    curl_host_of(url, &mail->host);
    if (mail->host.is_numeric) {
        if (!curl_loop_start(mail->smtp->curl, &mail->transfer)) {
            fail(mail, "out of memory");
        }
        return;
    }
    curl_host_forbid_lookup(mail->transfer.easy);
    mail->ends_ns = mono_add_ms(loop_now(mail->smtp->loop), config->timeout_ms).ns;
    mail->is_looking_up = true;
    mail->lookup = (struct dns_host){.done = on_found};
    dns_host_start(config->dns, &mail->lookup, mail->host.name, config->timeout_ms);
}

struct smtp_mail *smtp_send(struct smtp *smtp, const char *to, struct slice message,
                            void (*done)(void *user, const struct smtp_result *result), void *user)
{
    const struct smtp_config *config = &smtp->config;
    bool is_v6 = strchr(config->host, ':') != NULL;
    char url[URL_MAX], path[PATH_MAX_BYTES];
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return NULL;
    }
    struct smtp_mail *mail = xcalloc(1, sizeof *mail);
    *mail = (struct smtp_mail){.smtp = smtp,
                               .transfer = {.easy = easy, .done = transferred},
                               .done = done,
                               .user = user,
                               .message = message};
    loop_task_init(&mail->fail_later, failed);
    snprintf(path, sizeof path, "<%s>", to);
    mail->to = curl_slist_append(NULL, path);
    snprintf(url, sizeof url, "%s://%s%s%s:%u/%s", config->tls == SMTP_TLS ? "smtps" : "smtp",
             is_v6 ? "[" : "", config->host, is_v6 ? "]" : "", config->port, config->helo);
    set_options(mail, url);
    start(mail, url);
    return mail;
}

void smtp_cancel(struct smtp_mail *mail)
{
    if (mail->is_looking_up) {
        dns_host_cancel(&mail->lookup);
    }
    loop_task_cancel(&mail->fail_later);
    curl_loop_cancel(&mail->transfer);
    curl_easy_cleanup(mail->transfer.easy);
    curl_slist_free_all(mail->to);
    curl_host_fini(&mail->host);
    xfree(mail);
}

struct smtp *smtp_new(struct loop *loop, const struct smtp_config *config)
{
    struct smtp *smtp = xcalloc(1, sizeof *smtp);
    smtp->loop = loop;
    smtp->curl = curl_loop_new(loop);
    smtp->config = *config;
    return smtp;
}

void smtp_free(struct smtp *smtp)
{
    if (smtp != NULL) {
        curl_loop_free(smtp->curl);
        xfree(smtp);
    }
}
