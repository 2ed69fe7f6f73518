/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers which address; the table is in routes.c. */
#pragma once

#include "exchange.h"

/* start.c */
void handle_start(struct exchange *exchange);
void handle_upload(struct exchange *exchange);
void handle_end(struct exchange *exchange);
void handle_ended(struct exchange *exchange);
void handle_language(struct exchange *exchange);
/* brand.c */
void handle_brand_style(struct exchange *exchange);
void handle_brand_logo(struct exchange *exchange);
/* sign_in.c */
void handle_sign_in(struct exchange *exchange);
void handle_start_passcode(struct exchange *exchange);
void handle_code_page(struct exchange *exchange);
void handle_code(struct exchange *exchange);
/* provider.c */
void handle_provider(struct exchange *exchange);
void handle_callback(struct exchange *exchange);
/* read.c */
void handle_message(struct exchange *exchange);
void handle_body(struct exchange *exchange);
void handle_attachment(struct exchange *exchange);
void handle_look(struct exchange *exchange);
/* answer_page.c */
void handle_write_reply(struct exchange *exchange);
void handle_write_reply_all(struct exchange *exchange);
void handle_write_forward(struct exchange *exchange);
void handle_reply(struct exchange *exchange);
void handle_reply_all(struct exchange *exchange);
void handle_forward(struct exchange *exchange);
