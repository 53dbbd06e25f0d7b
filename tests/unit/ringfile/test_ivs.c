/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bad_rand.h"

#include "ringfile/ivs.h"
#include "ringfile/locked.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Ten million over 8 processes of 2 threads; with sanitizers, which slow everything down, a tenth
 * of it. */
#ifdef SANITIZED
enum { PROCESSES = 8, THREADS = 2, IVS_EACH = 62500 };
#else
enum { PROCESSES = 8, THREADS = 2, IVS_EACH = 625000 };
#endif

enum { NOW = 1700000000 };

struct iv {
    uint8_t bytes[STEK_IV_LEN];
};

static struct stek_ivs *new_pool(void)
{
    void *at;

    assert_int_equal(stek_locked_map(sizeof(struct stek_ivs), STEK_WIPED_ON_FORK, &at), STEK_OK);
    return at;
}

static void free_pool(struct stek_ivs *ivs)
{
    stek_locked_unmap(ivs, sizeof *ivs);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct iv));
}

static size_t count_repeats(struct iv *ivs, size_t count)
{
    size_t repeats = 0;

    qsort(ivs, count, sizeof *ivs, compare);
    for (size_t i = 1; i < count; i++)
        repeats += compare(&ivs[i - 1], &ivs[i]) == 0;
    return repeats;
}

struct taker {
    struct stek_ivs *pool;
    struct iv *into;
};

static void *take_many(void *arg)
{
    const struct taker *taker = arg;

    for (size_t i = 0; i < IVS_EACH; i++)
        if (stek_ivs_take(taker->pool, NOW, taker->into[i].bytes) != STEK_OK)
            return arg;
    return NULL;
}

/* Returns whether all threads got all their IVs. */
static bool take_in_threads(struct stek_ivs *pool, struct iv *into)
{
    struct taker takers[THREADS];
    pthread_t threads[THREADS];
    bool ok = true;

    for (int i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){pool, into + (size_t)i * IVS_EACH};
        ok = pthread_create(&threads[i], NULL, take_many, &takers[i]) == 0 && ok;
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        ok = pthread_join(threads[i], &failed) == 0 && failed == NULL && ok;
    }
    return ok;
}

static void take_in_processes(struct stek_ivs *pool, struct iv *into)
{
    pid_t children[PROCESSES];

    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(take_in_threads(pool, into + (size_t)i * THREADS * IVS_EACH) ? 0 : 1);
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
}

