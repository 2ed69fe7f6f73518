/* SPDX-License-Identifier: Apache-2.0 */
/* Inside rule_books.c and rule_claims.c only. */
#pragma once

#include "base/hashmap.h"
#include "loop/loop.h"
#include "store/cache/rule_books.h"

struct rule_books {
    struct loop *loop;
    struct hashmap *books; /* by tenant; each tenant has its share */
    struct list makings;   /* of struct rule_making: on their way */
    struct list over;      /* whose waiters are still to be told */
};

/* Nobody waits any more. */
void rule_claims_end(struct rule_books *books);
