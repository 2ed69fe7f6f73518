/* SPDX-License-Identifier: Apache-2.0 */
/* Content that is made by answering other content (docs/policy.md §5.3). */
#pragma once

#include "store/gate/gate.h"

enum {
    /* Within an hour, to one content and to what has answered it. */
    ANSWERS_OF_READER_MAX = 60,
    ANSWERS_OF_THREAD_MAX = 1000,
};

/* Make the row of an answer, if what was decided on still holds: what was amended of the content that is answered and who is
 * shut out of it holds for the answer too. Recorded in any case but `is_changed`. R_ANSWER_LIMIT; of a request id that is known
 * R_REQUEST_ID_REUSED, R_REVOKED. */
struct answer_make {
    struct store_op op;
    struct tenant_id tenant;
    struct content_id answered;
    const struct gate_entry *entry; /* borrows: on which facts and epochs it was decided */
    const char *kind;               /* in words, for the records */
    struct content_id content;      /* in and out: of one that this request has made before */
    struct gate_content row;
    struct template_id template; /* zero: ad hoc */
    bool drops_added; /* whoever joined the recipients by an amendment is none of the answer */
    int64_t policy_version;
    const char *rights; /* of the reader */
    enum power power;
    struct audit_who who;
    bool is_changed;      /* out: nothing was made; decide again */
    bool is_again;        /* out: the request has made it before */
    uint32_t key_version; /* out, with is_again: by which its key was derived */
};
void answer_store_make(struct answer_make *make);

/* Who has made an answer: the reader's address, in the operation's arena. R_NOT_FOUND for what is no answer. */
struct answerer_find {
    struct store_op op;
    const char *reader;
};
void answer_store_find_answerer(struct answerer_find *find, struct tenant_id tenant,
                                struct content_id content);
