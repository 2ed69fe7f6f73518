/* SPDX-License-Identifier: Apache-2.0 */
/* Postfix and Sendmail know more forms of an address than RFC 5321 has: user%domain@relay, domain!user,
 * "user@domain"@relay, user@"domain", and a name alone, to which they add their own domain. They rewrite
 * them after the milter was asked (Postfix: allow_percent_hack, swap_bangpath, resolve_dequoted_address). */
#include "address.h"

#include <ctype.h>
#include <idn2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_of_letters(const char *text)
{
    for (; *text != '\0'; text++) {
        if (!isalnum((unsigned char)*text) && strchr("-._", *text) == NULL) {
            return false;
        }
    }
    return true;
}

static bool lower(const char *text, char out[DOMAIN_MAX_BYTES])
{
    size_t len = strlen(text);
    len -= len > 0 && text[len - 1] == '.' ? 1 : 0;
    bool fits = len > 0 && len < DOMAIN_MAX_BYTES;
    for (size_t i = 0; fits && i < len; i++) {
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    }
    out[fits ? len : 0] = '\0';
    return fits;
}

/* As the authority compares them (docs/formats.md §2): what only looks like another domain, and is ours to
 * an MTA, would pass as a stranger's. Names that DNS has and IDNA doesn't, such as r3---x, are others'. */
bool domain_normalize(const char *domain, char out[DOMAIN_MAX_BYTES])
{
    char *ascii = NULL;
    if (domain[0] == '.' || strstr(domain, "..") != NULL) {
        return false;
    }
    if (idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) {
        return is_of_letters(domain) && lower(domain, out);
    }
    bool fits = lower(ascii, out) && (is_of_letters(out) || out[0] == '[');
    idn2_free(ascii);
    return fits;
}

bool domain_of(const char *address, char out[DOMAIN_MAX_BYTES])
{
    const char *at = strrchr(address, '@');
    return at != NULL && domain_normalize(at + 1, out);
}

const char *address_reroutes(const char *recipient)
{
    char domain[DOMAIN_MAX_BYTES];
    const char *at = strrchr(recipient, '@');
    size_t len = at == NULL ? strlen(recipient) : (size_t)(at - recipient);
    if (at == NULL && strcasecmp(recipient, "postmaster") != 0) { /* RFC 5321 §4.5.1 */
        return "has no domain";
    }
    if (at != NULL && !domain_normalize(at + 1, domain)) {
        return "has a domain that can't be read";
    }
    return strcspn(recipient, "@%!") < len ? "has a route in it" : NULL;
}

bool domain_within(const char *sender, char out[DOMAIN_MAX_BYTES])
{
    char local[DOMAIN_MAX_BYTES * 2];
    const char *at = strrchr(sender, '@');
    bool is_quoted = sender[0] == '"' && at != NULL && at - sender > 1;
    const char *from = sender + (is_quoted ? 1 : 0);
    size_t len = (at == NULL ? strlen(sender) : (size_t)(at - sender)) - (is_quoted ? 2 : 0);
    snprintf(local, sizeof local, "%.*s", (int)len, from);
    const char *route = strrchr(local, '@');
    route = route == NULL ? strrchr(local, '%') : route;
    if (route != NULL) {
        return domain_normalize(route + 1, out);
    }
    size_t bang = strcspn(local, "!");
    bool has_one = local[bang] == '!';
    local[bang] = '\0';
    return has_one && domain_normalize(local, out);
}
