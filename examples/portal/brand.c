/* SPDX-License-Identifier: Apache-2.0 */
#include "brand.h"

#include <microhttpd.h>
#include <string.h>

#include "authority.h"
#include "chancery/v1/branding.pb-c.h"
#include "page.h"
#include "routes.h"

enum { COLOR_BYTES = sizeof "#rrggbb", LOGO_BYTES_MAX = 40 * 1024 };

/* A color and that of the text on it; both, or "". */
struct colors {
    char color[COLOR_BYTES], text[COLOR_BYTES];
};

struct brand {
    char *name;
    char *privacy_url; /* https, or "" */
    GBytes *logo;      /* NULL: none */
    const char *logo_type;
    struct colors page, accent;
    struct {
        char *tag, *body, *disclaimer;
    } said[LANGUAGE_COUNT]; /* tag NULL: nothing */
};

/* --- asking ----------------------------------------------------------------------------------- */

static bool is_color(const char *text)
{
    return strlen(text) == COLOR_BYTES - 1 && text[0] == '#' &&
           strspn(text + 1, "0123456789abcdefABCDEF") == COLOR_BYTES - 2;
}

/* It goes into a style sheet, so nothing else than a color may. */
static void take_colors(struct colors *out, const char *color, const char *text)
{
    if (is_color(color) && is_color(text)) {
        g_strlcpy(out->color, color, sizeof out->color);
        g_strlcpy(out->text, text, sizeof out->text);
    }
}

/* Types that can hold no program. */
static void take_logo(struct brand *brand, const Chancery__V1__Logo *logo)
{
    static const char *const types[] = {"image/png", "image/jpeg", "image/gif"};
    for (size_t i = 0; logo != NULL && i < G_N_ELEMENTS(types); i++) {
        if (strcmp(logo->media_type, types[i]) == 0 && logo->image.len <= LOGO_BYTES_MAX) {
            brand->logo = g_bytes_new(logo->image.data, logo->image.len);
            brand->logo_type = types[i];
        }
    }
}

static struct brand *brand_of(const Chancery__V1__GetContentBrandingResponse *from)
{
    struct brand *brand = g_new0(struct brand, 1);
    brand->name = g_strdup(from->display_name);
    brand->privacy_url =
        g_strdup(g_str_has_prefix(from->privacy_url, "https://") ? from->privacy_url : "");
    take_logo(brand, from->logo);
    take_colors(&brand->page, from->background_color, from->background_text_color);
    take_colors(&brand->accent, from->accent_color, from->accent_text_color);
    for (size_t i = 0; i < from->n_texts && i < LANGUAGE_COUNT; i++) {
        brand->said[i].tag = g_strdup(from->texts[i]->language);
        const Chancery__V1__BrandingText *text = from->texts[i];
        /* What is meant for readers here; else what the mail says to them. */
        brand->said[i].body =
            g_strdup(text->portal_text[0] != '\0' ? text->portal_text : text->body);
        brand->said[i].disclaimer = g_strdup(from->texts[i]->disclaimer);
    }
    return brand;
}

struct brand *brand_ask(const struct portal *portal, const chancery_mail *mail)
{
    Chancery__V1__GetContentBrandingRequest request;
    char *languages[LANGUAGE_COUNT];
    size_t size;
    struct failure ignored = {0}; /* whatever refuses the mail itself is told by what follows */
    struct brand *brand = NULL;
    const void *license = chancery_mail_license(mail, &size);
    chancery__v1__get_content_branding_request__init(&request);
    request.publishing_license = (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)license};
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        languages[i] = g_strdup(language_tag((enum language)i));
    }
    request.languages = languages;
    request.n_languages = LANGUAGE_COUNT;
    ProtobufCMessage *answer =
        authority_ask(portal, "BrandingService/GetContentBranding", &request.base,
                      &chancery__v1__get_content_branding_response__descriptor, &ignored);
    if (answer != NULL) {
        brand = brand_of((const void *)answer);
        protobuf_c_message_free_unpacked(answer, NULL);
    }
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        g_free(languages[i]);
    }
    return brand;
}

