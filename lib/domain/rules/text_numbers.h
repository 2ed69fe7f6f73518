/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as numbers: each text that was added has one, from 0. Hashed with a seed of the caller's, so
 * that nobody makes texts that collide. Pure. */
#pragma once

#include "base/slice.h"

enum { TEXT_UNKNOWN = UINT32_MAX };

struct text_numbers;

struct text_numbers *text_numbers_new(uint64_t seed);
void text_numbers_free(struct text_numbers *numbers);
/* The number of a text, a new one if it is new. Copies. */
uint32_t text_numbers_add(struct text_numbers *numbers, struct slice text);
/* TEXT_UNKNOWN if it was never added. */
uint32_t text_numbers_find(const struct text_numbers *numbers, struct slice text);
size_t text_numbers_count(const struct text_numbers *numbers);
/* About what it holds, in bytes. */
size_t text_numbers_bytes(const struct text_numbers *numbers);
