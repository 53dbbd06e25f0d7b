/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_page.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static_assert(sizeof(struct stek_stats_page) == STEK_STATS_FILE_LEN,
              "the table in stats.h is true");
static_assert(offsetof(struct stek_stats_page, process) == 4160, "the table in stats.h is true");
static_assert(offsetof(struct stek_stats_page, context) == 12352, "the table in stats.h is true");
static_assert(sizeof(struct stek_stats_total) == 288 + 8192, "the table in stats_page.h is true");
static_assert((int)STEK_COUNTERS <= (int)STEK_STATS_SLOTS, "every counter has a place");

static const char *const counter_names[STEK_COUNTERS] = {
    "sealed",          "opened",        "renewed",       "unknown",         "damaged",
    "max_session_age", "server_name",   "cert_expired",  "cert_missing",    "id_context",
    "not_sealed",      "not_met",       "replaced",      "verified_peers",  "early_accepted",
    "early_replayed",  "early_foreign", "early_too_old", "early_unchecked", "resumed_by_id"};

const char *stek_counter_name(enum stek_counter counter)
{
    return counter_names[counter];
}

uint64_t stek_stats_magic(const char magic[8])
{
    uint64_t word;

    memcpy(&word, magic, sizeof word);
    return word;
}

static uint64_t word_at(const uint8_t *bytes, size_t offset)
{
    uint64_t word;

    memcpy(&word, bytes + offset, sizeof word);
    return word;
}

/* Modulo 2^64: a correction may have been taken off another shard than it was added to. */
static void sum_shards(const uint8_t *bytes, uint64_t count[STEK_COUNTERS])
{
    memset(count, 0, STEK_COUNTERS * sizeof *count);
    for (size_t shard = 0; shard < STEK_STATS_SHARDS; shard++)
        for (size_t i = 0; i < STEK_COUNTERS; i++)
            count[i] +=
                word_at(bytes, offsetof(struct stek_stats_page, shard) +
                                   shard * sizeof(struct stek_stats_shard) + i * sizeof(uint64_t));
}

static bool counts_are_possible(const uint64_t count[STEK_COUNTERS])
{
    for (size_t i = 0; i < STEK_COUNTERS; i++)
        if (count[i] > STEK_STATS_COUNT_MAX)
            return false;
    return true;
}

static void parse_processes(const uint8_t *bytes, struct stek_stats_view *view)
{
    view->processes = 0;
    for (size_t i = 0; i < STEK_STATS_PROCESSES; i++) {
        const size_t at =
            offsetof(struct stek_stats_page, process) + i * sizeof(struct stek_stats_process);
        const uint64_t pid = word_at(bytes, at);
        const uint64_t last_use = word_at(bytes, at + 16);
        if (pid == 0 || pid > INT32_MAX || last_use > INT32_MAX * UINT64_C(64))
            continue;
        view->process[view->processes].pid = (int64_t)pid;
        view->process[view->processes].entered = word_at(bytes, at + 8);
        view->process[view->processes].last_use = (int64_t)last_use;
        view->process[view->processes].is_child = i > 0;
        view->processes++;
    }
}

static void parse_contexts(const uint8_t *bytes, struct stek_stats_view *view)
{
    view->contexts = 0;
    for (size_t i = 0; i < STEK_STATS_CONTEXTS; i++) {
        const size_t at =
            offsetof(struct stek_stats_page, context) + i * sizeof(struct stek_stats_context);
        const uint64_t len = word_at(bytes, at + 8);
        if (word_at(bytes, at) != STEK_CONTEXT_THERE || len == 0 || len > STEK_CONTEXT_MAX)
            continue;
        struct stek_context *context = &view->context[view->contexts++];
        *context = (struct stek_context){.len = (size_t)len};
        memcpy(context->bytes, bytes + at + 16, (size_t)len);
    }
}

bool stek_stats_parse(const uint8_t *bytes, size_t len, struct stek_stats_view *ret_view)
{
    uint64_t count[STEK_COUNTERS];

    if (len != STEK_STATS_FILE_LEN || word_at(bytes, 0) != stek_stats_magic("stekstat") ||
        word_at(bytes, 8) != STEK_STATS_VERSION)
        return false;
    sum_shards(bytes, count);
    if (!counts_are_possible(count))
        return false;
    memcpy(ret_view->count, count, sizeof count);
    ret_view->pid_namespace = word_at(bytes, offsetof(struct stek_stats_page, pid_namespace));
    ret_view->forked_at = word_at(bytes, offsetof(struct stek_stats_page, forked_at));
    ret_view->lockable = word_at(bytes, offsetof(struct stek_stats_page, lockable)) == 1;
    parse_processes(bytes, ret_view);
    parse_contexts(bytes, ret_view);
    return true;
}

bool stek_stats_total_parse(const uint8_t *bytes, size_t len, struct stek_stats_total *ret_total)
{
    struct stek_stats_total total;

    if (len != sizeof total)
        return false;
    memcpy(&total, bytes, sizeof total);
    if (total.magic != stek_stats_magic("stektotl") || total.version != STEK_STATS_VERSION ||
        total.names > STEK_STATS_NAMES)
        return false;
    for (size_t i = 0; i < STEK_STATS_SLOTS; i++)
        if (total.count[i] > STEK_STATS_COUNT_MAX)
            return false;
    for (size_t i = 0; i < total.names; i++) {
        total.name[i][STEK_STATS_NAME_LEN - 1] = '\0';
        if (!stek_stats_is_name(total.name[i]))
            return false;
    }
    *ret_total = total;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool stek_stats_is_name(const char *name)
{
    size_t digits = 0;
    size_t hex = 0;

    while (digits < 11 && is_digit(name[digits]))
        digits++;
    if (digits == 0 || digits > 10 || name[digits] != '-')
        return false;
    name += digits + 1;
    while (hex < 17 && (is_digit(name[hex]) || (name[hex] >= 'a' && name[hex] <= 'f')))
        hex++;
    return hex == 16 && name[16] == '\0';
}

bool stek_stats_path(const char *ring, const char *what, char ret_path[STEK_STATS_PATH_LEN])
{
    if (ring[0] == '\0' || ring[0] == '.' || strchr(ring, '/') != NULL || strlen(ring) > 64)
        return false;
    (void)snprintf(ret_path, STEK_STATS_PATH_LEN, "%s.%s", ring, what);
    return true;
}

uint64_t stek_stats_boottime(void)
{
    struct timespec now;

    return clock_gettime(CLOCK_BOOTTIME, &now) == 0 ? (uint64_t)now.tv_sec : 0;
}
