/* SPDX-License-Identifier: Apache-2.0 */
/* An intrusive doubly linked list: the link lives in the object. One thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev; /* the head points to itself when empty */
};

#define LIST_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))
#define LIST_EACH(link, head) \
    for (struct list *link = (head)->next; link != (head); link = link->next)
/* As LIST_EACH, but the body may remove `link`. */
#define LIST_EACH_SAFE(link, after, head)                                       \
    for (struct list *link = (head)->next, *after = link->next; link != (head); \
         link = after, after = link->next)

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_append(struct list *head, struct list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

/* Take a link out; harmless when it was initialized but is in no list. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Take the first link out; NULL when the list is empty. */
static inline struct list *list_pop(struct list *head)
{
    struct list *first = head->next;
    if (first == head) {
        return NULL;
    }
    list_remove(first);
    return first;
}