void brand_free(struct brand *brand)
{
    if (brand == NULL) {
        return;
    }
    for (int i = 0; i < LANGUAGE_COUNT; i++) {
        g_free(brand->said[i].tag);
        g_free(brand->said[i].body);
        g_free(brand->said[i].disclaimer);
    }
    if (brand->logo != NULL) {
        g_bytes_unref(brand->logo);
    }
    g_free(brand->name);
    g_free(brand->privacy_url);
    g_free(brand);
}

/* --- parts of pages --------------------------------------------------------------------------- */

/* The first page is about the next mail, so it shows nothing of the one before. */
static const struct brand *shown(const struct exchange *exchange)
{
    bool is_about_it = exchange->route != NULL && (exchange->route->flags & ROUTE_SESSION) != 0;
    return is_about_it && exchange->session != NULL ? exchange->session->brand : NULL;
}

void add_brand_style(GString *html, const struct exchange *exchange)
{
    if (shown(exchange) != NULL) {
        g_string_append(html, "<link rel=\"stylesheet\" href=\"/brand.css\">\n");
    }
}

void add_brand_name(GString *html, const struct exchange *exchange)
{
    const struct brand *brand = shown(exchange);
    if (brand == NULL) {
        return;
    }
    g_string_append(html, "<p class=\"whose\">");
    if (brand->logo != NULL) {
        g_string_append(html, "<img src=\"/brand/logo\" alt=\"");
        add_escaped(html, brand->name);
        g_string_append(html, "\">");
    } else {
        g_string_append(html, "<bdi>");
        add_escaped(html, brand->name);
        g_string_append(html, "</bdi>");
    }
    g_string_append(html, "</p>\n");
}

static void add_own(GString *html, const char *class, const char *tag, const char *text)
{
    if (tag != NULL && text[0] != '\0') {
        g_string_append_printf(html, "<p class=\"%s\" dir=\"auto\" lang=\"", class);
        add_escaped(html, tag);
        g_string_append(html, "\">");
        add_escaped(html, text);
        g_string_append(html, "</p>\n");
    }
}

void add_brand_text(GString *html, const struct exchange *exchange)
{
    const struct brand *brand = shown(exchange);
    if (brand != NULL) {
        add_own(html, "says", brand->said[exchange->language].tag,
                brand->said[exchange->language].body);
    }
}

void add_brand_end(GString *html, const struct exchange *exchange)
{
    const struct brand *brand = shown(exchange);
    if (brand == NULL) {
        return;
    }
    add_own(html, "small disclaimer", brand->said[exchange->language].tag,
            brand->said[exchange->language].disclaimer);
    if (brand->privacy_url[0] != '\0') {
        g_string_append(
            html, "<p class=\"small\"><a target=\"_blank\" rel=\"noopener noreferrer\" href=\"");
        add_escaped(html, brand->privacy_url);
        g_string_append(html, "\">");
        add_escaped(html, say(exchange->language, T_PRIVACY));
        g_string_append(html, " (<bdi>");
        add_escaped(html, brand->name);
        g_string_append(html, "</bdi>)</a></p>\n");
    }
}

/* --- files ------------------------------------------------------------------------------------ */

/* In the dark the page keeps its own background: nobody chose that color for it. */
void handle_brand_style(struct exchange *exchange)
{
    const struct brand *brand = shown(exchange);
    GString *css = g_string_new("main { border-top: 0.375rem solid var(--brand); }\n");
    if (brand != NULL && brand->accent.color[0] != '\0') {
        g_string_append_printf(css, ":root { --brand: %s; --on-brand: %s; }\n", brand->accent.color,
                               brand->accent.text);
    }
    if (brand != NULL && brand->page.color[0] != '\0') {
        g_string_append_printf(
            css,
            "@media (prefers-color-scheme: light) {\n  :root { --page: %s; --on-page: %s; "
            "--quiet-on-page: %s; --link-on-page: %s; }\n}\n",
            brand->page.color, brand->page.text, brand->page.text, brand->page.text);
    }
    answer_bytes(exchange, "text/css; charset=utf-8", "default-src 'none'", NULL,
                 g_string_free_to_bytes(css));
}

void handle_brand_logo(struct exchange *exchange)
{
    const struct brand *brand = shown(exchange);
    if (brand == NULL || brand->logo == NULL) {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, P_NOT_FOUND);
        return;
    }
    answer_bytes(exchange, brand->logo_type, "default-src 'none'", NULL, g_bytes_ref(brand->logo));
}
