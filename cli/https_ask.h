/* SPDX-License-Identifier: Apache-2.0 */
/* One question to an identity provider by HTTPS, answered by a JSON object. Blocking. */
#pragma once

#include <jansson.h>

#include "base/arena.h"

struct https_question {
    const char *url;             /* https:// only, and no redirection is followed */
    const char *form;            /* what is posted, as a form; NULL: a GET */
    const char *ca_file;         /* ""; the system's authorities */
    const char *user, *password; /* NULL: nobody's; percent-encoded already (RFC 6749 §2.3.1) */
};

struct https_answer {
    long status;
    json_t *object; /* NULL: it is no JSON object */
};

/* For AUTO(): wipes the texts of the object, which may be tokens. */
void https_answer_fini(struct https_answer *answer);
/* R_PROVIDER_UNREACHABLE: no connection, a certificate that isn't good, no answer in time. R_PROVIDER_INVALID: more than
 * 256 KiB. Another status than 200 is for the caller. */
rc https_ask(struct arena *arena, const struct https_question *question, struct https_answer *out,
             struct err *err);
/* A member's text; "" if it has none. Lent. */
const char *https_text(const json_t *object, const char *name);
