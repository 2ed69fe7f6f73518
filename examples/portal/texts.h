/* SPDX-License-Identifier: Apache-2.0 */
/* All that the portal says, in each of its languages (texts.c). */
#pragma once

enum language { ENGLISH, GERMAN, LANGUAGE_COUNT };

enum text {
    T_SKIP, /* to the main part of the page */
    T_LANGUAGE,
    T_START_TITLE,
    T_START_INTRO,
    T_START_HOW,
    T_START_STEP_MAIL,
    T_START_STEP_PARTS,
    T_START_STEP_SIGN_IN,
    T_FILE_LABEL,
    T_FILE_HINT, /* %s: how large */
    T_FILE_BUTTON,
    T_KEPT, /* that nothing is kept */
    T_PRIVACY,
    T_SIGN_IN_TITLE,
    T_SIGN_IN_INTRO,
    T_SIGN_IN_WITH, /* %s: provider */
    T_OR_PASSCODE,
    T_ADDRESS_LABEL,
    T_ADDRESS_HINT,
    T_ADDRESS_BUTTON,
    T_CODE_TITLE,
    T_CODE_SENT, /* %s: address */
    T_CODE_REFERENCE,
    T_CODE_REFERENCE_HINT,
    T_CODE_LABEL,
    T_CODE_HINT,
    T_CODE_BUTTON,
    T_CODE_AGAIN,
    T_MESSAGE_TITLE, /* of a message without a subject */
    T_FROM,
    T_TO,
    T_CC,
    T_DATE,
    T_MESSAGE_FRAME, /* what the message's own part of the page is called */
    T_MESSAGE_ALONE,
    T_MESSAGE_CUT,
    T_PICTURES_BLOCKED,
    T_PICTURES_SHOW,
    T_PICTURES_SHOWN,
    T_PICTURES_HIDE,
    T_ATTACHMENTS,
    T_ATTACHMENT_SHOW,
    T_ATTACHMENT_SAVE,
    T_ATTACHMENT_NEITHER,
    T_PDF_PAGE,
    T_PDF_TEXT,
    T_PDF_CUT,
    T_PDF_UNREADABLE,
    T_PDF_LOCKED,
    T_PDF_BUSY,
    T_PDF_NOT_NOW,
    T_RIGHTS,
    T_MAY_PRINT,
    T_MAY_NOT_PRINT,
    T_MAY_COPY,
    T_MAY_NOT_COPY,
    T_MAY_FORWARD,
    T_MAY_NOT_FORWARD,
    T_MAY_SAVE,
    T_MAY_NOT_SAVE,
    T_READ_UNTIL, /* %s: a time */
    T_REPLY,
    T_REPLY_ALL,
    T_FORWARD,
    T_REPLY_INTRO,
    T_ANSWER_INTRO,
    T_ANSWER_LABEL,
    T_ANSWER_HINT,
    T_ANSWER_QUOTE,
    T_ANSWER_BUTTON,
    T_ANSWER_VIA, /* between the reader and the portal */
    T_FORWARD_LABEL,
    T_FORWARD_HINT,
    T_SENT_TITLE,
    T_SENT_TEXT,
    T_NOT_SENT_TO, /* %s: an address */
    T_BACK_TO_MESSAGE,
    T_NOT_PRINTED,
    T_END_BUTTON,
    T_ENDED_TITLE,
    T_ENDED_TEXT,
    T_PROBLEM_TITLE,
    T_WHAT_NEXT,
    T_START_AGAIN,
    T_BACK_TO_SIGN_IN,
    T_WRITTEN,     /* what was not sent, to be copied */
    T_CONTACT,     /* %s: whom to ask */
    T_CALL_NUMBER, /* %s: for the operator */
    /* Problems: what has happened, and what to do. */
    P_NO_FILE,
    P_TOO_LARGE,
    P_NOT_PROTECTED,
    P_DAMAGED,
    P_NOT_READABLE,
    P_OTHER_MESSAGE,
    P_FOREIGN,
    P_NO_ADDRESS,
    P_CODE_WRONG,
    P_CODE_ENDED,
    P_CODE_LIMIT,
    P_CODE_OFF,
    P_CODE_SIGN_IN,
    P_CODE_UNAVAILABLE,
    P_SIGN_IN_FAILED,
    P_SIGN_IN_REFUSED,
    P_SIGN_IN_AGAIN,
    P_PROVIDER_AWAY,
    P_REVOKED,
    P_EXPIRED,
    P_NO_RIGHTS,
    P_BLOCKED,
    P_OTHER_PORTAL,
    P_TENANT_DISABLED,
    P_KEY_GONE,
    P_MAY_NOT_SAVE,
    P_MAY_NOT_ANSWER,
    P_ANSWER_EMPTY,
    P_ANSWER_TOO_LONG,
    P_ANSWER_TWICE,
    P_ANSWER_LIMIT,
    P_NO_RECIPIENT,
    P_TOO_MANY_PEOPLE,
    P_RELAY_AWAY,
    P_RELAY_REFUSES,
    P_LATER,
    P_BUSY,
    P_SESSION_OVER,
    P_NOT_FROM_HERE,
    P_NOT_FOUND,
    P_FAULT,
    TEXT_COUNT
};

const char *say(enum language language, enum text text);
/* "en", "de". */
const char *language_tag(enum language language);
/* The first language of a browser's list (RFC 9110 §12.5.4) that there is; English without one. */
enum language language_of(const char *accepted);
/* What to say of an error of the authority or of libchancery: its reason, and its code. */
enum text problem_of(const char *reason, int code);
