/* SPDX-License-Identifier: Apache-2.0 */
/* chancery branding */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/texts.h"
#include "base/utf8.h"
#include "chancery/v1/branding.pb-c.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/verbs.h"

static const char HELP[] =
    "usage: chancery branding list    --profile FILE [-o json|yaml]\n"
    "       chancery branding create  --profile FILE -f BRANDING.yaml [--logo IMAGE]\n"
    "       chancery branding show    --profile FILE NAME\n"
    "       chancery branding update  --profile FILE -f BRANDING.yaml [--logo IMAGE]\n"
    "       chancery branding delete  --profile FILE [--yes] NAME\n"
    "       chancery branding preview --profile FILE [OPTION…] NAME OUTPUT\n"
    "\n"
    "How the tenant's protected mail looks to whoever reads it outside: up to 50 sets of a logo,\n"
    "colors and texts. The one named default is for mail for which none is named; without it there\n"
    "is a plain look with the tenant's name. A change shows from the next mail on.\n"
    "\n"
    "A branding file has the fields of chancery.v1.Branding:\n"
    "\n"
    "  branding: default\n"
    "  display_name: Contoso Bank\n"
    "  accent_color: '#0b5d4a'\n"
    "  privacy_url: https://contoso.com/privacy\n"
    "  texts:\n"
    "    - {language: en, body: 'We send what is confidential protected.', button: Read it}\n"
    "    - {language: de, body: 'Vertrauliches senden wir geschützt.', button: Lesen}\n"
    "\n"
    "update changes what the file has, and leaves the rest.\n"
    "\n"
    "  --logo IMAGE        a PNG, JPEG or GIF of at most 40 KiB, 1,024 pixels wide and 512 high\n"
    "\n"
    "preview writes what a reader sees, as OUTPUT.html and OUTPUT.txt, with the logo beside them:\n"
    "\n"
    "  --sender ADDRESS    from whom; required\n"
    "  --name TEXT         what the sender is called\n"
    "  --subject TEXT      shown as the subject\n"
    "  --language TAG      in which language; may be repeated, up to 4 times, for one mail in several\n"
    "\n"
    "  chancery branding create  --profile admin.yaml -f default.yaml --logo logo.png\n"
    "  chancery branding preview --profile admin.yaml --sender alice@contoso.com default look\n"
    "\n"
    "Next: chancery protect --branding NAME mail.eml protects a mail that looks like it.\n";

struct branding_args {
    struct verb_args common;
    const char *file, *logo, *sender, *name, *subject;
    const char **languages;
};

static const struct branding_args *own_args(const struct verb_args *args)
{
    return (const struct branding_args *)args;
}

/* --- the sets --------------------------------------------------------------------------------- */

