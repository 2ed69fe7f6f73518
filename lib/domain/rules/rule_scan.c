/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/rule_scan.h"

#include "base/mem.h"
#include "domain/rules/extension.h"
#include "domain/rules/rule_scan_texts.h"
#include "domain/rules/rule_set_parts.h"

/* --- hits ------------------------------------------------------------------------------------- */

void rule_scan_use(struct rule_scan *scan, uint32_t first, uint32_t place)
{
    const struct rule_set *set = scan->set;
    for (uint32_t at = first; at != USE_NONE; at = set->uses[at].next) {
        const struct rule_use *use = &set->uses[at];
        if (use->place == place && scan->hits[use->condition] == NULL) {
            scan->hits[use->condition] = use->value;
        }
    }
}

/* Each name is looked into once, for conditions that ask for any. */
static void found_name(struct rule_scan *scan, enum named kind, const char *name)
{
    uint32_t number = rule_set_named(scan->set, kind, slice_str(name));
    if (number != TEXT_UNKNOWN && !scan->seen[number]) {
        scan->seen[number] = true;
        rule_scan_use(scan, rule_uses_first(&scan->set->named, number), 0);
    }
}

/* --- people ----------------------------------------------------------------------------------- */

static const char *side_of(const struct message_person *person)
{
    return person->is_inside ? "inside" : "outside";
}

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');
    return at == NULL ? "" : at + 1;
}

static void scan_sender(struct rule_scan *scan)
{
    const struct message_person *sender = &scan->facts->sender;
    found_name(scan, NAMED_SENDER_ADDRESS, sender->address);
    found_name(scan, NAMED_SENDER_DOMAIN, domain_of(sender->address));
    found_name(scan, NAMED_SENDER_SIDE, side_of(sender));
    for (size_t i = 0; i < sender->group_count; i++) {
        found_name(scan, NAMED_SENDER_GROUP, sender->groups[i]);
    }
}

/* Conditions that ask for all recipients count those who fit, each once. */
static void count_name(struct rule_scan *scan, enum named kind, const char *name)
{
    const struct rule_set *set = scan->set;
    uint32_t number = rule_set_named(set, kind, slice_str(name));
    if (number == TEXT_UNKNOWN) {
        return;
    }
    for (uint32_t at = rule_uses_first(&set->every, number); at != USE_NONE;
         at = set->uses[at].next) {
        struct every_count *count = &scan->every[set->uses[at].condition];
        if (count->last != scan->next_recipient + 1) {
            count->last = (uint32_t)scan->next_recipient + 1;
            count->fitting++;
            count->value = set->uses[at].value;
        }
    }
}

static void recipient_name(struct rule_scan *scan, enum named kind, const char *name)
{
    found_name(scan, kind, name);
    count_name(scan, kind, name);
}

static void scan_recipient(struct rule_scan *scan)
{
    const struct message_person *person = &scan->facts->recipients[scan->next_recipient];
    recipient_name(scan, NAMED_ADDRESS, person->address);
    recipient_name(scan, NAMED_DOMAIN, domain_of(person->address));
    recipient_name(scan, NAMED_BOUNDARY, person->boundary);
    recipient_name(scan, NAMED_SIDE, side_of(person));
    for (size_t i = 0; i < person->group_count; i++) {
        recipient_name(scan, NAMED_GROUP, person->groups[i]);
    }
    scan->next_recipient++;
}

/* --- attachments, labels, headers ------------------------------------------------------------- */

static void scan_extension(struct rule_scan *scan, struct slice name)
{
    char extension[RULE_VALUE_BYTES_MAX + 1];
    if (extension_of(name, extension)) {
        found_name(scan, NAMED_EXTENSION, extension);
    }
}

static void scan_attachment(struct rule_scan *scan)
{
    char major[RULE_VALUE_BYTES_MAX + 1];
    const struct message_attachment *a = &scan->facts->attachments[scan->next_attachment++];
    const char *slash = strchr(a->type, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - a->type) + 1;
    scan_extension(scan, a->name);
    found_name(scan, NAMED_TYPE, a->type);
    if (len > 0 && len < RULE_VALUE_BYTES_MAX) {
        memcpy(major, a->type, len);
        memcpy(major + len, "*", 2);
        found_name(scan, NAMED_TYPE, major);
    }
}

