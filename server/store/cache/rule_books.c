/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/rule_books_internal.h"

#include "base/mem.h"

enum { BOOKS_BYTES_MAX = 256 << 20 };

static void unref(void *value)
{
    struct rule_book *book = value;
    if (--book->references == 0) {
        rule_set_free(book->owned);
        arena_free(book->arena);
        xfree(book);
    }
}

struct rule_books *rule_books_new(struct loop *loop, size_t max)
{
    struct rule_books *books = xcalloc(1, sizeof *books);
    books->loop = loop;
    list_init(&books->makings);
    list_init(&books->over);
    books->books = hashmap_new_shared(max, BOOKS_BYTES_MAX, unref);
    return books;
}

void rule_books_free(struct rule_books *books)
{
    if (books != NULL) {
        rule_claims_end(books);
        hashmap_free(books->books);
        xfree(books);
    }
}

static const struct rule_book *hold(struct rule_book *book, struct arena *arena)
{
    book->references++;
    return arena_on_free(arena, unref, book, NULL).ok ? book : NULL;
}

const struct rule_book *rule_books_get(struct rule_books *books, struct tenant_id tenant,
                                       int64_t epoch, struct arena *arena)
{
    struct rule_book *book = hashmap_get(books->books, slice_of(tenant.u.b, UUID_BYTES));
    return book == NULL || book->epoch != epoch ? NULL : hold(book, arena);
}

const struct rule_book *rule_books_put(struct rule_books *books, struct tenant_id tenant,
                                       int64_t epoch, struct rule_set *set, struct arena *rules,
                                       struct arena *holder)
{
    struct rule_book *book = xcalloc(1, sizeof *book);
    *book = (struct rule_book){
        .set = set, .epoch = epoch, .references = 1, .owned = set, .arena = rules};
    const struct rule_book *held = hold(book, holder);
    hashmap_put_owned(books->books, slice_of(tenant.u.b, UUID_BYTES), book, tenant.u,
                      sizeof *book + rule_set_bytes(set) + arena_used(rules));
    return held;
}
