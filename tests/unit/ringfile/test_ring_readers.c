/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of a ring file as other users: what they need, and what they can't do to the writer or to
 * each other. */
#include "unit.h"

#include "ring_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GROUP = 54321, MEMBER = 54322, STRANGER = 54323 };

/* What a child is told of the test's ring. */
struct scene {
    struct ring_dir dir;
    struct stek_writer *writer;
    struct stek_ring *ring;
    struct stek_ticket_key key;
    char path[RING_DIR_PATH_LEN];
};

static struct scene *scene;

static int start(void **state)
{
    enum stek_writer_start how;
    const char *problem;

    (void)state;
    ring_set_time(RING_START);
    scene = ring_shared_memory(sizeof *scene);
    ring_dir_start(&scene->dir);
    ring_dir_file(&scene->dir, "web.ring", scene->path);
    const struct stek_writer_place place = {
        .dir_fd = scene->dir.fd, .ring = "web", .group = geteuid() == 0 ? GROUP : (gid_t)-1};
    assert_int_equal(
        stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &scene->writer),
        STEK_OK);
    scene->ring = ring_dir_open(&scene->dir);
    scene->key = ring_seal_key(scene->ring, "a");
    return 0;
}

static int finish(void **state)
{
    (void)state;
    stek_ring_free(scene->ring);
    stek_writer_close(scene->writer);
    ring_dir_finish(&scene->dir);
    (void)munmap(scene, sizeof *scene);
    return 0;
}

static void become(uid_t uid, gid_t gid)
{
    CHECK(setgroups(0, NULL) == 0);
    CHECK(setgid(gid) == 0);
    CHECK(setuid(uid) == 0);
}

static void rotate_in(int64_t seconds)
{
    ring_set_time(RING_START + seconds);
    assert_int_equal(stek_writer_update(scene->writer, ring_time()), STEK_OK);
}

static void check_that_ring_serves(struct stek_ring *ring)
{
    CHECK(ring_opens(ring, "a", &scene->key));
    const struct stek_ticket_key now = ring_seal_key(ring, "a");
    CHECK(ring_opens(ring, "a", &now));
}

static void open_as_member(int fd, void *arg)
{
    (void)fd, (void)arg;
    become(MEMBER, GROUP);
    struct stek_ring *ring = ring_dir_open(&scene->dir);
    check_that_ring_serves(ring);
    stek_ring_free(ring);
}

static void a_member_of_the_group_reads(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    child_run(open_as_member, NULL);
}

static void open_as_stranger(int fd, void *arg)
{
    struct stek_ring *ring;

    (void)fd, (void)arg;
    become(STRANGER, STRANGER);
    CHECK(stek_ring_open(scene->path, &ring) == STEK_ERR_FILE);
    CHECK(strstr(stek_ring_file_problem(scene->path), "this user may not read it") != NULL);
}

static void nobody_else_does_and_is_told_why(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    child_run(open_as_stranger, NULL);
}

/* Says that it serves, each time it is asked. */
static void serve(int fd, void *arg)
{
    (void)arg;
    while (child_hear(fd) >= 0) {
        check_that_ring_serves(scene->ring);
        child_tell(fd, 's');
    }
}

static void serve_without_rights(int fd, void *arg)
{
    CHECK(mkdir("/dev/shm/stek-test-empty", 0755) == 0 || errno == EEXIST);
    CHECK(chroot("/dev/shm/stek-test-empty") == 0 && chdir("/") == 0);
    become(STRANGER, STRANGER);
    CHECK(access(scene->path, F_OK) != 0);
    struct child grandchild = child_start(serve, arg);
    int byte;
    while ((byte = child_hear(fd)) >= 0) {
        check_that_ring_serves(scene->ring);
        child_tell(grandchild.fd, (char)byte);
        CHECK(child_hear(grandchild.fd) == 's');
        child_tell(fd, 's');
    }
    child_kill(&grandchild);
}

static void a_reader_goes_on_in_a_chroot_as_another_user_and_forked(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct child child = child_start(serve_without_rights, NULL);
    for (int i = 0; i <= 3; i++) {
        if (i > 0)
            rotate_in(i * RING_ROTATE_S);
        child_tell(child.fd, 'g');
        assert_int_equal(child_hear(child.fd), 's');
    }
    child_kill(&child);
    assert_int_equal(rmdir("/dev/shm/stek-test-empty"), 0);
}

