/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyfile/keyfile.h"

#include "cli/command.h"

#include "core/duration.h"
#include "core/plural.h"
#include "keyfile/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEEP_DEFAULT = 13 * 3600 };

/* Formats with times need some: from now on, for as long as the default policy keeps a key. */
static void give_times(struct stek_keyfile_keys *keys)
{
    const int64_t now = (int64_t)time(NULL);

    for (size_t i = 0; i < keys->count; i++) {
        if (keys->at[i].from == 0)
            keys->at[i].from = now;
        if (keys->at[i].until == 0)
            keys->at[i].until = now + KEEP_DEFAULT;
    }
}

/* Moves key `number`, as a layout of one key counts them, to the front. */
static bool choose_key(const char *command, const char *number, struct stek_keyfile_keys *keys)
{
    int64_t chosen = 1;
    STEK_SECRET(stek_keyfile_keys) struct stek_keyfile_keys only = {.layout = keys->layout};

    if (number != NULL &&
        (!stek_number_parse(number, &chosen) || chosen < 1 || (uint64_t)chosen > keys->count)) {
        (void)fprintf(stderr, "stek keyfile %s: --key '%s' is not a number from 1 to %zu\n",
                      command, number, keys->count);
        return false;
    }
    only.at[0] = keys->at[chosen - 1];
    only.count = 1;
    *keys = only;
    return true;
}

static int write_out(const char *command, const struct stek_keyfile_keys *keys)
{
    static struct stek_keyfile_bytes bytes;

    stek_keyfile_write(keys, &bytes);
    const bool ok = fwrite(bytes.at, 1, bytes.len, stdout) == bytes.len && fflush(stdout) == 0;
    const int error = errno;
    stek_keyfile_bytes_wipe(&bytes);
    if (!ok)
        (void)fprintf(stderr, "stek keyfile %s: cannot write to standard output: %s\n", command,
                      strerror(error));
    return ok ? STEK_EXIT_FINE : STEK_EXIT_FAILED;
}

static void say_what_changed(const char *command, const struct stek_keyfile_keys *keys,
                             const struct stek_keyfile_keys *written)
{
    if (written->count < keys->count)
        (void)fprintf(
            stderr, "stek keyfile %s: a file of %s holds one key of %zu: --key N writes another\n",
            command, written->layout->name, keys->count);
    if (written->count > keys->count)
        (void)fprintf(stderr, "stek keyfile %s: %s wants %zu keys: %zu random %s the places\n",
                      command, written->layout->name, written->count, written->count - keys->count,
                      stek_plural(written->count - keys->count, "one fills", "ones fill"));
}

int stek_keyfile_put_out(const char *command, const struct stek_keyfile_keys *keys,
                         const struct stek_keyfile_layout *layout, const char *key)
{
    STEK_SECRET(stek_keyfile_keys) struct stek_keyfile_keys ordered;
    STEK_SECRET(stek_keyfile_keys) struct stek_keyfile_keys written;

    if (isatty(STDOUT_FILENO)) {
        (void)fprintf(stderr,
                      "stek keyfile %s: keys are not printed on a terminal: send them to a file on "
                      "a tmpfs\n",
                      command);
        return STEK_EXIT_USAGE;
    }
    ordered = *keys;
    if (layout->keys_max == 1) {
        struct stek_keyfile_layout first =
            *keys->layout; /* sorted so that 1 is the key that seals */
        first.seals = STEK_KEYFILE_FIRST;
        first.keys_max = STEK_KEYFILE_KEYS_MAX;
        const char *unordered = stek_keyfile_arrange(keys, &first, &ordered);
        ordered.layout = keys->layout;
        if (unordered != NULL || !choose_key(command, key, &ordered))
            return STEK_EXIT_USAGE;
    } else if (key != NULL) {
        (void)fprintf(stderr, "stek keyfile %s: --key: a file of %s holds all keys\n", command,
                      layout->name);
        return STEK_EXIT_USAGE;
    }
    const char *problem = stek_keyfile_arrange(&ordered, layout, &written);
    if (problem != NULL) {
        (void)fprintf(stderr, "stek keyfile %s: no file for %s: %s\n", command, layout->name,
                      problem);
        return STEK_EXIT_FAILED;
    }
    give_times(&written);
    if (key == NULL)
        say_what_changed(command, keys, &written);
    return write_out(command, &written);
}
