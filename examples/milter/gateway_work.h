/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the gateway only: one mail's way, and how it ends. */
#pragma once

#include "gateway.h"

/* All of one mail's way; what each step needs of the one before. */
struct work {
    const struct gateway *gateway;
    const struct message *message;
    struct decision *out;
    chancery_context *context;       /* the time of each question */
    chancery_mail *head;             /* the headers alone: for the owner */
    chancery_mail *mail;             /* all of it */
    const char *sender;              /* about whom the rules are asked */
    const char *owner;               /* for whom it is protected; NULL: they are not ours */
    size_t domain;                   /* the owner's, by its number in the settings */
    chancery_evaluation *evaluation; /* NULL: the rules couldn't be asked */
    struct orders orders;
    char rule[200]; /* which rule decided, for the log */
    chancery_content *content;
    bool is_offline;           /* the content was made here, by a certificate */
    chancery_wrapper *wrapper; /* NULL: everybody opens it in their own program */
};

/* Steps: false when it is known what becomes of the mail. */
bool gateway_check_delivery(struct work *w);
bool gateway_protect(struct work *w);
bool gateway_render(struct work *w);
bool gateway_wrap(struct work *w);
/* Have the wrapper written for a sender of ours, by whatever their name is in the header; into w->wrapper. */
chancery_error *gateway_render_for(struct work *w, const char *sender, const char *branding);

/* Say what becomes of it; false, because nothing follows. */
bool work_end(struct work *w, enum outcome outcome, const char *status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* By an error, which is freed. */
bool work_end_by(struct work *w, const char *doing, chancery_error *error);
