/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that came from outside, as they can be shown. The caller frees them. Any thread. */
#pragma once

/* Valid UTF-8, without control characters but white space; NULL is "". */
char *shown(const char *text);
/* The same in one line, without what turns the direction of text: as a content's name must be. */
char *shown_line(const char *text);
