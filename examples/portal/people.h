/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands in a mail's header. Any thread. */
#pragma once

#include <gmime/gmime.h>

struct person {
    char *name, *address; /* name: decoded, or "" */
};
enum { PEOPLE_MAX = 1000 };

struct person *person_new(const char *name, const char *address);
void person_free(void *person);
/* struct person *, those of groups too, at most PEOPLE_MAX; the caller's. */
GPtrArray *people_of(GMimeMessage *mail, GMimeAddressType type);
