/* SPDX-License-Identifier: Apache-2.0 */
/* Inside service/publishing only: the state of GetPublisherCertificate, and its decision. */
#pragma once

#include "service/common/request.h"
#include "service/common/scope.h"
#include "store/resource/publisher_store.h"
#include "wire/publisher_certificate.h"

struct certifying {
    struct scope scope; /* first */
    struct client_names client;
    struct jwk_public *key;
    struct slice key_jwk; /* as it stands in the certificate */
    const char **wanted;  /* sender domains that were asked for */
    size_t wanted_count;
    struct template_id *templates; /* asked for, then allowed */
    size_t template_count;
    struct publisher publisher;
    const struct key_row *exchange;
    struct publisher_date date;
    struct keys_op keys;
};

static inline struct certifying *certifying_of(const struct call *c)
{
    return call_state(c);
}

/* For whom may they protect, and by which policies? Fills the publisher. */
step certifying_decide(struct call *c);
