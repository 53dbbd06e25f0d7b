/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds every file of the folders on the command line to a fuzz target, without libFuzzer. An empty
 * one is an error. */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Each input in a block of its exact size, so that a read past its end is seen. Its name first: it
 * may be the last. */
static bool replay(const char *path)
{
    puts(path);
    (void)fflush(stdout);
    FILE *file = fopen(path, "rb");
    long size = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    uint8_t *data = size >= 0 ? malloc(size > 0 ? (size_t)size : 1) : NULL;
    bool ok = file != NULL && data != NULL && fseek(file, 0, SEEK_SET) == 0 &&
              fread(data, 1, (size_t)size, file) == (size_t)size;

    if (ok)
        ok = LLVMFuzzerTestOneInput(data, (size_t)size) == 0;
    else
        perror(path);
    free(data);
    if (file != NULL)
        (void)fclose(file);
    return ok;
}

/* Returns how many inputs the folder holds, or -1. */
static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, NULL, alphasort);
    int replayed = 0;

    for (int i = 0; i < found; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && replayed >= 0)
            replayed = replay(path) ? replayed + 1 : -1;
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return replayed;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int replayed = replay_folder(argv[i]);
        printf("%s: %d inputs\n", argv[i], replayed);
        if (replayed < 1)
            return 1;
    }
    return 0;
}
