/* SPDX-License-Identifier: Apache-2.0 */
#include "https.h"

#include <curl/curl.h>
#include <glib.h>

#include "wiped.h"

enum { ANSWER_BYTES_MAX = 256 * 1024 };

static size_t take(char *data, size_t one, size_t size, void *arg)
{
    GString *answer = arg;
    (void)one; /* always 1 */
    if (answer->len + size > ANSWER_BYTES_MAX) {
        return 0;
    }
    g_string_append_len(answer, data, (gssize)size);
    return size;
}

static void set_up(CURL *curl, const struct settings *settings, const char *url, GString *answer)
{
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, settings->timeout_s);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "chancery-portal");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (settings->provider_ca_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, settings->provider_ca_file);
    }
}

static void set_form(CURL *curl, const struct https_form *form)
{
    if (form->body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form->body);
    }
    if (form->user != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, form->user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, form->password);
    }
}

json_t *https_ask(const struct settings *settings, const char *url, const struct https_form *form)
{
    long status = 0;
    json_t *object = NULL;
    CURL *curl = curl_easy_init();
    GString *answer = g_string_new(NULL);
    if (curl != NULL) {
        set_up(curl, settings, url, answer);
        set_form(curl, form);
        CURLcode code = curl_easy_perform(curl);
        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        object = code == CURLE_OK && status == 200
                     ? json_loadb(answer->str, answer->len, JSON_REJECT_DUPLICATES, NULL)
                     : NULL;
        if (object == NULL) {
            g_printerr("provider: %s %ld\n", curl_easy_strerror(code), status);
        }
        curl_easy_cleanup(curl);
    }
    wipe_string(answer);
    return object;
}
