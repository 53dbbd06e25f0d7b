/* SPDX-License-Identifier: Apache-2.0 */
/* Ring files that nobody may believe: each is refused with its own line, by readers; and a writer puts another in its place. */
#include "unit.h"

#include "prng.h"
#include "ring_dir.h"

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

static void assert_refused_at(const char *path, const char *words)
{
    struct stek_ring *ring = NULL;
    const char *problem = stek_ring_file_problem(path);

    assert_non_null(problem);
    if (strstr(problem, words) == NULL)
        print_message("# '%s' is not in '%s'\n", words, problem);
    assert_non_null(strstr(problem, words));
    assert_null(strchr(problem, '\n'));
    assert_int_equal(stek_ring_open(path, &ring), STEK_ERR_FILE);
    assert_null(ring);
}

static void assert_refused(const char *words)
{
    char path[RING_DIR_PATH_LEN];

    assert_refused_at(ring_dir_file(&dir, "web.ring", path), words);
}

static void assert_accepted(void)
{
    char path[RING_DIR_PATH_LEN];

    assert_null(stek_ring_file_problem(ring_dir_file(&dir, "web.ring", path)));
    stek_ring_free(ring_dir_open(&dir));
}

/* The writer says the same, and makes a ring that is good. */
static void assert_replaced(const char *words)
{
    const struct stek_writer_place place = {.dir_fd = dir.fd, .ring = "web", .group = (gid_t)-1};
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem = "";

    assert_int_equal(stek_writer_open(&place, &ring_policy, ring_time(), &how, &problem, &writer), STEK_OK);
    assert_int_equal(how, STEK_WRITER_REPLACED);
    assert_non_null(strstr(problem, words));
    stek_writer_close(writer);
    assert_accepted();
}

/* Puts a number in a field of the state that holds. */
static void spoil(size_t offset, uint64_t value)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct stek_image *image = (struct stek_image *)(void *)bytes;

    ring_dir_bytes(&dir, bytes);
    image->side[stek_image_generation(image) & 1][offset / 8] = value;
    ring_dir_put(&dir, bytes, sizeof bytes);
}

static uint64_t field(size_t offset)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    const struct stek_image *image = (const struct stek_image *)(const void *)bytes;

    ring_dir_bytes(&dir, bytes);
    return image->side[stek_image_generation(image) & 1][offset / 8];
}

#define FIELD(name) offsetof(struct stek_ring_state, name)

static void assert_spoiled(size_t offset, uint64_t value, const char *words)
{
    spoil(offset, value);
    assert_refused(words);
    assert_replaced(words);
}

static void what_nobody_touched_is_accepted(void **state)
{
    (void)state;
    assert_accepted();
}

static void a_truncated_file_is_refused_at_any_length(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN + 1];
    static const size_t lens[] = {16, 17, 4096, 19648, STEK_RINGFILE_LEN - 1, STEK_RINGFILE_LEN + 1};

    (void)state;
    ring_dir_bytes(&dir, bytes);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        ring_dir_put(&dir, bytes, lens[i]);
        assert_refused("its size is not that of a ring file");
    }
    ring_dir_put(&dir, bytes, 15);
    assert_refused("too short");
    ring_dir_put(&dir, bytes, 0);
    assert_refused("too short");
    assert_replaced("too short");
}

static void another_version_is_refused(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];

    (void)state;
    ring_dir_bytes(&dir, bytes);
    bytes[8] = 2;
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("another version");
    bytes[8] = 0; /* as the other byte order writes a 1 */
    bytes[15] = 1;
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("another version");
    ring_dir_put(&dir, bytes, 8192); /* whose size is another, too */
    assert_refused("another version");
    assert_replaced("another version");
}

static void random_bytes_are_refused(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct prng prng = {7};

    (void)state;
    prng_bytes(&prng, bytes, sizeof bytes);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("it is not a ring file");
    assert_replaced("it is not a ring file");
    ring_dir_bytes(&dir, bytes);
    prng_bytes(&prng, bytes + 32, sizeof bytes - 32);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("its policy is out of range");
    memset(bytes, 0, sizeof bytes);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("it is not a ring file");
}

static void unsound_records_are_refused(void **state)
{
    (void)state;
    assert_spoiled(FIELD(records.count), 65, "more than 64 records");
    assert_spoiled(FIELD(records.at[1].active_until), field(FIELD(records.at[1].active_from)) - 1, "wrong order");
    assert_spoiled(FIELD(records.at[1].accept_until), field(FIELD(records.at[1].active_until)) - 1, "wrong order");
    assert_spoiled(FIELD(records.at[2].active_from), field(FIELD(records.at[1].active_from)), "starts before");
    assert_spoiled(FIELD(records.at[1].seq), 1, "order of their seq");
    assert_spoiled(FIELD(records.at[0].accept_until), (uint64_t)1 << 50, "time is out of range");
    assert_spoiled(FIELD(records.at[0].origin), 9, "origin is unknown");
    spoil(FIELD(records.at[0].secret.bytes[8]), 0);
    spoil(FIELD(records.at[0].secret.bytes[16]), 0);
    spoil(FIELD(records.at[0].secret.bytes[24]), 0);
    assert_spoiled(FIELD(records.at[0].secret.bytes[0]), 0, "secret is weak");
}

