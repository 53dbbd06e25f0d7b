/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a ring keeps its keys: locked memory, out of core dumps; and what it does when it gets
 * none, or a filter that ends the program for mlock(2). Not under sanitizers, which answer mlock(2)
 * themselves and lock nothing.
 */
#include "unit.h"

#include "ring_fixture.h"
#include "ring_smaps.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where off_t had 32 bits once, libc calls another. */
#ifdef SYS_mmap2
#define MMAP SYS_mmap2
#else
#define MMAP SYS_mmap
#endif

/* Enough for a ring, not for caches (a chunk of 64 KiB); enough for both. */
enum { RING_ONLY = 48 * 1024, PLENTY = 256 * 1024 };

static const void *cache_at(struct stek_ring *ring, const char *label)
{
    const struct stek_context context = ring_context(label);

    return stek_ring_keys(ring, &context)->cache.memory;
}

static struct stek_ticket_key derived(const struct stek_ring *ring, const char *label)
{
    const struct stek_ring_state state = ring_state(ring);
    const struct stek_context context = ring_context(label);
    const int active = stek_records_active(&state.records, ring_time());
    struct stek_ticket_key key;

    CHECK(active >= 0);
    CHECK(stek_derive_ticket_key(&state.records.at[active].secret, &context, &key) == STEK_OK);
    return key;
}

static void check_seals_and_opens(struct stek_ring *ring, const char *label)
{
    const struct stek_ticket_key expected = derived(ring, label);
    const struct stek_ticket_key sealed = ring_seal_key(ring, label);

    CHECK(memcmp(&sealed, &expected, sizeof expected) == 0);
    CHECK(ring_opens(ring, label, &expected));
}

static void check_flags(struct stek_ring *ring)
{
    CHECK(smaps_has_flag(ring->shared, "lo"));
    CHECK(smaps_has_flag(ring->shared, "dd"));
    CHECK(smaps_has_flag(ring->shared, "sh"));
    CHECK(smaps_has_flag(cache_at(ring, "a"), "lo"));
    CHECK(smaps_has_flag(cache_at(ring, "a"), "dd"));
    CHECK(smaps_has_flag(cache_at(ring, "a"), "wf"));
}

static void keys_are_in_locked_memory_that_core_dumps_leave_out(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    check_flags(ring);
    stek_ring_free(ring);
}

static void check_in_grandchild(int fd, void *ring)
{
    (void)fd;
    check_flags(ring);
}

static void check_in_child(int fd, void *ring)
{
    (void)fd;
    check_flags(ring);
    child_run(check_in_grandchild, ring);
}

static void so_they_are_in_children_and_their_children(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    (void)ring_seal_key(ring, "a");
    child_run(check_in_child, ring);
    stek_ring_free(ring);
}

static void make_without_right_to_lock(int fd, void *arg)
{
    struct stek_ring *untouched = arg;
    struct stek_ring *ring = untouched;

    (void)fd;
    const size_t before = smaps_bytes_with_flag("sh");
    child_limit_locked_memory(0);
    CHECK(stek_ring_new(NULL, &ring) == STEK_ERR_LOCK);
    CHECK(ring == untouched);
    CHECK(smaps_bytes_with_flag("sh") == before);
}

static void memory_that_cannot_be_locked_makes_no_ring(void **state)
{
    child_run(make_without_right_to_lock, state);
}

static void use_without_room_for_caches(int fd, void *arg)
{
    (void)fd, (void)arg;
    child_limit_locked_memory(RING_ONLY);
    struct stek_ring *ring = ring_start(&ring_policy);
    CHECK(cache_at(ring, "a") == NULL);
    for (int i = 0; i < 10; i++) {
        check_seals_and_opens(ring, "a");
        check_seals_and_opens(ring, "b");
        ring_set_time(ring_time() + RING_ROTATE_S);
        CHECK(stek_ring_maintain(ring) == STEK_OK);
    }
    stek_ring_free(ring);
}

static void without_memory_for_caches_keys_are_derived_each_time(void **state)
{
    (void)state;
    child_run(use_without_room_for_caches, NULL);
}

static void use_after_lock_was_refused(int fd, void *arg)
{
    struct stek_ring *ring = arg;

    (void)fd;
    CHECK(cache_at(ring, "a") == NULL);
    check_seals_and_opens(ring, "a");
}

/* What to do with the ring in a child that may lock nothing. */
struct use {
    void (*run)(int fd, void *ring);
};

static void fork_without_right_to_lock(int fd, void *arg)
{
    const struct use *use = arg;

    (void)fd;
    child_limit_locked_memory(PLENTY);
    struct stek_ring *ring = ring_start(&ring_policy);
    check_seals_and_opens(ring, "a");
    CHECK(cache_at(ring, "a") != NULL);
    child_limit_locked_memory(0);
    child_run(use->run, ring);
}

static void a_child_that_may_not_lock_gives_up_its_caches(void **state)
{
    struct use use = {use_after_lock_was_refused};

    (void)state;
    child_run(fork_without_right_to_lock, &use);
}

static void add_context_after_lock_was_refused(int fd, void *arg)
{
    struct stek_ring *ring = arg;
    const void *cache = cache_at(ring, "new");

    (void)fd;
    check_seals_and_opens(ring, "new");
    CHECK(cache == NULL || smaps_has_flag(cache, "lo"));
}

static void a_child_that_may_not_lock_puts_no_key_in_unlocked_memory(void **state)
{
    struct use use = {add_context_after_lock_was_refused};

    (void)state;
    child_run(fork_without_right_to_lock, &use);
}

