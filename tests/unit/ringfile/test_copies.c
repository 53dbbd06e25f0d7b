/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a process that the C library knows nothing of: clone(2) as it is, without the handlers
 * of fork(3). Both have the same process number, each as the first process of its own namespace, so
 * that libcrypto cannot notice it either. Both go on in the same second.
 */
#include "unit.h"

#include "ring_fixture.h"

#include "crypto/random.h"
#include "ringfile/ivs.h"
#include "ringfile/locked.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/rand.h>

enum { NOW = 1700000000, IVS = 4 * STEK_IVS_IN_BATCH, SECRETS = 16, NOT_ALLOWED = 77 };

/* What one process drew. */
struct drawn {
    uint8_t plain[16]; /* by libcrypto alone */
    uint8_t iv[IVS][STEK_IV_LEN];
    struct stek_secret32 secret[SECRETS];
};

struct scene {
    struct stek_ivs *pool;
    struct drawn *drawn; /* by the one that was copied, and by the copy */
};

static void draw(const struct scene *scene, struct drawn *drawn)
{
    for (size_t i = 0; i < IVS; i++)
        CHECK(stek_ivs_take(scene->pool, NOW, drawn->iv[i]) == STEK_OK);
    for (size_t i = 0; i < SECRETS; i++)
        CHECK(stek_random_secret(&drawn->secret[i]) == STEK_OK);
}

static int wait_for(pid_t child)
{
    int status = 0;

    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The first process of a namespace: draws ahead, is copied, and both go on. */
static int be_copied(const struct scene *scene)
{
    uint8_t iv[STEK_IV_LEN];
    uint8_t bytes[16];

    CHECK(getpid() == 1);
    CHECK(stek_ivs_take(scene->pool, NOW, iv) == STEK_OK);
    CHECK(RAND_priv_bytes(bytes, sizeof bytes) == 1);
    const long copy = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
    if (copy < 0)
        return NOT_ALLOWED;
    struct drawn *drawn = &scene->drawn[copy == 0];
    CHECK(getpid() == 1);
    CHECK(RAND_bytes(drawn->plain, sizeof drawn->plain) == 1);
    draw(scene, drawn);
    return copy == 0 ? 0 : wait_for((pid_t)copy);
}

static int in_namespaces(const struct scene *scene)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
        return NOT_ALLOWED;
    const pid_t first = fork();
    if (first == 0)
        _exit(be_copied(scene));
    return first > 0 ? wait_for(first) : NOT_ALLOWED;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, STEK_IV_LEN);
}

/* Blocks of the length of an IV, of which no two are to be the same. */
static void assert_no_repeats(uint8_t (*blocks)[STEK_IV_LEN], size_t count)
{
    qsort(blocks, count, sizeof *blocks, compare);
    for (size_t i = 1; i < count; i++)
        assert_memory_not_equal(blocks[i - 1], blocks[i], STEK_IV_LEN);
}

static void a_copy_of_a_process_draws_no_iv_and_no_secret_again(void **state)
{
    struct scene scene = {.drawn = ring_shared_memory(2 * sizeof *scene.drawn)};
    uint8_t ivs[2 * IVS][STEK_IV_LEN];
    uint8_t secrets[2 * SECRETS][STEK_IV_LEN];
    void *at;

    (void)state;
    assert_int_equal(stek_locked_map(sizeof(struct stek_ivs), STEK_WIPED_ON_FORK, &at), STEK_OK);
    scene.pool = at;
    const pid_t child = fork();
    if (child == 0)
        _exit(in_namespaces(&scene));
    const int result = wait_for(child);
    if (result == NOT_ALLOWED)
        skip();
    assert_int_equal(result, 0);
    for (size_t i = 0; i < 2; i++) {
        memcpy(ivs[i * IVS], scene.drawn[i].iv, sizeof scene.drawn[i].iv);
        for (size_t j = 0; j < SECRETS; j++)
            memcpy(secrets[i * SECRETS + j], scene.drawn[i].secret[j].bytes, STEK_IV_LEN);
    }
    print_message("# libcrypto alone %s\n",
                  memcmp(scene.drawn[0].plain, scene.drawn[1].plain, 16) == 0 ? "repeats itself"
                                                                              : "does not repeat");
    assert_no_repeats(ivs, 2 * IVS);
    assert_no_repeats(secrets, 2 * SECRETS);
    stek_locked_unmap(scene.pool, sizeof *scene.pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_of_a_process_draws_no_iv_and_no_secret_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