static void try_to_write(int fd, void *arg)
{
    (void)fd, (void)arg;
    become(MEMBER, GROUP);
    const int file = open(scene->path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    CHECK(open(scene->path, O_RDWR | O_CLOEXEC) < 0 && errno == EACCES);
    CHECK(truncate(scene->path, 0) != 0 && errno == EACCES);
    CHECK(ftruncate(file, 0) != 0);
    CHECK(write(file, "x", 1) < 0 && errno == EBADF);
    CHECK(mmap(NULL, STEK_RINGFILE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) ==
              MAP_FAILED &&
          errno == EACCES);
    void *at = mmap(NULL, STEK_RINGFILE_LEN, PROT_READ, MAP_SHARED, file, 0);
    CHECK(at != MAP_FAILED);
    CHECK(mprotect(at, STEK_RINGFILE_LEN, PROT_READ | PROT_WRITE) != 0 && errno == EACCES);
    CHECK(madvise(at, STEK_RINGFILE_LEN, MADV_REMOVE) != 0);
    CHECK(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, STEK_RINGFILE_LEN) != 0);
    CHECK(chmod(scene->path, 0666) != 0 && unlink(scene->path) != 0);
    CHECK(rename(scene->path, "/dev/shm/stolen.ring") != 0);
}

static void a_reader_cannot_change_truncate_or_replace_the_file(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    child_run(try_to_write, NULL);
    check_that_ring_serves(scene->ring);
}

/* Takes every lock that it gets, and keeps them. */
static void lock_all(int fd, void *arg)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    (void)arg;
    become(MEMBER, GROUP);
    const int file = open(scene->path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0);
    CHECK(flock(file, LOCK_EX) == 0);
    CHECK(fcntl(file, F_SETLK, &lock) == 0);
    lock.l_type = F_WRLCK;
    CHECK(fcntl(file, F_SETLK, &lock) != 0 && errno == EBADF);
    CHECK(fcntl(file, F_SETLEASE, F_RDLCK) != 0 && errno == EACCES);
    CHECK(fcntl(file, F_SETLEASE, F_WRLCK) != 0 && errno == EACCES);
    CHECK(fcntl(file, F_NOTIFY, DN_MODIFY) != 0);
    child_tell(fd, 'l');
    (void)child_hear(fd);
}

static void locks_of_a_reader_hinder_nobody(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct child locker = child_start(lock_all, NULL);
    assert_int_equal(child_hear(locker.fd), 'l');
    for (int i = 1; i <= 3; i++) {
        rotate_in(i * RING_ROTATE_S);
        check_that_ring_serves(scene->ring);
    }
    child_run(open_as_member, NULL);
    stek_writer_close(scene->writer);
    scene->writer = ring_dir_write(&scene->dir, STEK_WRITER_TOOK_OVER);
    check_that_ring_serves(scene->ring);
    child_kill(&locker);
}

static void map_and_stop(int fd, void *arg)
{
    (void)arg;
    become(MEMBER, GROUP);
    struct stek_ring *ring = ring_dir_open(&scene->dir);
    child_tell(fd, 'm');
    (void)child_hear(fd);
    stek_ring_free(ring);
}

/* No process waits for readers: their number and what they do make no difference. */
static void a_crowd_of_readers_that_sleep_hinders_nobody(void **state)
{
    enum { CROWD = 50 };
    struct child crowd[CROWD];

    (void)state;
    if (geteuid() != 0)
        skip();
    for (int i = 0; i < CROWD; i++)
        crowd[i] = child_start(map_and_stop, NULL);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(child_hear(crowd[i].fd), 'm');
    rotate_in(RING_ROTATE_S);
    check_that_ring_serves(scene->ring);
    for (int i = 0; i < CROWD; i++)
        child_kill(&crowd[i]);
}

#define readers_test(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        readers_test(a_member_of_the_group_reads),
        readers_test(nobody_else_does_and_is_told_why),
        readers_test(a_reader_goes_on_in_a_chroot_as_another_user_and_forked),
        readers_test(a_reader_cannot_change_truncate_or_replace_the_file),
        readers_test(locks_of_a_reader_hinder_nobody),
        readers_test(a_crowd_of_readers_that_sleep_hinders_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
