/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"

#include "seed/seedfile.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 60 };

static char folder[] = "/tmp/stek-seedfile-XXXXXX";
static char path[64];
static struct prng prng;

static struct stek_seed seed_of(uint64_t seq)
{
    struct stek_seed seed = {
        .ring = "web", .rotate_s = 3600, .accept_s = 43200, .seq = seq, .active_from = 1800000000};

    seed.secret = prng_secret(&prng);
    return seed;
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/seed", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char beside[80];

    (void)state;
    snprintf(beside, sizeof beside, "%s.new", path);
    (void)unlink(beside);
    (void)unlink(path);
    return rmdir(folder);
}

static int begin(void **state)
{
    const struct stek_seed seed = seed_of(1);

    (void)state;
    (void)unlink(path);
    return stek_seedfile_replace(path, &seed) == NULL ? 0 : -1;
}

static void a_file_is_replaced_and_read(void **state)
{
    const struct stek_seed seed = seed_of(2);
    struct stek_seed again = {0};
    struct stat file;

    (void)state;
    assert_null(stek_seedfile_replace(path, &seed));
    assert_null(stek_seedfile_read(path, &again));
    assert_memory_equal(&again, &seed, sizeof seed);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
}

static void the_old_content_is_overwritten(void **state)
{
    static const char zeros[STEK_SEED_TEXT_MAX];
    const struct stek_seed seed = seed_of(2);
    char left[STEK_SEED_TEXT_MAX];
    struct stat file;
    const int old = open(path, O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(old >= 0);
    assert_int_equal(fstat(old, &file), 0);
    assert_null(stek_seedfile_replace(path, &seed));
    assert_int_equal(pread(old, left, sizeof left, 0), file.st_size);
    assert_memory_equal(left, zeros, (size_t)file.st_size);
    (void)close(old);
}

static void assert_refused(const char *problem)
{
    struct stek_seed seed = {.seq = 4242};

    assert_string_equal(stek_seedfile_read(path, &seed), problem);
    assert_int_equal(seed.seq, 4242);
}

static void a_file_that_others_may_use_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0660, 0604, 0602, 0601};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_refused("other users than its owner may access it: chmod 600");
    }
}

static void another_users_file_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
    assert_int_equal(seteuid(0), 0);
    assert_refused("it belongs to another user");
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_refused("it cannot be opened");
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_refused("it is a symbolic link");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused("it is not a regular file");
}

static void a_large_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(truncate(path, STEK_SEED_TEXT_MAX), 0);
    assert_refused("it is too large for a seed");
}

static void what_a_crash_left_beside_it_is_no_obstacle(void **state)
{
    const struct stek_seed seed = seed_of(2);
    char beside[80];

    (void)state;
    snprintf(beside, sizeof beside, "%s.new", path);
    const int left = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(left, "half", 4), 4);
    (void)close(left);
    assert_null(stek_seedfile_replace(path, &seed));
}

static void replace_for_ever(void)
{
    for (uint64_t seq = 2;; seq++) {
        const struct stek_seed seed = seed_of(seq);
        if (stek_seedfile_replace(path, &seed) != NULL)
            _exit(1);
    }
}

static void a_writer_that_is_killed_at_any_time_leaves_a_whole_seed(void **state)
{
    struct stek_seed seed;

    (void)state;
    for (unsigned i = 0; i < KILLS; i++) {
        const pid_t writer = fork();
        int status;

        assert_true(writer >= 0);
        if (writer == 0)
            replace_for_ever();
        usleep((useconds_t)prng_between(&prng, 0, 3000));
        assert_int_equal(kill(writer, SIGKILL), 0);
        assert_int_equal(waitpid(writer, &status, 0), writer);
        assert_true(WIFSIGNALED(status)); /* it had no problem of its own */
        assert_null(stek_seedfile_read(path, &seed));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_is_replaced_and_read, begin),
        cmocka_unit_test_setup(the_old_content_is_overwritten, begin),
        cmocka_unit_test_setup(a_file_that_others_may_use_is_refused, begin),
        cmocka_unit_test_setup(another_users_file_is_refused, begin),
        cmocka_unit_test_setup(what_is_no_regular_file_is_refused, begin),
        cmocka_unit_test_setup(a_large_file_is_refused, begin),
        cmocka_unit_test_setup(what_a_crash_left_beside_it_is_no_obstacle, begin),
        cmocka_unit_test_setup(a_writer_that_is_killed_at_any_time_leaves_a_whole_seed, begin),
    };

    prng.state = prng_run_seed();
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
