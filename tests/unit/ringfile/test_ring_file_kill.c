/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer of a ring file is killed at every store, in an instrumented build of the image
 * (store_hook.h), and stepped through at every instruction, while others read. A record tells by
 * itself whether it is whole: mask and fingerprint follow from its secret.
 */
#include "unit.h"

#include "ring_dir.h"
#include "ring_step.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READERS = 2,
    STRIDE = RING_SANITIZED ? 97 : 1,
    STORES_MIN = 2 * STEK_WORDS(struct stek_ring_state)
};

/* ---- the hook ---- */

static unsigned kill_at; /* the store before which this process dies; 0: none */
static unsigned stores;

void store_hook(void);

void store_hook(void)
{
    if (++stores == kill_at)
        (void)kill(getpid(), SIGKILL);
}

/* ---- the scene: a ring that is to rotate, and its first record to retire ---- */

struct scene {
    struct ring_dir dir;
    uint8_t before[STEK_RINGFILE_LEN];
    struct stek_ring_state old;
    struct child reader[READERS];
    atomic_bool over;
    atomic_ulong reads;
};

static struct scene *scene;

static void check_whole(const struct stek_record *record)
{
    struct stek_mask mask;
    struct stek_fingerprint fingerprint;

    CHECK(stek_derive_mask(&record->secret, &mask) == STEK_OK);
    CHECK(stek_derive_fingerprint(&record->secret, &fingerprint) == STEK_OK);
    CHECK(memcmp(&mask, &record->mask, sizeof mask) == 0);
    CHECK(memcmp(&fingerprint, &record->fingerprint, sizeof fingerprint) == 0);
}

/* The old state, or the one after it; each record whole. Returns whether it is the old one. */
static bool check_state(const struct stek_image *image)
{
    struct stek_ring_state state;
    uint64_t generation;

    CHECK(stek_image_read(image, &state, &generation) == STEK_OK);
    if (memcmp(&state, &scene->old, sizeof state) == 0)
        return true;
    CHECK(state.changed_at == ring_time());
    CHECK(stek_records_active(&state.records, ring_time()) >= 0);
    for (size_t i = 0; i < state.records.count; i++)
        check_whole(&state.records.at[i]);
    return false;
}

/* As a consumer, and looking at all records. */
static void read_on(int fd, void *arg)
{
    struct stek_ring *ring = ring_dir_open(&scene->dir);

    (void)arg;
    child_tell(fd, 'r');
    while (!atomic_load(&scene->over)) {
        const struct stek_ticket_key key = ring_seal_key(ring, "a");
        CHECK(ring_opens(ring, "a", &key));
        (void)check_state(ring->image);
        atomic_fetch_add(&scene->reads, 1);
    }
    stek_ring_free(ring);
}

static int start(void **state)
{
    (void)state;
    scene = ring_shared_memory(sizeof *scene);
    ring_set_time(RING_START);
    ring_dir_start(&scene->dir);
    struct stek_writer *writer = ring_dir_write(&scene->dir, STEK_WRITER_NEW);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(stek_writer_update(writer, RING_START + i * RING_ROTATE_S), STEK_OK);
    assert_int_equal(stek_writer_state(writer, &scene->old), STEK_OK);
    stek_writer_close(writer);
    ring_dir_bytes(&scene->dir, scene->before);
    ring_set_time(RING_START + 4 * RING_ROTATE_S);
    for (int i = 0; i < READERS; i++) {
        scene->reader[i] = child_start(read_on, NULL);
        assert_int_equal(child_hear(scene->reader[i].fd), 'r');
    }
    return 0;
}

static int finish(void **state)
{
    (void)state;
    atomic_store(&scene->over, true);
    for (int i = 0; i < READERS; i++)
        child_join(&scene->reader[i]); /* fails if one of them has seen anything torn */
    print_message("# meanwhile the readers have read %lu times\n", atomic_load(&scene->reads));
    assert_true(atomic_load(&scene->reads) > 0);
    ring_dir_finish(&scene->dir);
    return 0;
}

