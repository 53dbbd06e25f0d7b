/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's side: a file of its own, and additions to it. */
#include "counters/stats_held.h"
#include "counters/stats_page.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct stek_stats {
    struct stek_stats_page *page;
    atomic_uint place;       /* of this process in the table */
    char path[PATH_MAX + 1]; /* of the file; empty: not known */
};

static atomic_uint mapped; /* files, in this process */

/* Beyond its limit a program that lets a file grow is killed with SIGXFSZ. */
static bool may_make_files(void)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= STEK_STATS_FILE_LEN);
}

/* Makes the file, every page of it: a mapping of a page that the file system has no room for is a
 * SIGBUS. */
static int make_file(int dir, const char *name)
{
    const int file = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (file < 0)
        return -1;
    if (posix_fallocate(file, 0, STEK_STATS_FILE_LEN) == 0 && fchmod(file, 0644) == 0)
        return file;
    (void)unlinkat(dir, name, 0);
    (void)close(file);
    return -1;
}

/* The path of a file in this directory, as the kernel names it; left empty where it does not fit.
 */
static void note_path(int dir, const char *name, char ret_path[PATH_MAX + 1])
{
    char self[40];

    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", dir);
    char *target = ret_path;
    const ssize_t len = readlink(self, target, PATH_MAX);
    if (len > 0 && (size_t)len + 1 + strlen(name) <= PATH_MAX)
        (void)snprintf(ret_path + len, PATH_MAX + 1 - (size_t)len, "/%s", name);
    else
        ret_path[0] = '\0';
}

/* Whether the mapping alone keeps the lock: not on every file system. */
static bool is_held(int dir, const char *name)
{
    const int file = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const bool held = file >= 0 && stek_stats_is_held(file);

    if (file >= 0)
        (void)close(file);
    return held;
}

