/* SPDX-License-Identifier: Apache-2.0 */
/* Files that appear whole or not at all. A regular file, or one that isn't there yet, is written
 * beside its place under a random name, flushed to the disk, and renamed; a signal that ends the
 * process removes it. A device, a pipe or an open descriptor (/dev/fd/3) is written as it is. A
 * symbolic link is followed: what it names is replaced, and the link stays. One output at a time. */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "base/slice.h"

struct output {
    FILE *file;
    const char *path; /* "-": standard output, which can't be taken back */
    int folder;       /* where `aside` is; -1: written in place */
    bool is_new;      /* whatever is there by the end stays */
    char aside[32], name[256];
};

/* A file is readable by its owner only, also when it replaces one that others could read. All fail
 * with R_FILE_UNWRITABLE and the system's words. */
rc output_open(const char *path, struct output *out, struct err *err);
rc output_keep(struct output *output, struct err *err);
/* Remove what was written, where it can be. Returns a failed rc, so that callers can pass their own
 * failure on. */
rc output_drop(struct output *output);
rc output_write(const char *path, struct slice bytes, struct err *err);
/* The same for a file that is to be made once: one that is there already stays, and that is no
 * failure. */
rc output_write_new(const char *path, struct slice bytes, struct err *err);

/* Whether a path names standard output: "-" and the names that the system has for it. */
bool output_is_standard(const char *path);
/* Whether what the path names is written as it is. What is not there will be a file. */
bool output_is_in_place(const char *path);
/* Whether an output may be named after an input: a pipe or a device (/dev/stdin) has no place of its
 * own. What is not there, or is a folder, fails later and says so. */
bool output_is_beside(const char *input);

/* Call first in main: whatever ends the process with exit or a return fails with a sentence when
 * standard output could not be written to its end, and descriptors that the caller has closed don't
 * become files. */
void output_watch_standard(void);
