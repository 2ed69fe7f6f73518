/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <stdbool.h>

#include "shown.h"
#include "wiped.h"

struct person *person_new(const char *name, const char *address)
{
    struct person *person = g_new0(struct person, 1);
    person->name = shown(name);
    person->address = shown(address);
    return person;
}

void person_free(void *data)
{
    struct person *person = data;
    wipe_text(person->name);
    wipe_text(person->address);
    g_free(person);
}

/* Those in a group are people like the others; a group within a group there is none (RFC 5322 §3.4):
 * one level deep. NOLINTNEXTLINE(misc-no-recursion) */
static void add_people(GPtrArray *people, InternetAddressList *list, bool is_group)
{
    for (int i = 0; list != NULL && i < internet_address_list_length(list); i++) {
        InternetAddress *one = internet_address_list_get_address(list, i);
        if (people->len == PEOPLE_MAX) {
            return;
        }
        if (INTERNET_ADDRESS_IS_MAILBOX(one)) {
            const char *address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one));
            g_ptr_array_add(people, person_new(internet_address_get_name(one), address));
        } else if (INTERNET_ADDRESS_IS_GROUP(one) && !is_group) {
            add_people(people, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one)),
                       true);
        }
    }
}

GPtrArray *people_of(GMimeMessage *mail, GMimeAddressType type)
{
    GPtrArray *people = g_ptr_array_new_with_free_func(person_free);
    add_people(people, g_mime_message_get_addresses(mail, type), false);
    return people;
}
