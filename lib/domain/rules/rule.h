/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's mail-flow rules (docs/policy.md §10) and the facts of a message, as values. Texts are
 * UTF-8; addresses, domains and names of headers are normalized. */
#pragma once

#include "base/ids.h"
#include "base/slice.h"

enum {
    RULES_MAX = 1000,           /* of a tenant */
    RULE_CONDITIONS_MAX = 20,   /* of a rule, and exceptions as many */
    RULE_VALUES_MAX = 500,      /* of a condition */
    RULES_VALUES_MAX = 20000,   /* of all rules of a tenant together */
    RULES_PATTERNS_MAX = 500,   /* of all rules of a tenant together */
    RULES_BYTES_MAX = 1 << 20,  /* of all rules of a tenant together, as they are stored */
    RULE_VALUE_BYTES_MAX = 256, /* a word or phrase, a label, a type, an extension */
    RULE_NAME_BYTES_MAX = 128,
    RULE_BLOCK_BYTES_MAX = 1024,
};

/* By the numbers of chancery.v1.RuleMode. */
enum rule_mode { RULE_ENFORCE = 1, RULE_TEST = 2, RULE_OFF = 3 };

enum rule_fact {
    RULE_SENDER = 1,
    RULE_RECIPIENT,
    RULE_TEXT,
    RULE_ATTACHMENT,
    RULE_SIZE,
    RULE_LABEL,
    RULE_KIND,
};

/* By the numbers of chancery.v1.RuleSide. */
enum rule_side { SIDE_ANY = 0, SIDE_INSIDE = 1, SIDE_OUTSIDE = 2 };

/* By the numbers of chancery.v1.RulePlace. */
enum rule_place {
    PLACE_SUBJECT = 1,
    PLACE_BODY = 2,
    PLACE_SUBJECT_OR_BODY = 3,
    PLACE_HEADER = 4,
    PLACE_ATTACHMENT_NAME = 5,
};

/* Bits by the numbers of chancery.v1.MessageKind. */
enum { MESSAGE_KINDS = 8 };

/* By the numbers of chancery.v1.RuleProtection. */
enum rule_protection {
    PROTECTION_NONE = 0,
    PROTECTION_TEMPLATE = 1,
    PROTECTION_DO_NOT_FORWARD = 2,
    PROTECTION_ENCRYPT_ONLY = 3,
    PROTECTION_REMOVE = 4,
};

struct rule_texts {
    const char *const *items;
    size_t count;
};

/* It holds if the fact is any of what is named; what a fact doesn't use is empty. */
struct rule_condition {
    enum rule_fact fact;
    /* RULE_SENDER, RULE_RECIPIENT */
    struct rule_texts addresses, domains, groups;
    struct rule_texts boundaries; /* of recipients */
    enum rule_side side;
    bool every; /* all recipients, not any */
    /* RULE_TEXT. Neither words nor patterns: the header is there. */
    enum rule_place place;
    const char *header; /* in lower case, with PLACE_HEADER */
    struct rule_texts words, patterns;
    /* RULE_ATTACHMENT. All empty: there is one. */
    struct rule_texts extensions; /* in lower case, without the dot */
    struct rule_texts types; /* in lower case; of all of a kind, the kind, a slash and a star */
    bool password_protected, unreadable;
    /* RULE_ATTACHMENT, RULE_SIZE: bytes; 0: not asked for. */
    uint64_t larger_than;
    struct rule_texts labels; /* RULE_LABEL */
    uint32_t kinds;           /* RULE_KIND: bits */
};

struct rule_actions {
    enum rule_protection protection;
    struct template_id template_id; /* with PROTECTION_TEMPLATE */
    const char *branding;           /* "": none */
    const char *block_text;         /* "": it isn't blocked */
    bool force_portal, require_tls, stop;
};

struct mail_rule {
    struct rule_id id;
    const char *name;
    enum rule_mode mode;
    const struct rule_condition *conditions, *exceptions;
    size_t condition_count, exception_count;
    struct rule_actions actions;
};

/* --- a message -------------------------------------------------------------------------------- */

struct message_person {
    const char *address; /* normalized */
    const char *boundary;
    bool is_inside;            /* a member of the tenant */
    const char *const *groups; /* of those that rules name, the addresses by which they do */
    size_t group_count;
};

struct message_header {
    const char *name; /* in lower case */
    struct slice value;
};

struct message_attachment {
    struct slice name;
    const char *type; /* in lower case */
    uint64_t size;
    bool password_protected, unreadable;
};

/* Texts are valid UTF-8. Borrows all. */
struct message_facts {
    struct message_person sender;
    const struct message_person *recipients;
    size_t recipient_count;
    struct slice subject, body;
    const struct message_header *headers;
    size_t header_count;
    const struct message_attachment *attachments;
    size_t attachment_count;
    const char *const *labels;
    size_t label_count;
    uint64_t size;
    uint32_t kinds; /* bits */
};