static void show_list(const void *response)
{
    const Chancery__V1__ListBrandingsResponse *r = response;
    struct table table;
    table_begin(&table, "BRANDING", "NAME", NULL);
    for (size_t i = 0; i < r->n_brandings; i++) {
        table_row(&table, r->brandings[i]->branding, r->brandings[i]->display_name, NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListBrandingsRequest request;
    chancery__v1__list_brandings_request__init(&request);
    return verb_list(s, args, "BrandingService/ListBrandings", &request.base,
                     &chancery__v1__list_brandings_response__descriptor, show_list);
}

static int show(struct session *s, const struct verb_args *args)
{
    Chancery__V1__GetBrandingRequest request;
    chancery__v1__get_branding_request__init(&request);
    request.branding = args->operands[0];
    return verb_call(s, args, "BrandingService/GetBranding", &request.base,
                     &chancery__v1__get_branding_response__descriptor, NULL);
}

/* The file, and the logo if one is named. */
static int read_branding(struct session *s, const struct branding_args *own,
                         Chancery__V1__Branding **out)
{
    enum { IMAGE_MAX = 1 << 20 }; /* the authority says how large it may be */
    static Chancery__V1__Logo logo;
    struct err err = {0};
    struct slice image;
    ProtobufCMessage *message = NULL;
    int code = verb_read_file(s, own->file, &chancery__v1__branding__descriptor, &message);
    *out = (Chancery__V1__Branding *)message;
    if (code != EXIT_OK || own->logo == NULL) {
        return code;
    }
    if (!read_file(s->arena, own->logo, IMAGE_MAX, &image, &err).ok) {
        return fail_with(s->command, &err);
    }
    chancery__v1__logo__init(&logo);
    logo.image = (ProtobufCBinaryData){image.len, (uint8_t *)(uintptr_t)image.ptr};
    (*out)->logo = &logo;
    return EXIT_OK;
}

static void show_created(const void *response)
{
    const Chancery__V1__CreateBrandingResponse *r = response;
    puts(r->branding->branding);
}

static int create(struct session *s, const struct verb_args *args)
{
    Chancery__V1__CreateBrandingRequest request;
    chancery__v1__create_branding_request__init(&request);
    int code = read_branding(s, own_args(args), &request.branding);
    return code != EXIT_OK
               ? code
               : verb_call(s, args, "BrandingService/CreateBranding", &request.base,
                           &chancery__v1__create_branding_response__descriptor, show_created);
}

static int update(struct session *s, const struct verb_args *args)
{
    Chancery__V1__UpdateBrandingRequest request;
    chancery__v1__update_branding_request__init(&request);
    int code = read_branding(s, own_args(args), &request.branding);
    return code != EXIT_OK ? code
                           : verb_act(s, args, "BrandingService/UpdateBranding", &request.base,
                                      &chancery__v1__update_branding_response__descriptor, NULL);
}

static int delete (struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteBrandingRequest request;
    chancery__v1__delete_branding_request__init(&request);
    request.branding = args->operands[0];
    int code = verb_confirm(s, args, "delete branding", args->operands[0],
                            "its logo and texts are lost, unless you have their files");
    return code != EXIT_OK ? code
                           : verb_act(s, args, "BrandingService/DeleteBranding", &request.base,
                                      &chancery__v1__delete_branding_response__descriptor, NULL);
}

/* --- preview ---------------------------------------------------------------------------------- */

static const char *extension_of(const Chancery__V1__Logo *logo)
{
    return strcmp(logo->media_type, "image/png") == 0    ? "png"
           : strcmp(logo->media_type, "image/jpeg") == 0 ? "jpg"
                                                         : "gif";
}

/* The HTML with the logo's file in place of the mail's part, which a browser doesn't know. */
static rc with_file(struct arena *arena, const Chancery__V1__RenderWrapperResponse *r,
                    const char *path, struct slice *out, struct err *err)
{
    const char *slash = strrchr(path, '/');
    const char *cid = arena_printf(arena, "cid:%s", r->logo_content_id);
    const char *at = cid == NULL ? NULL : strstr(r->html, cid);
    struct buf html;
    buf_init(&html, arena);
    ARENA_ENSURE(cid, err);
    if (at == NULL) {
        *out = slice_str(r->html);
        return OK;
    }
    buf_add(&html, slice_of(r->html, (size_t)(at - r->html)));
    buf_add_str(&html, slash == NULL ? path : slash + 1);
    buf_add_str(&html, at + strlen(cid));
    return buf_finish(&html, out, err);
}

static rc write_logo(struct arena *arena, const Chancery__V1__RenderWrapperResponse *r,
                     const char *output, struct slice *html, struct err *err)
{
    *html = slice_str(r->html);
    if (r->logo == NULL) {
        return OK;
    }
    const char *path = arena_printf(arena, "%s.%s", output, extension_of(r->logo));
    ARENA_ENSURE(path, err);
    TRY(output_write(path, slice_of(r->logo->image.data, r->logo->image.len), err));
    return with_file(arena, r, path, html, err);
}

static rc write_preview(struct arena *arena, const Chancery__V1__RenderWrapperResponse *r,
                        const char *output, struct err *err)
{
    struct slice html;
    const char *html_path = arena_printf(arena, "%s.html", output);
    const char *text_path = arena_printf(arena, "%s.txt", output);
    ARENA_ENSURE(html_path, err);
    ARENA_ENSURE(text_path, err);
    TRY(write_logo(arena, r, output, &html, err));
    TRY(output_write(html_path, html, err));
    return output_write(text_path, slice_str(r->text), err);
}

static int preview(struct session *s, const struct verb_args *args)
{
    const struct branding_args *own = own_args(args);
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    Chancery__V1__RenderWrapperRequest request;
    chancery__v1__render_wrapper_request__init(&request);
    if (own->sender == NULL) {
        return usage_error(s->command, "name a --sender");
    }
    request.branding = args->operands[0];
    request.sender = text_field(own->sender);
    request.sender_name = text_field(own->name);
    request.subject = text_field(own->subject);
    request.languages = (char **)(uintptr_t)own->languages;
    request.n_languages = texts_count(own->languages);
    int code = session_call(s, "BrandingService/RenderWrapper", &request.base,
                            &chancery__v1__render_wrapper_response__descriptor, &response);
    if (code != EXIT_OK) {
        return code;
    }
    const Chancery__V1__RenderWrapperResponse *r = (const void *)response;
    if (strcmp(r->branding, args->operands[0]) != 0) {
        fprintf(stderr, "chancery branding: there is none of this name: %s\n",
                r->branding[0] == '\0' ? "this is the plain look" : "this is the default");
    }
    return write_preview(s->arena, r, args->operands[1], &err).ok ? EXIT_OK
                                                                  : fail_with(s->command, &err);
}

static const struct verb VERBS[] = {
    {"list", 0, 0, NULL, list},           {"create", 0, 0, NULL, create},
    {"show", 1, 1, "one name", show},     {"update", 0, 0, NULL, update},
    {"delete", 1, 1, "one name", delete}, {"preview", 2, 2, "a name and an output", preview}};

static int run(int argc, char **argv)
{
    struct branding_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        YES_OPTION(args.common),
                                        {"-f", &args.file, NULL, NULL},
                                        {"--logo", &args.logo, NULL, NULL},
                                        {"--sender", &args.sender, NULL, NULL},
                                        {"--name", &args.name, NULL, NULL},
                                        {"--subject", &args.subject, NULL, NULL},
                                        {"--language", NULL, NULL, &args.languages}};
    argc = options_take(&command_branding, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_branding, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_branding = {.name = "branding",
                                         .summary = "keep and preview the look of protected mail",
                                         .help = HELP,
                                         .run = run};
