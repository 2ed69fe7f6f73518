/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes a tenant's set, and who waits for it.
 *
 * The first who asks makes it: the others wait, and are told when it is over, in another task, because
 * whoever ends it is in the middle of a step. */
#include "base/mem.h"
#include "store/cache/rule_books_internal.h"

struct rule_making {
    struct list link; /* in books->makings, or books->over */
    struct rule_books *books;
    struct tenant_id tenant;
    int64_t epoch;
    struct list waiting; /* of rule_book_claim */
    struct err err;      /* what everybody hears */
    struct loop_task tell;
};

static void free_making(struct rule_making *making)
{
    list_remove(&making->link);
    loop_task_cancel(&making->tell);
    xfree(making);
}

static void tell(struct loop_task *task)
{
    struct rule_making *making = LIST_ENTRY(task, struct rule_making, tell);
    struct list *link;
    while ((link = list_pop(&making->waiting)) != NULL) {
        struct rule_book_claim *claim = LIST_ENTRY(link, struct rule_book_claim, link);
        claim->op.on_cancel = NULL;
        claim->op.err = making->err;
        claim->op.done(&claim->op);
    }
    free_making(making);
}

void rule_claims_end(struct rule_books *books)
{
    struct list *lists[] = {&books->makings, &books->over};
    for (size_t i = 0; i < 2; i++) {
        LIST_EACH_SAFE (link, after, lists[i]) {
            struct rule_making *making = LIST_ENTRY(link, struct rule_making, link);
            CH_ASSERT(list_is_empty(&making->waiting));
            free_making(making);
        }
    }
}

static struct rule_making *find(struct rule_books *books, struct tenant_id tenant, int64_t epoch)
{
    LIST_EACH (link, &books->makings) {
        struct rule_making *making = LIST_ENTRY(link, struct rule_making, link);
        if (making->epoch == epoch && ID_EQ(making->tenant, tenant)) {
            return making;
        }
    }
    return NULL;
}

static void give_up_waiting(struct store_op *op)
{
    list_remove(&LIST_ENTRY(op, struct rule_book_claim, op)->link);
}

bool rule_books_claim(struct rule_books *books, struct tenant_id tenant, int64_t epoch,
                      struct rule_book_claim *claim)
{
    struct rule_making *making = find(books, tenant, epoch);
    if (making != NULL) {
        err_clear(&claim->op.err);
        claim->op.on_cancel = give_up_waiting;
        list_append(&making->waiting, &claim->link);
        return false;
    }
    making = xcalloc(1, sizeof *making);
    making->books = books;
    making->tenant = tenant;
    making->epoch = epoch;
    list_init(&making->waiting);
    loop_task_init(&making->tell, tell);
    list_append(&books->makings, &making->link);
    claim->making = making;
    return true;
}

void rule_books_release(struct rule_book_claim *claim, const struct err *err)
{
    struct rule_making *making = claim->making;
    claim->making = NULL;
    if (making != NULL) {
        making->err = err == NULL ? (struct err){0} : *err;
        list_remove(&making->link);
        list_append(&making->books->over, &making->link);
        loop_defer(making->books->loop, &making->tell);
    }
}
