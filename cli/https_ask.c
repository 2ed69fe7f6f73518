/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/https_ask.h"

#include <curl/curl.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/invocation.h"
#include "client/wiped_memory.h"

enum { ANSWER_BYTES_MAX = 256 * 1024, TIMEOUT_S = 20 };

struct asking {
    struct buf body;
    size_t len;
    bool is_too_large;
    char problem[CURL_ERROR_SIZE];
};

static size_t take(char *data, size_t one, size_t size, void *arg)
{
    struct asking *asking = arg;
    (void)one; /* always 1 */
    asking->len += size;
    asking->is_too_large = asking->len > ANSWER_BYTES_MAX;
    if (asking->is_too_large) {
        return 0;
    }
    buf_add(&asking->body, slice_of(data, size));
    return size;
}

static void curl_free_at(CURL **curl)
{
    curl_easy_cleanup(*curl);
}

static void set_up(CURL *curl, const struct https_question *question, struct asking *asking)
{
    long timeout = invocation()->timeout_s == 0 ? TIMEOUT_S : (long)invocation()->timeout_s;
    (void)curl_easy_setopt(curl, CURLOPT_URL, question->url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "chancery-cli");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, asking);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, asking->problem);
    if (question->ca_file != NULL && question->ca_file[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, question->ca_file);
    }
    if (question->form != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question->form);
    }
    if (question->user != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, question->user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, question->password);
    }
}

static rc perform(CURL *curl, const struct https_question *question, struct asking *asking,
                  struct err *err)
{
    CURLcode code = curl_easy_perform(curl);
    if (asking->is_too_large) {
        FAIL(err, R_PROVIDER_INVALID, "%s answers with more than 256 KiB", question->url);
    }
    if (code != CURLE_OK) {
        FAIL(err, R_PROVIDER_UNREACHABLE, "%s: %s", question->url,
             asking->problem[0] == '\0' ? curl_easy_strerror(code) : asking->problem);
    }
    return OK;
}

rc https_ask(struct arena *arena, const struct https_question *question, struct https_answer *out,
             struct err *err)
{
    struct asking asking = {0};
    struct slice body;
    *out = (struct https_answer){0};
    wiped_memory_start();
    AUTO(curl_free_at) CURL *curl = curl_easy_init();
    ENSURE(curl != NULL, err, R_COMMAND_FAILED);
    buf_init(&asking.body, arena);
    set_up(curl, question, &asking);
    TRY(perform(curl, question, &asking, err));
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    TRY(buf_finish(&asking.body, &body, err));
    out->object = json_loadb(body.len == 0 ? "" : (const char *)body.ptr, body.len,
                             JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(out->object)) {
        json_decref(out->object);
        out->object = NULL;
    }
    return OK;
}

void https_answer_fini(struct https_answer *answer)
{
    const char *name;
    json_t *value;
    json_object_foreach(answer->object, name, value)
    {
        if (json_is_string(value)) {
            mem_wipe((void *)(uintptr_t)json_string_value(value), json_string_length(value));
        }
    }
    json_decref(answer->object);
    answer->object = NULL;
}

const char *https_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}
