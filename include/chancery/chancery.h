/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file chancery.h
 * @brief All of libchancery.
 * @mainpage libchancery
 *
 * Protects and opens content with an authority, for clients, gateways and portals in C and C++. All
 * that programs need is opaque and begins with `chancery_`.
 *
 * - session.h: who asks which authority, and for how long
 * - content.h: protect, acquire, inspect, revoke, restore, amend
 * - stream.h: protected files as streams
 * - mail.h: protected mails
 * - wrapper.h: what they say to those who can't open them
 * - delivery.h: delivery per recipient, templates
 * - evaluation.h: what the tenant's rules say of a mail
 * - error.h: errors as values
 *
 * What all functions have in common:
 *
 * - They keep no state but in what the caller holds, never print and never read the environment. They
 *   never end the process, but as glib does when there is no memory at all, or by abort() on a fault
 *   of their own.
 * - Every pointer to an object must be one that the library made; texts are UTF-8 and NUL-terminated.
 *   What a function is given is borrowed for the call, unless it says otherwise. What it lends lives
 *   until the object that lends it is freed or changed.
 * - An out-parameter is set only when the function succeeds.
 */
#ifndef CHANCERY_CHANCERY_H
#define CHANCERY_CHANCERY_H

#include <chancery/answer.h>
#include <chancery/content.h>
#include <chancery/delivery.h>
#include <chancery/error.h>
#include <chancery/evaluation.h>
#include <chancery/mail.h>
#include <chancery/publisher.h>
#include <chancery/session.h>
#include <chancery/stream.h>
#include <chancery/transit.h>
#include <chancery/wrapper.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library that runs, "1.2.3". Static. */
CHANCERY_API const char *chancery_version(void);

#ifdef __cplusplus
}
#endif

#endif
