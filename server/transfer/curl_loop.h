/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's transfers on our loop: HTTPS for issuers' keys, SMTP for mails. Loop thread only. */
#pragma once

#include <curl/curl.h>

#include "loop/loop.h"

struct curl_loop;

/* Never NULL. */
struct curl_loop *curl_loop_new(struct loop *loop);
/* All transfers must be done or canceled. */
void curl_loop_free(struct curl_loop *curl);

/* One transfer, embedded in its owner, which has made and will free its handle. CURLOPT_PRIVATE is this module's. */
struct curl_transfer {
    CURL *easy;
    /* Comes once, from the loop; the transfer is canceled already, and may be freed. */
    void (*done)(struct curl_transfer *transfer, CURLcode code);
    /* Private. */
    struct curl_loop *curl;
};
/* False when libcurl can't, which is out of memory; then `done` doesn't come. */
bool curl_loop_start(struct curl_loop *curl, struct curl_transfer *transfer);
/* Forget it: `done` will not come. Also for one that is done, or was never started. */
void curl_loop_cancel(struct curl_transfer *transfer);
