/* SPDX-License-Identifier: Apache-2.0 */
/* chancery-portal: protected mails, read in a browser (docs/portal.md).
 *
 * One loop has all readers; whatever blocks is done by a few threads. */
#include <gmime/gmime.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "authority.h"
#include "pdf.h"
#include "portal.h"
#include "shares.h"

static const char usage[] =
    "usage: chancery-portal [--check] FILE\n\n"
    "Lets readers open protected mails in a browser. FILE is its configuration, explained in docs/portal.md.\n"
    "It listens on 127.0.0.1 for a server that brings TLS, and stores nothing.\n\n"
    "  --check   read FILE and the certificate, see whether PDFs can be shown, and end\n"
    "  --help    print this\n\n"
    "SIGTERM ends it: who is reading then has to begin anew.\n";

static bool open_authority(struct portal *portal)
{
    chancery_options *options = authority_options(portal->settings);
    chancery_error *error = chancery_session_open(options, &portal->authority);
    chancery_options_free(options);
    if (error != NULL) {
        fprintf(stderr, "chancery-portal: %s: %s %s\n", chancery_error_reason(error),
                chancery_error_sentence(error), chancery_error_detail(error));
    }
    bool ok = error == NULL;
    chancery_error_free(error);
    return ok;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct portal *portal = arg;
    (void)number, (void)what;
    chancery_context_cancel(portal->context);
    (void)event_base_loopbreak(portal->base);
}

/* No other thread runs any more. */
static void ignore_signals(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* Until a signal comes. */
static bool serve(struct portal *portal)
{
    struct event *term = evsignal_new(portal->base, SIGTERM, on_signal, portal);
    struct event *interrupt = evsignal_new(portal->base, SIGINT, on_signal, portal);
    /* As many may wait as there is time for: each takes one question at most. */
    portal->pool = pool_new(portal->base, portal->settings->threads, portal->settings->threads * 8);
    bool ok = portal->pool != NULL && term != NULL && interrupt != NULL &&
              event_add(term, NULL) == 0 && event_add(interrupt, NULL) == 0;
    if (ok && server_new(portal) != NULL) {
        fprintf(stderr, "listening on 127.0.0.1:%ld for %s\n", portal->settings->port,
                portal->settings->origin);
        ok = event_base_dispatch(portal->base) >= 0;
    } else {
        fprintf(stderr, "chancery-portal: can't listen on 127.0.0.1:%ld\n", portal->settings->port);
        ok = false;
    }
    pool_stop(portal->pool);
    if (portal->server != NULL) {
        server_free(portal->server); /* whoever comes while it ends is turned away by the pool */
    }
    pool_free(portal->pool);
    ignore_signals(); /* libevent's handlers go now, and a second SIGTERM would end what ends */
    struct event *events[] = {term, interrupt};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (events[i] != NULL) {
            event_free(events[i]);
        }
    }
    return ok;
}

static bool run(struct portal *portal, bool is_check)
{
    portal->host = strstr(portal->settings->origin, "://") + 3;
    portal->context = chancery_context_new();
    portal->base = event_base_new();
    portal->sessions = sessions_new(portal->settings);
    portal->pdf_places = shares_new(0, 0, PDF_PLACES);
    bool ok = open_authority(portal) && portal->base != NULL && (is_check || serve(portal));
    sessions_free(portal->sessions);
    shares_free(portal->pdf_places);
    chancery_session_close(portal->authority);
    chancery_context_free(portal->context);
    if (portal->base != NULL) {
        event_base_free(portal->base);
    }
    return ok;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct portal portal = {.settings = &settings};
    bool is_check = argc == 3 && strcmp(argv[1], "--check") == 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc != 2 && !is_check) {
        fputs(usage, stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    g_mime_init();
    xmlInitParser();
    bool ok = settings_read(argv[argc - 1], &settings);
    if (ok) {
        pdf_init();
        ok = run(&portal, is_check);
    }
    settings_free(&settings);
    xmlCleanupParser();
    g_mime_shutdown();
    return ok ? 0 : 1;
}