static void other_unsound_fields_are_refused(void **state)
{
    (void)state;
    assert_spoiled(FIELD(rotate_s), 0, "policy is out of range");
    assert_spoiled(FIELD(ahead), (uint64_t)1 << 32 | 2, "policy is out of range");
    assert_spoiled(FIELD(source), 5, "source is unknown");
    assert_spoiled(FIELD(floor), 2, "below the ring's floor");
    assert_spoiled(FIELD(flags), 2, "flags that this version does not know");
    assert_spoiled(FIELD(changed_at), (uint64_t)1 << 62, "time of change");
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
        assert_refused("it may be written by its group or others");
    }
    assert_replaced("it may be written by its group or others");
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
    static const mode_t modes[] = {0775, 0757, 01777, 03770};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(dir.path, modes[i]), 0);
        assert_refused("its directory may be written by group or others");
    }
    const struct stek_writer_place place = {.dir_fd = dir.fd, .ring = "web", .group = (gid_t)-1};
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem = "";
    assert_int_equal(stek_writer_open(&place, &ring_policy, ring_time(), &how, &problem, &writer), STEK_ERR_FILE);
    assert_non_null(strstr(problem, "its directory may be written"));
}

/* Moves the ring away and puts in its place what `make` makes. */
static void replace_with(void (*make)(const char *path))
{
    char path[RING_DIR_PATH_LEN];
    char other[RING_DIR_PATH_LEN];

    assert_int_equal(rename(ring_dir_file(&dir, "web.ring", path), ring_dir_file(&dir, "other.ring", other)), 0);
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

static void what_is_no_file_is_refused_and_stops_nobody(void **state)
{
    (void)state;
    replace_with(make_fifo);
    assert_refused("it is not a regular file");
    assert_replaced("it is not a regular file");
    replace_with(make_socket);
    assert_refused("it cannot be opened");
    assert_replaced("it cannot be opened");
    replace_with(make_folder);
    assert_refused("it is not a regular file");
    assert_int_equal(unlinkat(dir.fd, "web.ring", AT_REMOVEDIR), 0);
}

static void what_is_not_there_is_refused(void **state)
{
    char path[RING_DIR_PATH_LEN];

    (void)state;
    assert_refused_at(ring_dir_file(&dir, "mail.ring", path), "there is no such file");
    assert_refused_at(ring_dir_file(&dir, "nowhere/web.ring", path), "its directory is not there");
    assert_refused_at(ring_dir_file(&dir, "web.txt", path), "its name is not RING.ring");
    assert_refused_at(ring_dir_file(&dir, ".ring", path), "its name is not RING.ring");
    assert_refused_at(ring_dir_file(&dir, "-a.ring", path), "its name is not RING.ring");
    assert_refused_at(ring_dir_file(&dir, "a b.ring", path), "its name is not RING.ring");
    assert_refused_at("", "neither a path nor a ring's name");
    assert_refused_at(".web", "neither a path nor a ring's name");
    assert_refused_at("no-ring-of-this-name", "");
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
    char path[RING_DIR_PATH_LEN];

    (void)state;
    if (!start_on_disk(&disk))
        skip();
    struct stek_writer_place place = {.dir_fd = disk.fd, .ring = "web", .group = (gid_t)-1};
    assert_int_equal(stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer), STEK_ERR_FILE);
    assert_non_null(strstr(problem, "disk file system"));
    assert_int_equal(faccessat(disk.fd, "web.ring", F_OK, 0), -1);

    place.allow_disk = true;
    assert_int_equal(stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer), STEK_OK);
    stek_writer_close(writer);
    stek_ring_free(ring_dir_open(&disk));

    ring_dir_bytes(&dir, bytes); /* of a ring that belongs in memory */
    ring_dir_put(&disk, bytes, sizeof bytes);
    assert_refused_at(ring_dir_file(&disk, "web.ring", path), "it is on a disk file system: keys belong on tmpfs");
    ring_dir_finish(&disk);
}

static void a_name_that_is_no_rings_has_no_writer(void **state)
{
    static const char *const names[] = {"", ".", "..", "-x", "a/b", "a b", "../web",
                                        "0123456789012345678901234567890123456789012345678901234567890123x"};
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct stek_writer_place place = {.dir_fd = dir.fd, .ring = names[i], .group = (gid_t)-1};
        assert_int_equal(stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer),
                         STEK_ERR_ARGUMENT);
    }
}

/* A file that was good when it was opened and is overwritten then: nothing opens, nothing seals, nothing dies. */
static void a_ring_that_goes_bad_while_it_is_open_seals_and_opens_nothing(void **state)
{
    struct stek_ring *ring = ring_dir_open(&dir);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct prng prng = {8};

    (void)state;
    ring_dir_bytes(&dir, bytes);
    prng_bytes(&prng, bytes + 16, sizeof bytes - 16);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_false(ring_opens(ring, "a", &key));
    assert_false(ring_seals(ring, "a"));
    stek_ring_free(ring);
}

#define refused_test(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        refused_test(what_nobody_touched_is_accepted),
        refused_test(a_truncated_file_is_refused_at_any_length),
        refused_test(another_version_is_refused),
        refused_test(random_bytes_are_refused),
        refused_test(unsound_records_are_refused),
        refused_test(other_unsound_fields_are_refused),
        refused_test(a_file_of_another_user_is_refused),
        refused_test(a_file_that_others_may_write_is_refused),
        refused_test(a_directory_that_others_may_write_is_refused),
        refused_test(a_symbolic_link_is_refused_even_to_a_good_ring),
        refused_test(what_is_no_file_is_refused_and_stops_nobody),
        refused_test(what_is_not_there_is_refused),
        refused_test(a_ring_on_a_disk_is_refused_unless_its_keeper_was_told_so),
        refused_test(a_name_that_is_no_rings_has_no_writer),
        refused_test(a_ring_that_goes_bad_while_it_is_open_seals_and_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
