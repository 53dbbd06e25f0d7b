/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "thief.h"

#include "core/hex.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 4096, SECRET_LEN = sizeof(struct stek_secret32), ZEROS_MAX = 4 };

static void add(struct thief *thief, const void *bytes, size_t len)
{
    thief->loot = realloc(thief->loot, thief->len + len + 1);
    assert_non_null(thief->loot);
    memcpy(thief->loot + thief->len, bytes, len);
    thief->len += len;
}

/* As it is, and every 32 bytes that it writes in hexadecimal. */
static void add_text(struct thief *thief, const char *text, size_t len)
{
    uint8_t bytes[SECRET_LEN];

    add(thief, text, len);
    for (size_t at = 0; at + 2 * sizeof bytes <= len; at++)
        if (stek_hex_read(text + at, sizeof bytes, bytes))
            add(thief, bytes, sizeof bytes);
}

static void add_file(struct thief *thief, int fd)
{
    char text[FILE_MAX];
    const ssize_t len = pread(fd, text, sizeof text, 0);

    assert_true(len >= 0 && (size_t)len < sizeof text);
    add_text(thief, text, (size_t)len);
}

static void add_folder(struct thief *thief, const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        const int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        if (entry->d_name[0] != '.')
            add_file(thief, fd);
        close(fd);
    }
    closedir(folder);
}

void thief_take(const struct week_host *host, struct thief *ret_thief)
{
    *ret_thief = (struct thief){.len = 0};
    add(ret_thief, host, sizeof *host);
    add_folder(ret_thief, host->disk);
    for (size_t i = 0; i < host->replaced_count; i++)
        add_file(ret_thief, host->replaced[i]);
}

void thief_forget(struct thief *thief)
{
    free(thief->loot);
    *thief = (struct thief){.len = 0};
}

bool thief_has(const struct thief *thief, const struct stek_secret32 *secret)
{
    return memmem(thief->loot, thief->len, secret->bytes, sizeof secret->bytes) != NULL;
}

/* A value says in its head under which epoch it is sealed, for everybody. */
static uint64_t epoch_of(const struct week_value *value)
{
    uint64_t epoch = 0;

    for (unsigned i = 0; i < 8; i++)
        epoch |= (uint64_t)value->bytes[16 + i] << (8 * i);
    return epoch;
}

/* Most of a memory is zero, and no secret is. */
static bool may_be_secret(const uint8_t *at)
{
    unsigned zeros = 0;

    for (unsigned i = 0; i < SECRET_LEN; i++)
        zeros += at[i] == 0;
    return zeros <= ZEROS_MAX;
}

static bool opens(const struct thief *thief, const struct week *week,
                  const struct week_value *value)
{
    static struct stek_keks keks = {.count = 1};
    struct stek_kek *kek = &keks.at[0];
    const struct stek_bytes bytes = {value->bytes, sizeof value->bytes};
    struct stek_envelope envelope;

    memcpy(kek->id, week->host[0].keks.at[0].id, sizeof kek->id);
    kek->epoch = kek->from = epoch_of(value);
    for (size_t at = 0; at + SECRET_LEN <= thief->len; at++) {
        if (!may_be_secret(thief->loot + at))
            continue;
        memcpy(kek->at[0].bytes, thief->loot + at, SECRET_LEN);
        if (stek_envelope_open_record(&keks, "web", value->seq, bytes, &envelope) ==
            STEK_VALUE_GOOD)
            return true;
    }
    return false;
}

/* One value of each epoch is enough: who opens one has its secret, and opens all. */
size_t thief_opens(const struct thief *thief, const struct week *week, int64_t before)
{
    uint64_t tried = UINT64_MAX;
    size_t opened = 0;

    for (size_t i = 0; i < week->store.history_count; i++) {
        const struct week_value *value = &week->store.history[i];
        if (value->record.accept_until > before || epoch_of(value) == tried)
            continue;
        tried = epoch_of(value);
        opened += opens(thief, week, value);
    }
    return opened;
}
