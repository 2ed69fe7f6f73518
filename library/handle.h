/* SPDX-License-Identifier: Apache-2.0 */
/* One content, with what is known of it. One thread. */
#pragma once

#include <chancery/content.h>

#include "base/ids.h"
#include "base/secret.h"
#include "library/failure.h"

struct chancery_content {
    struct arena *arena;  /* has what the content is */
    struct arena *answer; /* has what the authority last said of it; NULL: nothing yet */
    struct content_id id;
    const char *id_text, *display_name, *owner, *reader, *portal_url;
    struct slice license; /* empty: named by its id */
    const char *const *refused;
    size_t refused_count;
    const char **rights;
    size_t right_count;
    bool may_cache;
    bool attachments_freed;
    int64_t expire_time;
    struct secret *key; /* NULL: not there */
};

/* A content by its license, which is copied. R_INPUT_NOT_PROTECTED. */
rc handle_new(struct slice license, chancery_content **out, struct err *err);
/* What the authority said of it goes into a new arena, which takes the place of the last one's. */
struct arena *handle_answer(chancery_content *content);
/* The content's license, or its id, for a request that takes either. */
ProtobufCBinaryData handle_license(const chancery_content *content);
char *handle_id(const chancery_content *content);
/* The key. R_INPUT_INVALID if it is not there. */
rc handle_key(const chancery_content *content, const struct secret **out, struct err *err);
