/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"

#include "seed/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 60, LEN = 40 };

static const char one[LEN + 1] = "one: forty letters that are secret......";
static const char two[LEN + 1] = "two: forty letters that come afterwards.";

static char folder[] = "/tmp/stek-wholefile-XXXXXX";
static char path[64];
static char beside[80];
static struct prng prng;

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(beside, sizeof beside, "%s.new", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(beside);
    (void)unlink(path);
    return rmdir(folder);
}

static int begin(void **state)
{
    (void)state;
    (void)unlink(beside);
    (void)unlink(path);
    return stek_wholefile_make(path, one, LEN) == NULL ? 0 : -1;
}

static void assert_content(int fd, const char *wanted)
{
    char found[LEN + 1];

    assert_int_equal(pread(fd, found, sizeof found, 0), LEN);
    assert_memory_equal(found, wanted, LEN);
}

static void assert_file(const char *at, const char *wanted)
{
    const int fd = open(at, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_content(fd, wanted);
    (void)close(fd);
}

/* The file's inode, which is still there after the name has gone. */
static int open_inode(const char *at)
{
    const int fd = open(at, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static void assert_overwritten(int inode)
{
    static const char zeros[LEN];

    assert_content(inode, zeros);
    (void)close(inode);
}

static void a_new_file_is_its_owners_alone_and_never_takes_the_place_of_another(void **state)
{
    struct stat file;

    (void)state;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_string_equal(stek_wholefile_make(path, two, LEN),
                        "the file exists already and was not changed: name a new one");
    assert_file(path, one);
}

static void the_content_that_is_replaced_is_overwritten(void **state)
{
    const int inode = open_inode(path);

    (void)state;
    assert_null(stek_wholefile_replace(path, two, LEN));
    assert_file(path, two);
    assert_overwritten(inode);
    assert_int_equal(access(beside, F_OK), -1);
}

/* A process that was killed between the two steps of a replacement leaves it. */
static void what_a_killed_writer_left_beside_the_file_is_overwritten(void **state)
{
    (void)state;
    assert_null(stek_wholefile_make(beside, one, LEN));
    const int inode = open_inode(beside);
    assert_null(stek_wholefile_replace(path, two, LEN));
    assert_overwritten(inode);
    assert_int_equal(access(beside, F_OK), -1);
}

static void a_file_that_is_destroyed_is_overwritten_and_gone(void **state)
{
    const int inode = open_inode(path);

    (void)state;
    assert_true(stek_wholefile_destroy(path));
    assert_overwritten(inode);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(stek_wholefile_destroy(path));
}

static void a_file_keeps_its_mode_owner_and_group(void **state)
{
    struct stat file;

    (void)state;
    if (geteuid() == 0)
        assert_int_equal(chown(path, 65534, 65533), 0);
    assert_int_equal(stat(path, &file), 0);
    const uid_t owner = file.st_uid;
    const gid_t group = file.st_gid;
    assert_int_equal(chmod(path, 0640), 0);
    assert_null(stek_wholefile_replace(path, two, LEN));
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0640);
    assert_int_equal(file.st_uid, owner);
    assert_int_equal(file.st_gid, group);
}

static void a_file_that_is_not_there_is_made(void **state)
{
    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_null(stek_wholefile_replace(path, two, LEN));
    assert_file(path, two);
}

static void what_is_no_regular_file_is_left_alone(void **state)
{
    char target[80];

    (void)state;
    snprintf(target, sizeof target, "%s.target", path);
    assert_int_equal(rename(path, target), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_string_equal(stek_wholefile_replace(path, two, LEN), "it is not a regular file");
    assert_int_equal(errno, ELOOP);
    assert_file(target, one);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_string_equal(stek_wholefile_replace(path, two, LEN), "it is not a regular file");
}

static void replace_for_ever(void)
{
    for (unsigned i = 0;; i++)
        if (stek_wholefile_replace(path, i % 2 == 0 ? two : one, LEN) != NULL)
            _exit(1);
}

static bool is_whole(void)
{
    char found[LEN + 1];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t len = read(fd, found, sizeof found);

    (void)close(fd);
    return len == LEN && (memcmp(found, one, LEN) == 0 || memcmp(found, two, LEN) == 0);
}

static void a_writer_that_is_killed_at_any_time_leaves_a_whole_file(void **state)
{
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
        assert_true(is_whole());
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_file_is_its_owners_alone_and_never_takes_the_place_of_another,
                               begin),
        cmocka_unit_test_setup(the_content_that_is_replaced_is_overwritten, begin),
        cmocka_unit_test_setup(what_a_killed_writer_left_beside_the_file_is_overwritten, begin),
        cmocka_unit_test_setup(a_file_that_is_destroyed_is_overwritten_and_gone, begin),
        cmocka_unit_test_setup(a_file_keeps_its_mode_owner_and_group, begin),
        cmocka_unit_test_setup(a_file_that_is_not_there_is_made, begin),
        cmocka_unit_test_setup(what_is_no_regular_file_is_left_alone, begin),
        cmocka_unit_test_setup(a_writer_that_is_killed_at_any_time_leaves_a_whole_file, begin),
    };

    prng.state = prng_run_seed();
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