/* Puts the ring back to where it was, as one change: readers never see a torn one. */
static void rewind_ring(void)
{
    struct stek_ring *ring = ring_dir_open(&scene->dir);
    const int fd = openat(scene->dir.fd, "web.ring", O_RDWR | O_CLOEXEC);
    struct stek_image *image =
        mmap(NULL, STEK_RINGFILE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK(fd >= 0 && image != MAP_FAILED);
    stek_image_write(image, &scene->old);
    (void)munmap(image, STEK_RINGFILE_LEN);
    (void)close(fd);
    stek_ring_free(ring);
}

/* Runs a writer that takes over and does what is due, and kills it before this store. Returns
 * whether it came to that. */
static bool write_and_die_at(unsigned store)
{
    int status;
    const pid_t writer = fork();

    CHECK(writer >= 0);
    if (writer == 0) {
        kill_at = store;
        stores = 0;
        stek_writer_close(ring_dir_write(&scene->dir, STEK_WRITER_TOOK_OVER));
        _exit(0);
    }
    CHECK(waitpid(writer, &status, 0) == writer);
    if (WIFEXITED(status))
        CHECK(WEXITSTATUS(status) == 0);
    else
        CHECK(WTERMSIG(status) == SIGKILL);
    return WIFSIGNALED(status);
}

static bool file_holds(const struct stek_secret32 *secret)
{
    uint8_t bytes[STEK_RINGFILE_LEN];

    ring_dir_bytes(&scene->dir, bytes);
    return ring_area_holds(bytes, sizeof bytes, secret->bytes);
}

static void check_after_take_over(void)
{
    struct stek_writer *writer = ring_dir_write(&scene->dir, STEK_WRITER_TOOK_OVER);
    struct stek_ring_state state;

    CHECK(stek_writer_state(writer, &state) == STEK_OK);
    CHECK(stek_records_active(&state.records, ring_time()) >= 0);
    CHECK(!file_holds(&scene->old.records.at[0].secret));
    stek_writer_close(writer);
}

static void a_writer_killed_at_any_store_leaves_a_ring_that_reads_and_goes_on(void **state)
{
    unsigned store = 1;
    unsigned left_behind = 0;

    (void)state;
    for (; write_and_die_at(store); store += STRIDE) {
        left_behind += file_holds(&scene->old.records.at[0].secret);
        check_after_take_over();
        rewind_ring();
    }
    print_message("# killed at each %d of %u stores; the retired secret was still there %u times\n",
                  STRIDE, store - 1, left_behind);
    assert_true(store > STORES_MIN);
    assert_true(left_behind > 0);
}

/* The process that takes over is killed, too. */
static void nor_does_it_matter_where_those_are_killed_who_take_over(void **state)
{
    enum { FIRST = 2 * STEK_WORDS(struct stek_ring_state) };
    const unsigned stride = RING_SANITIZED ? 397 : 41;

    (void)state;
    for (unsigned store = 1; write_and_die_at(FIRST) && write_and_die_at(store); store += stride) {
        check_after_take_over();
        rewind_ring();
    }
}

#if !RING_SANITIZED /* their own instructions are too many */
static void step_through(void *arg)
{
    CHECK(stek_writer_update(arg, ring_time()) == STEK_OK);
}

/* On its own copy of the ring, since a stepped writer is slow: what it has left after each
 * instruction is read. */
static void a_reader_sees_the_old_or_the_new_state_after_every_instruction(void **state)
{
    struct stek_writer *writer = ring_dir_write(&scene->dir, STEK_WRITER_TOOK_OVER);
    struct stek_ring *ring = NULL;
    unsigned steps = 0;
    unsigned changes = 0;
    bool old = true;

    (void)state;
    rewind_ring();
    ring = ring_dir_open(&scene->dir);
    const pid_t stepped = step_start(step_through, writer);
    for (; step_once(stepped); steps++) {
        const bool is_old = check_state(ring->image);
        changes += is_old != old;
        assert_true(old || !is_old);
        old = is_old;
    }
    step_kill(stepped);
    print_message("# an update: %u instructions\n", steps);
    assert_int_equal(changes, 1);
    assert_true(steps > STORES_MIN);
    stek_ring_free(ring);
    stek_writer_close(writer);
}

#endif

static void make_and_die_at(unsigned store, int *ret_status)
{
    const pid_t writer = fork();

    CHECK(writer >= 0);
    if (writer == 0) {
        kill_at = store;
        stores = 0;
        stek_writer_close(ring_dir_write(&scene->dir, STEK_WRITER_NEW));
        _exit(0);
    }
    CHECK(waitpid(writer, ret_status, 0) == writer);
}

/* No reader sees half a ring while it is made, since it does not have its name yet. */
static void a_writer_killed_while_it_makes_a_ring_leaves_none(void **state)
{
    const unsigned stride = RING_SANITIZED ? 997 : 101;
    char path[RING_DIR_PATH_LEN];
    int status;

    (void)state;
    assert_int_equal(unlinkat(scene->dir.fd, "web.ring", 0), 0);
    make_and_die_at(1, &status);
    for (unsigned store = 1; WIFSIGNALED(status); store += stride) {
        assert_int_equal(faccessat(scene->dir.fd, "web.ring", F_OK, 0), -1);
        make_and_die_at(store, &status);
    }
    assert_null(stek_ring_file_problem(ring_dir_file(&scene->dir, "web.ring", path)));
    assert_int_equal(faccessat(scene->dir.fd, ".web.new", F_OK, 0), -1);
}

#define kill_test(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        kill_test(a_writer_killed_at_any_store_leaves_a_ring_that_reads_and_goes_on),
        kill_test(nor_does_it_matter_where_those_are_killed_who_take_over),
#if !RING_SANITIZED
        kill_test(a_reader_sees_the_old_or_the_new_state_after_every_instruction),
#endif
        kill_test(a_writer_killed_while_it_makes_a_ring_leaves_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