static void no_iv_comes_twice_in_threads_and_processes_forked_in_mid_batch(void **state)
{
    const size_t total = (size_t)PROCESSES * THREADS * IVS_EACH;
    const size_t before_fork = STEK_IVS_IN_BATCH / 2;
    struct stek_ivs *pool = new_pool();
    struct iv *ivs = mmap(NULL, (total + 2 * STEK_IVS_IN_BATCH) * sizeof *ivs,
                          PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(ivs != MAP_FAILED);
    for (size_t i = 0; i < before_fork; i++)
        assert_int_equal(stek_ivs_take(pool, NOW, ivs[total + i].bytes), STEK_OK);
    take_in_processes(pool, ivs);
    for (size_t i = before_fork; i < 2 * STEK_IVS_IN_BATCH; i++)
        assert_int_equal(stek_ivs_take(pool, NOW, ivs[total + i].bytes), STEK_OK);
    assert_int_equal(count_repeats(ivs, total + 2 * STEK_IVS_IN_BATCH), 0);
    (void)munmap(ivs, (total + 2 * STEK_IVS_IN_BATCH) * sizeof *ivs);
    free_pool(pool);
}

static void an_iv_that_was_taken_is_no_longer_in_the_pool(void **state)
{
    struct stek_ivs *pool = new_pool();

    (void)state;
    for (size_t i = 0; i < 3 * STEK_IVS_IN_BATCH; i++) {
        struct iv iv;
        assert_int_equal(stek_ivs_take(pool, NOW, iv.bytes), STEK_OK);
        assert_null(memmem(pool, sizeof *pool, iv.bytes, sizeof iv.bytes / 2));
    }
    free_pool(pool);
}

static void without_a_pool_each_iv_is_drawn_by_itself(void **state)
{
    struct iv ivs[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(stek_ivs_take(NULL, NOW, ivs[i].bytes), STEK_OK);
    assert_int_equal(count_repeats(ivs, 1000), 0);
}

static void a_failing_generator_gives_no_iv_once_the_batch_is_used_up(void **state)
{
    struct stek_ivs *pool = new_pool();
    struct iv iv;

    (void)state;
    assert_int_equal(stek_ivs_take(pool, NOW, iv.bytes), STEK_OK);
    bad_rand_install(BAD_RAND_FAILS);
    for (size_t i = 0; i < STEK_IVS_IN_BATCH; i++)
        assert_int_equal(stek_ivs_take(pool, NOW, iv.bytes), STEK_OK);
    assert_int_equal(stek_ivs_take(pool, NOW, iv.bytes), STEK_ERR_RANDOM);
    bad_rand_restore();
    assert_int_equal(stek_ivs_take(pool, NOW, iv.bytes), STEK_OK);
    free_pool(pool);
}

/* What a snapshot is, of a process that has drawn ahead: the pool, and the generator's state. */
static void copies_that_go_on_in_another_second_have_no_iv_in_common(void **state)
{
    enum { EACH = 3 * STEK_IVS_IN_BATCH };
    struct stek_ivs *pool = new_pool();
    struct stek_ivs *copy = new_pool();
    struct iv ivs[2 * EACH];

    (void)state;
    assert_int_equal(stek_ivs_take(pool, NOW, ivs[0].bytes), STEK_OK);
    memcpy(copy, pool, sizeof *pool);
    bad_rand_install(BAD_RAND_STUCK);
    for (size_t i = 0; i < EACH; i++) {
        assert_int_equal(stek_ivs_take(pool, NOW + 1, ivs[i].bytes), STEK_OK);
        assert_int_equal(stek_ivs_take(copy, NOW + 1, ivs[EACH + i].bytes), STEK_OK);
    }
    bad_rand_restore();
    assert_int_equal(count_repeats(ivs, 2 * EACH), 0);
    free_pool(copy);
    free_pool(pool);
}

static void a_batch_serves_in_its_own_second_only(void **state)
{
    struct stek_ivs *pool = new_pool();
    struct stek_ivs *copy = new_pool();
    struct iv ivs[2];

    (void)state;
    assert_int_equal(stek_ivs_take(pool, NOW, ivs[0].bytes), STEK_OK);
    memcpy(copy, pool, sizeof *pool);
    assert_int_equal(stek_ivs_take(pool, NOW, ivs[0].bytes), STEK_OK);
    assert_int_equal(stek_ivs_take(copy, NOW, ivs[1].bytes), STEK_OK);
    assert_memory_equal(&ivs[0], &ivs[1], sizeof *ivs);
    assert_int_equal(stek_ivs_take(pool, NOW - 1, ivs[0].bytes), STEK_OK);
    assert_int_equal(stek_ivs_take(copy, NOW - 1, ivs[1].bytes), STEK_OK);
    assert_memory_not_equal(&ivs[0], &ivs[1], sizeof *ivs);
    free_pool(copy);
    free_pool(pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_iv_comes_twice_in_threads_and_processes_forked_in_mid_batch),
        cmocka_unit_test(an_iv_that_was_taken_is_no_longer_in_the_pool),
        cmocka_unit_test(without_a_pool_each_iv_is_drawn_by_itself),
        cmocka_unit_test(copies_that_go_on_in_another_second_have_no_iv_in_common),
        cmocka_unit_test(a_batch_serves_in_its_own_second_only),
        cmocka_unit_test(a_failing_generator_gives_no_iv_once_the_batch_is_used_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
