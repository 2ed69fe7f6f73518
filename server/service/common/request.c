/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/request.h"

#include <string.h>

#include "domain/values/address.h"
#include "service/common/limits.h"

step request_uuid(struct call *c, const char *field, const char *text, struct uuid *out)
{
    memset(out, 0, sizeof *out);
    if (text[0] != '\0' && !uuid_parse(slice_str(text), out, NULL).ok) {
        return call_bad_field(c, field,
                              "It must be a UUID such as 0197b7c0-7e5c-7c3e-8f4e-0123456789ab.");
    }
    return STEP_NEXT;
}

step request_uuid_required(struct call *c, const char *field, const char *text, struct uuid *out)
{
    return text[0] == '\0' ? call_bad_field(c, field, "It is required.")
                           : request_uuid(c, field, text, out);
}

step request_text(struct call *c, const char *field, const char *text, size_t max)
{
    if (strlen(text) > max) {
        return call_bad_field(c, field,
                              arena_printf(call_arena(c), "It may have at most %zu bytes.", max));
    }
    return STEP_NEXT;
}

step request_reason_given(struct call *c, const char *reason)
{
    return reason[strspn(reason, " \t\r\n")] != '\0'
               ? STEP_NEXT
               : call_bad_field(c, "reason", "It is required: who reads the log must learn why.");
}

step request_address(struct call *c, const char *field, const char *text, const char **out)
{
    *out = "";
    if (text[0] != '\0' && !address_normalize(call_arena(c), slice_str(text), out, NULL).ok) {
        return call_bad_field(c, field, "It must be a mail address such as bob@fabrikam.com.");
    }
    return STEP_NEXT;
}

step request_https_url(struct call *c, const char *field, const char *url, size_t max)
{
    static const char scheme[] = "https://";
    size_t len = strlen(url);
    bool ok = len == 0 || (len <= max && strncmp(url, scheme, sizeof scheme - 1) == 0 &&
                           len > sizeof scheme - 1);
    for (size_t i = 0; ok && i < len; i++) {
        ok = url[i] > ' ' && url[i] < 0x7f && strchr("\"<>\\^`{|}", url[i]) == NULL;
    }
    return ok ? STEP_NEXT
              : call_bad_field(c, field,
                               arena_printf(call_arena(c),
                                            "It must be an https:// address of at most %zu bytes.",
                                            max));
}

step request_client(struct call *c, const Chancery__V1__ClientInfo *client,
                    struct client_names *out)
{
    *out = (struct client_names){"", ""};
    if (client == NULL) {
        return STEP_NEXT;
    }
    *out = (struct client_names){client->application, client->platform};
    step all = request_text(c, "client.application", out->application, APPLICATION_MAX);
    return step_and(all, request_text(c, "client.platform", out->platform, PLATFORM_MAX));
}

step request_count(struct call *c, const char *field, size_t count, size_t least, size_t most)
{
    if (count >= least && count <= most) {
        return STEP_NEXT;
    }
    return call_bad_field(
        c, field,
        least == 0
            ? arena_printf(call_arena(c), "There may be at most %zu; these are %zu.", most, count)
            : arena_printf(call_arena(c), "There must be %zu to %zu; these are %zu.", least, most,
                           count));
}

step request_domain(struct call *c, const char *field, size_t index, const char *text,
                    const char **out)
{
    return domain_name_normalize(call_arena(c), slice_str(text), out, NULL).ok
               ? STEP_NEXT
               : call_bad_field(c, arena_printf(call_arena(c), "%s[%zu]", field, index),
                                "It must be a domain such as contoso.com.");
}
