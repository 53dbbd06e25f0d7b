/* SPDX-License-Identifier: Apache-2.0 */
/* Files that must not be believed for their owner, mode, kind or place: each is refused with
 * its own line. */
#include "unit.h"

#include "ring_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct ring_dir dir;

static int start(void **state)
{
    (void)state;
    ring_set_time(RING_START);
    ring_dir_start(&dir);
    stek_writer_close(ring_dir_write(&dir, STEK_WRITER_NEW));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    (void)chmod(dir.path, 0755);
    ring_dir_finish(&dir);
    return 0;
}

static void assert_refused(const char *words)
{
    ring_dir_assert_refused(&dir, "web.ring", words);
}

static void assert_accepted(void)
{
    ring_dir_assert_accepted(&dir);
}

static void assert_replaced(const char *words)
{
    ring_dir_assert_replaced(&dir, words);
}

static void a_file_of_another_user_is_refused(void **state)
{
    char path[RING_DIR_PATH_LEN];

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(ring_dir_file(&dir, "web.ring", path), 12345, (gid_t)-1), 0);
    assert_refused("its owner is neither root nor the owner of its directory");
    assert_int_equal(chown(dir.path, 12345, (gid_t)-1), 0);
    assert_accepted();
    assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    assert_accepted();
    assert_int_equal(chown(path, 23456, (gid_t)-1), 0);
    assert_int_equal(chown(dir.path, 0, (gid_t)-1), 0);
    assert_replaced("its owner is neither");
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    static const mode_t modes[] = {0660, 0642, 0666, 02660};
    char path[RING_DIR_PATH_LEN];

    (void)state;
    ring_dir_file(&dir, "web.ring", path);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_refused("it is writable by its group or others");
    }
    assert_replaced("it is writable by its group or others");
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
    static const mode_t modes[] = {0775, 0757, 01777, 03770};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(dir.path, modes[i]), 0);
        assert_refused("its directory is writable by group or others");
    }
    const struct stek_writer_place place = {.dir_fd = dir.fd, .ring = "web", .group = (gid_t)-1};
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem = "";
    assert_int_equal(stek_writer_open(&place, &ring_policy, ring_time(), &how, &problem, &writer),
                     STEK_ERR_FILE);
    assert_non_null(strstr(problem, "its directory is writable"));
}

/* Moves the ring away and puts in its place what `make` makes. */
static void replace_with(void (*make)(const char *path))
{
    char path[RING_DIR_PATH_LEN];
    char other[RING_DIR_PATH_LEN];

    assert_int_equal(
        rename(ring_dir_file(&dir, "web.ring", path), ring_dir_file(&dir, "other.ring", other)), 0);
    make(path);
}

static void make_link(const char *path)
{
    assert_int_equal(symlink("other.ring", path), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0640), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0750), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    (void)close(fd);
}

static void a_symbolic_link_is_refused_even_to_a_good_ring(void **state)
{
    (void)state;
    replace_with(make_link);
    assert_refused("it is a symbolic link");
    assert_replaced("it is a symbolic link");
}

static void a_fault_of_the_moment_has_its_name(void **state)
{
    static const struct {
        int error;
        const char *name;
    } faults[] = {
        {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {ENOMEM, "ENOMEM"}, {EIO, "EIO"}, {EINTR, "EINTR"}};

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_non_null(strstr(stek_ringfile_open_problem(faults[i].error), faults[i].name));
}

static void what_is_no_file_is_refused_and_stops_nobody(void **state)
{
    (void)state;
    replace_with(make_fifo);
    assert_refused("it is not a regular file");
    assert_replaced("it is not a regular file");
    replace_with(make_socket);
    assert_refused("it is a socket or a device");
    assert_replaced("it is a socket or a device");
    replace_with(make_folder);
    assert_refused("it is not a regular file");
    assert_int_equal(unlinkat(dir.fd, "web.ring", AT_REMOVEDIR), 0);
}

static void what_is_not_there_is_refused(void **state)
{
    (void)state;
    ring_dir_assert_refused(&dir, "mail.ring", "it does not exist");
    ring_dir_assert_refused(&dir, "nowhere/web.ring", "its directory does not exist");
    ring_dir_assert_refused(&dir, "web.txt", "its file name is not RING.ring");
    ring_dir_assert_refused(&dir, ".ring", "its file name is not RING.ring");
    ring_dir_assert_refused(&dir, "-a.ring", "its file name is not RING.ring");
    ring_dir_assert_refused(&dir, "a b.ring", "its file name is not RING.ring");
    ring_path_assert_refused("", "neither a path nor a valid ring name");
    ring_path_assert_refused(".web", "neither a path nor a valid ring name");
    ring_path_assert_refused("no-ring-of-this-name", "");
    assert_non_null(stek_ring_file_problem(NULL));
}

/* A directory that is on a disk; false: this machine has none where it can be looked for. */
static bool start_on_disk(struct ring_dir *disk)
{
    static const char *const places[] = {"/var/tmp", "/tmp", "/root", "."};
    struct statfs fs;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (statfs(places[i], &fs) != 0 || fs.f_type == 0x01021994 || access(places[i], W_OK) != 0)
            continue;
        (void)snprintf(disk->path, sizeof disk->path, "%s/stek-test-XXXXXX", places[i]);
        if (mkdtemp(disk->path) == NULL || chmod(disk->path, 0755) != 0)
            continue;
        disk->fd = open(disk->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return disk->fd >= 0;
    }
    return false;
}

static void a_ring_on_a_disk_is_refused_unless_its_keeper_was_told_so(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct ring_dir disk;
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem = "";

    (void)state;
    if (!start_on_disk(&disk))
        skip();
    struct stek_writer_place place = {.dir_fd = disk.fd, .ring = "web", .group = (gid_t)-1};
    assert_int_equal(stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer),
                     STEK_ERR_FILE);
    assert_non_null(strstr(problem, "disk file system"));
    assert_int_equal(faccessat(disk.fd, "web.ring", F_OK, 0), -1);

    place.allow_disk = true;
    assert_int_equal(stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer),
                     STEK_OK);
    stek_writer_close(writer);
    stek_ring_free(ring_dir_open(&disk));

    ring_dir_bytes(&dir, bytes); /* of a ring that belongs in memory */
    ring_dir_put(&disk, bytes, sizeof bytes);
    ring_dir_assert_refused(&disk, "web.ring", "it is on a disk file system: keys belong on tmpfs");
    ring_dir_finish(&disk);
}

static void a_name_that_is_no_rings_has_no_writer(void **state)
{
    static const char *const names[] = {
        "",       ".",
        "..",     "-x",
        "a/b",    "a b",
        "../web", "0123456789012345678901234567890123456789012345678901234567890123x"};
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct stek_writer_place place = {
            .dir_fd = dir.fd, .ring = names[i], .group = (gid_t)-1};
        assert_int_equal(
            stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer),
            STEK_ERR_ARGUMENT);
    }
}

#define refused_test(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        refused_test(a_file_of_another_user_is_refused),
        refused_test(a_file_that_others_may_write_is_refused),
        refused_test(a_directory_that_others_may_write_is_refused),
        refused_test(a_symbolic_link_is_refused_even_to_a_good_ring),
        cmocka_unit_test(a_fault_of_the_moment_has_its_name),
        refused_test(what_is_no_file_is_refused_and_stops_nobody),
        refused_test(what_is_not_there_is_refused),
        refused_test(a_ring_on_a_disk_is_refused_unless_its_keeper_was_told_so),
        refused_test(a_name_that_is_no_rings_has_no_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
