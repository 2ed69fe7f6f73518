/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file export.h
 * What all headers of libchancery begin with. Programs include <chancery/chancery.h>.
 */
#ifndef CHANCERY_EXPORT_H
#define CHANCERY_EXPORT_H

#include <stddef.h>
#include <stdint.h>

/** Marks what the library exports; nothing else of it can be linked against. */
#if defined(__GNUC__)
#define CHANCERY_API __attribute__((visibility("default")))
#else
#define CHANCERY_API
#endif

/** Marks functions whose result must be looked at. */
#if defined(__GNUC__)
#define CHANCERY_MUST_USE __attribute__((warn_unused_result))
#else
#define CHANCERY_MUST_USE
#endif

#endif
