/* SPDX-License-Identifier: Apache-2.0 */
/* Run a fuzz target over the files of its corpus, and over simple mutations of each: cut at
 * every length and with every byte changed, so that builds without libFuzzer look a little
 * further than the corpus. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20, MUTATED_MAX = 2048 };

static void mutate(uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    for (size_t i = 0; copy != NULL && i < size; i++) {
        memcpy(copy, data, size);
        LLVMFuzzerTestOneInput(copy, i);
        copy[i] ^= (uint8_t)(1U << i % 8);
        LLVMFuzzerTestOneInput(copy, size);
    }
    free(copy);
}

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    size_t size = file == NULL || data == NULL ? 0 : fread(data, 1, INPUT_MAX, file);
    if (file != NULL) {
        fclose(file);
    }
    LLVMFuzzerTestOneInput(data, size);
    if (size <= MUTATED_MAX) {
        mutate(data, size);
    }
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
            count += replay(path);
        }
    }
    closedir(folder);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