/* From now on this becomes of the system call, as under systemd's SystemCallFilter=. */
static void filter_system_call(unsigned number, unsigned answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};

    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* A filter, and what a ring that is made under it and the limit fails with. */
struct refusal {
    unsigned number;
    unsigned error;
    size_t limit;
    enum stek_result expected;
};

static void make_under_filter(int fd, void *arg)
{
    const struct refusal *refusal = arg;
    struct stek_ring *ring = NULL;

    (void)fd;
    child_limit_locked_memory(refusal->limit);
    filter_system_call(refusal->number, SECCOMP_RET_ERRNO | refusal->error);
    CHECK(stek_ring_new(NULL, &ring) == refusal->expected);
    CHECK(ring == NULL);
}

static void a_filter_that_refuses_is_not_taken_for_the_limit(void **state)
{
    struct refusal refusals[] = {
        {SYS_madvise, EPERM, PLENTY, STEK_ERR_REFUSED},
        {SYS_madvise, EPERM, RING_ONLY, STEK_ERR_REFUSED},
        {SYS_madvise, ENOSYS, PLENTY, STEK_ERR_REFUSED},
        {MMAP, EPERM, PLENTY, STEK_ERR_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        child_run(make_under_filter, &refusals[i]);
}

/* Under a filter that refuses something else, the limit is still the reason. */
static void the_limit_is_not_taken_for_a_filter(void **state)
{
    struct refusal refusals[] = {
        {SYS_mlock, EPERM, 0, STEK_ERR_LOCK},
        {SYS_mlock, EPERM, 4096, STEK_ERR_LOCK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        child_run(make_under_filter, &refusals[i]);
}

static void a_kernel_without_resources_is_neither(void **state)
{
    struct refusal refusal = {SYS_madvise, EAGAIN, PLENTY, STEK_ERR_MEMORY};

    (void)state;
    child_run(make_under_filter, &refusal);
}

static void kill_for_mlock(void)
{
    child_limit_locked_memory(PLENTY);
    filter_system_call(SYS_mlock, SECCOMP_RET_KILL_PROCESS);
}

static void control_the_filter_ends_who_calls_mlock(void **state)
{
    const pid_t pid = fork();
    int status;

    (void)state;
    if (pid == 0) {
        kill_for_mlock();
        (void)mlock(&status, sizeof status);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void check_cache(struct stek_ring *ring)
{
    CHECK(smaps_has_flag(cache_at(ring, "a"), "lo"));
    CHECK(smaps_has_flag(cache_at(ring, "a"), "dd"));
    CHECK(smaps_has_flag(cache_at(ring, "a"), "wf"));
    check_seals_and_opens(ring, "a");
    check_seals_and_opens(ring, "b");
}

static void serve_in_grandchild(int fd, void *ring)
{
    (void)fd;
    check_cache(ring);
}

static void serve_in_child(int fd, void *ring)
{
    (void)fd;
    check_cache(ring);
    child_run(serve_in_grandchild, ring);
}

static void serve_where_mlock_kills(int fd, void *arg)
{
    (void)fd, (void)arg;
    kill_for_mlock();
    struct stek_ring *ring = ring_start(&ring_policy);
    check_seals_and_opens(ring, "a");
    check_flags(ring);
    child_run(serve_in_child, ring);
    stek_ring_free(ring);
}

static void where_mlock_kills_keys_are_locked_and_nobody_is_killed(void **state)
{
    (void)state;
    child_run(serve_where_mlock_kills, NULL);
}

static void fork_where_mlock_kills_and_nothing_may_be_locked(int fd, void *arg)
{
    (void)fd, (void)arg;
    kill_for_mlock();
    struct stek_ring *ring = ring_start(&ring_policy);
    check_seals_and_opens(ring, "a");
    CHECK(cache_at(ring, "a") != NULL);
    child_limit_locked_memory(0);
    child_run(use_after_lock_was_refused, ring);
}

static void there_a_child_that_may_not_lock_gives_up_its_caches(void **state)
{
    (void)state;
    child_run(fork_where_mlock_kills_and_nothing_may_be_locked, NULL);
}

static void the_text_names_what_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(stek_result_text(STEK_ERR_LOCK), "RLIMIT_MEMLOCK"));
    assert_null(strstr(stek_result_text(STEK_ERR_LOCK), "seccomp"));
    assert_non_null(strstr(stek_result_text(STEK_ERR_REFUSED), "seccomp"));
    assert_null(strstr(stek_result_text(STEK_ERR_REFUSED), "RLIMIT_MEMLOCK"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_in_locked_memory_that_core_dumps_leave_out),
        cmocka_unit_test(so_they_are_in_children_and_their_children),
        cmocka_unit_test(memory_that_cannot_be_locked_makes_no_ring),
        cmocka_unit_test(without_memory_for_caches_keys_are_derived_each_time),
        cmocka_unit_test(a_child_that_may_not_lock_gives_up_its_caches),
        cmocka_unit_test(a_child_that_may_not_lock_puts_no_key_in_unlocked_memory),
        cmocka_unit_test(a_filter_that_refuses_is_not_taken_for_the_limit),
        cmocka_unit_test(the_limit_is_not_taken_for_a_filter),
        cmocka_unit_test(a_kernel_without_resources_is_neither),
        cmocka_unit_test(control_the_filter_ends_who_calls_mlock),
        cmocka_unit_test(where_mlock_kills_keys_are_locked_and_nobody_is_killed),
        cmocka_unit_test(there_a_child_that_may_not_lock_gives_up_its_caches),
        cmocka_unit_test(the_text_names_what_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
