/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail.h"
#include "client/mail_mime.h"

/* Groups hold mailboxes (RFC 5322 §3.4) and, by those who write them so, groups. */
enum { GROUP_DEPTH_MAX = 4 };

/* --- addresses -------------------------------------------------------------------------------- */

/* One after the other, those in groups in their place; `out` NULL: only counted. */
struct mailboxes {
    struct arena *arena;
    const char **out;
    size_t count;
    bool has_failed;
};

static void take_mailbox(struct mailboxes *boxes, InternetAddress *address)
{
    if (boxes->out != NULL) {
        const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        const char *copy = arena_strdup(boxes->arena, text == NULL ? "" : text);
        boxes->out[boxes->count] = copy;
        boxes->has_failed = boxes->has_failed || copy == NULL;
    }
    boxes->count++;
}

/* As deep as groups may be within groups. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void take_list(struct mailboxes *boxes, InternetAddressList *list, int depth)
{
    int count = list == NULL || depth > GROUP_DEPTH_MAX ? 0 : internet_address_list_length(list);
    for (int i = 0; i < count; i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
            take_mailbox(boxes, address);
        } else if (INTERNET_ADDRESS_IS_GROUP(address)) {
            take_list(boxes, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)),
                      depth + 1);
        }
    }
}

static rc take_all(struct arena *arena, InternetAddressList *const lists[2], const char ***out,
                   size_t *count, struct err *err)
{
    struct mailboxes boxes = {.arena = arena};
    take_list(&boxes, lists[0], 0);
    take_list(&boxes, lists[1], 0);
    boxes.out = ARENA_ARRAY(arena, const char *, boxes.count + 1);
    ARENA_ENSURE(boxes.out, err);
    boxes.count = 0;
    take_list(&boxes, lists[0], 0);
    take_list(&boxes, lists[1], 0);
    ENSURE(!boxes.has_failed, err, R_ARENA_EXHAUSTED);
    *out = boxes.out;
    *count = boxes.count;
    return OK;
}

/* What the first of them is called; "" for a group, or without a name. */
static const char *first_name(InternetAddressList *list)
{
    InternetAddress *address = list == NULL || internet_address_list_length(list) == 0
                                   ? NULL
                                   : internet_address_list_get_address(list, 0);
    bool is_mailbox = address != NULL && INTERNET_ADDRESS_IS_MAILBOX(address);
    const char *name = is_mailbox ? internet_address_get_name(address) : NULL;
    return name == NULL ? "" : name;
}

/* --- envelope --------------------------------------------------------------------------------- */

static rc read_envelope(struct arena *arena, GMimeMessage *message, struct mail_envelope *out,
                        struct err *err)
{
    InternetAddressList *const from[2] = {g_mime_message_get_from(message), NULL};
    InternetAddressList *const to[2] = {g_mime_message_get_to(message),
                                        g_mime_message_get_cc(message)};
    const char *subject = g_mime_message_get_subject(message);
    const char **senders;
    size_t sender_count;
    TRY(take_all(arena, from, &senders, &sender_count, err));
    TRY(take_all(arena, to, &out->to, &out->to_count, err));
    out->from = sender_count == 0 ? "" : senders[0];
    out->subject = arena_strdup(arena, subject == NULL ? "" : subject);
    out->from_name = arena_strdup(arena, first_name(from[0]));
    ARENA_ENSURE(out->subject, err);
    ARENA_ENSURE(out->from_name, err);
    return OK;
}

rc mail_read_envelope(struct arena *arena, struct slice mail, struct mail_envelope *out,
                      struct err *err)
{
    *out = (struct mail_envelope){.from = "", .from_name = "", .subject = ""};
    TRY(mail_mime_check(mail, err));
    GMimeMessage *message = mail_mime_parse(mail);
    if (message == NULL) {
        FAIL(err, R_INPUT_INVALID, "the input is no mail");
    }
    rc result = read_envelope(arena, message, out, err);
    g_object_unref(message);
    return result;
}