static void scan_names(struct rule_scan *scan)
{
    for (size_t i = 0; i < scan->facts->label_count; i++) {
        found_name(scan, NAMED_LABEL, scan->facts->labels[i]);
    }
    for (size_t i = 0; i < scan->facts->header_count; i++) {
        found_name(scan, NAMED_HEADER, scan->facts->headers[i].name);
    }
}

/* --- numbers ---------------------------------------------------------------------------------- */

static bool attachment_fits(const struct rule_condition *c, const struct message_attachment *a)
{
    bool asks = c->larger_than != 0 || c->password_protected || c->unreadable ||
                c->extensions.count + c->types.count > 0;
    return !asks || (c->larger_than != 0 && a->size > c->larger_than) ||
           (c->password_protected && a->password_protected) || (c->unreadable && a->unreadable);
}

static bool fits_attachments(const struct rule_scan *scan, const struct rule_condition *c)
{
    for (size_t i = 0; i < scan->facts->attachment_count; i++) {
        if (attachment_fits(c, &scan->facts->attachments[i])) {
            return true;
        }
    }
    return false;
}

/* Whether a condition holds that is not one of values that are found. */
static bool fits_numbers(const struct rule_scan *scan, size_t number)
{
    const struct rule_condition *c = scan->set->conditions[number].is;
    switch (c->fact) {
    case RULE_SIZE:
        return scan->facts->size > c->larger_than;
    case RULE_KIND:
        return (scan->facts->kinds & c->kinds) != 0;
    case RULE_ATTACHMENT:
        return fits_attachments(scan, c);
    case RULE_RECIPIENT:
        return c->every && scan->facts->recipient_count > 0 &&
               scan->every[number].fitting == scan->facts->recipient_count;
    case RULE_SENDER:
    case RULE_TEXT:
    case RULE_LABEL:
        break;
    }
    return false;
}

static void scan_number(struct rule_scan *scan)
{
    size_t number = scan->next_condition++;
    const char *value = scan->every[number].value;
    if (scan->hits[number] == NULL && fits_numbers(scan, number)) {
        scan->hits[number] = value == NULL ? "" : value;
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

struct rule_scan *rule_scan_new(const struct rule_set *set, const struct message_facts *facts)
{
    struct rule_scan *scan = xcalloc(1, sizeof *scan);
    *scan = (struct rule_scan){
        .set = set,
        .facts = facts,
        .hits = xcalloc(set->condition_count + 1, sizeof scan->hits[0]),
        .every = xcalloc(set->condition_count + 1, sizeof scan->every[0]),
        .seen = xcalloc(text_numbers_count(set->names) + 1, sizeof scan->seen[0]),
    };
    rule_scan_texts_begin(scan);
    return scan;
}

void rule_scan_free(struct rule_scan *scan)
{
    if (scan != NULL) {
        rule_scan_texts_end(scan);
        xfree((void *)scan->hits);
        xfree(scan->every);
        xfree(scan->seen);
        xfree(scan);
    }
}

bool rule_scan_step(struct rule_scan *scan)
{
    if (scan->next_recipient < scan->facts->recipient_count) {
        scan_recipient(scan);
    } else if (scan->next_attachment < scan->facts->attachment_count) {
        scan_attachment(scan);
    } else if (!scan->has_names) {
        scan->has_names = true;
        scan_sender(scan);
        scan_names(scan);
    } else if (!rule_scan_texts_step(scan)) {
        for (size_t n = 0; n < 64 && scan->next_condition < scan->set->condition_count; n++) {
            scan_number(scan);
        }
        return scan->next_condition < scan->set->condition_count;
    }
    return true;
}

const char *rule_scan_hit(const struct rule_scan *scan, size_t condition)
{
    return scan->hits[condition];
}