static bool map_new_file(int dir, struct stek_stats *stats)
{
    char name[STEK_STATS_NAME_LEN];
    uint64_t number;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        return false;
    (void)snprintf(name, sizeof name, "%d-%016llx", (int)getpid(), (unsigned long long)number);
    const int file = make_file(dir, name);
    if (file < 0)
        return false;
    stek_stats_hold(file);
    void *at = mmap(NULL, STEK_STATS_FILE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    (void)close(file);
    if (at != MAP_FAILED) {
        stats->page = at;
        atomic_store_explicit(&stats->page->lockable, is_held(dir, name), memory_order_relaxed);
        note_path(dir, name, stats->path);
        return true;
    }
    (void)unlinkat(dir, name, 0);
    return false;
}

static void enter_at(struct stek_stats_process *process, pid_t pid)
{
    atomic_store_explicit(&process->entered, stek_stats_boottime(), memory_order_relaxed);
    atomic_store_explicit(&process->last_use, 0, memory_order_relaxed);
    atomic_store_explicit(&process->pid, (uint64_t)pid, memory_order_release);
}

static uint64_t pid_namespace(void)
{
    struct stat about;

    return stat("/proc/self/ns/pid", &about) == 0 ? (uint64_t)about.st_ino : 0;
}

static void init_page(struct stek_stats_page *page)
{
    atomic_store_explicit(&page->pid_namespace, pid_namespace(), memory_order_relaxed);
    atomic_store_explicit(&page->version, STEK_STATS_VERSION, memory_order_relaxed);
    atomic_store_explicit(&page->process[0].claimed, 1, memory_order_relaxed);
    enter_at(&page->process[0], getpid());
    atomic_store_explicit(&page->magic, stek_stats_magic("stekstat"), memory_order_release);
}

static struct stek_stats *create_in(int dir)
{
    struct stek_stats *stats = calloc(1, sizeof *stats);

    if (stats == NULL || !map_new_file(dir, stats)) {
        free(stats);
        return NULL;
    }
    init_page(stats->page);
    return stats;
}

struct stek_stats *stek_stats_create(int run_dir, const char *ring)
{
    char path[STEK_STATS_PATH_LEN];
    struct stek_stats *stats = NULL;

    if (!stek_stats_path(ring, "stats", path) || !may_make_files())
        return NULL;
    const int dir = openat(run_dir, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return NULL;
    if (atomic_fetch_add(&mapped, 1) < STEK_STATS_OF_PROGRAM_MAX)
        stats = create_in(dir);
    if (stats == NULL)
        atomic_fetch_sub(&mapped, 1);
    (void)close(dir);
    return stats;
}

static struct stek_stats_process *my_place(const struct stek_stats *stats)
{
    return &stats->page->process[atomic_load_explicit(&stats->place, memory_order_relaxed) %
                                 STEK_STATS_PROCESSES];
}

static bool was_ever_shared(const struct stek_stats_page *page)
{
    bool shared = atomic_load_explicit(&page->forked_at, memory_order_relaxed) != 0;

    for (unsigned i = 1; i < STEK_STATS_PROCESSES; i++)
        shared = shared || atomic_load_explicit(&page->process[i].claimed, memory_order_relaxed);
    return shared;
}

/* Whether no other process can have the file, and no ticket ever was in this one's hands. */
static bool is_of_no_use(const struct stek_stats *stats)
{
    const struct stek_stats_process *maker = &stats->page->process[0];

    return atomic_load_explicit(&maker->pid, memory_order_relaxed) == (uint64_t)getpid() &&
           atomic_load_explicit(&maker->last_use, memory_order_relaxed) == 0 &&
           !was_ever_shared(stats->page);
}

void stek_stats_unmap(struct stek_stats *stats)
{
    if (stats == NULL)
        return;
    struct stek_stats_process *mine = my_place(stats);
    if (is_of_no_use(stats) && stats->path[0] == '/')
        (void)unlink(stats->path);
    if (atomic_load_explicit(&mine->pid, memory_order_relaxed) == (uint64_t)getpid())
        atomic_store_explicit(&mine->pid, 0, memory_order_release);
    atomic_fetch_sub(&mapped, 1);
    (void)munmap(stats->page, STEK_STATS_FILE_LEN);
    free(stats);
}

void stek_stats_before_fork(struct stek_stats *stats)
{
    if (stats != NULL)
        atomic_store_explicit(&stats->page->forked_at, stek_stats_boottime(), memory_order_release);
}

/* A free place, or that of the oldest process (it has most likely ended). Never the maker's. */
static unsigned find_place(struct stek_stats_page *page)
{
    uint64_t oldest = UINT64_MAX;
    unsigned place = 1;

    for (unsigned i = 1; i < STEK_STATS_PROCESSES; i++) {
        const uint64_t entered =
            atomic_load_explicit(&page->process[i].entered, memory_order_relaxed);
        uint64_t unclaimed = 0;
        if (atomic_compare_exchange_strong(&page->process[i].claimed, &unclaimed, 1))
            return i;
        if (entered < oldest) {
            oldest = entered;
            place = i;
        }
    }
    return place;
}

void stek_stats_after_fork(struct stek_stats *stats)
{
    if (stats == NULL)
        return;
    const unsigned place = find_place(stats->page);
    atomic_store_explicit(&stats->page->process[place].pid, 0, memory_order_release);
    enter_at(&stats->page->process[place], getpid());
    atomic_store_explicit(&stats->place, place, memory_order_relaxed);
}

/* Processes by their place, threads by the address of their block (ivs.c). */
static struct stek_stats_shard *my_shard(const struct stek_stats *stats)
{
    const uint64_t thread = ((uint64_t)pthread_self() >> 12) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    const uint64_t place = atomic_load_explicit(&stats->place, memory_order_relaxed);

    return &stats->page->shard[(place + thread) % STEK_STATS_SHARDS];
}

void stek_stats_count(struct stek_stats *stats, enum stek_counter counter, int64_t now)
{
    if (stats == NULL)
        return;
    struct stek_stats_process *mine = my_place(stats);
    atomic_fetch_add_explicit(&my_shard(stats)->count[counter], 1, memory_order_relaxed);
    if (atomic_load_explicit(&mine->last_use, memory_order_relaxed) != (uint64_t)now)
        atomic_store_explicit(&mine->last_use, (uint64_t)now, memory_order_relaxed);
}

void stek_stats_correct(struct stek_stats *stats, enum stek_counter was, enum stek_counter is,
                        int64_t now)
{
    if (stats == NULL)
        return;
    stek_stats_count(stats, is, now);
    atomic_fetch_sub_explicit(&my_shard(stats)->count[was], 1, memory_order_relaxed);
}

static bool holds_context(const struct stek_stats_context *slot, const struct stek_context *context)
{
    uint64_t bytes[32];

    if (atomic_load_explicit(&slot->state, memory_order_acquire) != STEK_CONTEXT_THERE ||
        atomic_load_explicit(&slot->len, memory_order_relaxed) != context->len)
        return false;
    stek_words_load(bytes, slot->bytes, 32);
    return memcmp(bytes, context->bytes, context->len) == 0;
}

void stek_stats_context(struct stek_stats *stats, const struct stek_context *context)
{
    uint64_t bytes[32] = {0};

    if (stats == NULL)
        return;
    memcpy(bytes, context->bytes, context->len);
    for (unsigned i = 0; i < STEK_STATS_CONTEXTS; i++) {
        struct stek_stats_context *slot = &stats->page->context[i];
        uint64_t state = STEK_CONTEXT_FREE;
        if (holds_context(slot, context))
            return;
        if (!atomic_compare_exchange_strong(&slot->state, &state, STEK_CONTEXT_WRITING))
            continue;
        atomic_store_explicit(&slot->len, context->len, memory_order_relaxed);
        stek_words_store(slot->bytes, bytes, 32);
        atomic_store_explicit(&slot->state, STEK_CONTEXT_THERE, memory_order_release);
        return;
    }
}
