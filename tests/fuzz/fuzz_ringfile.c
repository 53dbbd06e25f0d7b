/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in the place of a ring file: a consumer refuses it with a reason, or can use whatever it
 * says; a writer takes it over or puts another in its place, and then consumers take it.
 */
#include "driver/fuzz.h"

#include "core/policy.h"
#include "ringfile/ring.h"
#include "ringfile/writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOW = 2000 };

static char folder[] = "/dev/shm/stek-fuzz-XXXXXX";
static char path[sizeof folder + 16];
static int dir_fd;

static void remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

static void make_folder(void)
{
    FUZZ_MUST(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/web.ring", folder);
    dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FUZZ_MUST(dir_fd >= 0 && atexit(remove_folder) == 0);
}

static struct stek_writer *open_writer(void)
{
    const struct stek_writer_place place = {.dir_fd = dir_fd, .ring = "web", .group = (gid_t)-1};
    const struct stek_policy policy = stek_policy_resolve(NULL);
    enum stek_writer_start start;
    const char *problem = NULL;
    struct stek_writer *writer;

    FUZZ_MUST(stek_writer_open(&place, &policy, NOW, &start, &problem, &writer) == STEK_OK);
    FUZZ_MUST((start == STEK_WRITER_REPLACED) == (problem != NULL));
    return writer;
}

/* A sound file, over which the input is laid, and then cut or extended. */
static void make_file(struct fuzz_input *input)
{
    static uint8_t bytes[STEK_RINGFILE_LEN + 64];

    (void)unlink(path);
    stek_writer_close(open_writer());
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    FUZZ_MUST(fd >= 0 && read(fd, bytes, STEK_RINGFILE_LEN) == STEK_RINGFILE_LEN);
    const size_t cut = (size_t)fuzz_take(input, 2);
    while (input->left > 0) {
        const size_t at = (size_t)(fuzz_take(input, 2) % STEK_RINGFILE_LEN);
        size_t len = (size_t)fuzz_take(input, 1);
        len = len < input->left ? len : input->left;
        len = len < STEK_RINGFILE_LEN - at ? len : STEK_RINGFILE_LEN - at;
        memcpy(bytes + at, input->at, len);
        *input = (struct fuzz_input){input->at + len, input->left - len};
    }
    FUZZ_MUST(pwrite(fd, bytes, STEK_RINGFILE_LEN, 0) == STEK_RINGFILE_LEN);
    FUZZ_MUST(cut == 0 || ftruncate(fd, (off_t)(cut % sizeof bytes)) == 0);
    (void)close(fd);
}

static int64_t clock_of_test(void *arg)
{
    return *(const int64_t *)arg;
}

/* Whatever the ring says of times, keys are asked for at odd ones. */
static void use(struct stek_ring *ring)
{
    static const struct stek_context context = {4, "fuzz"};
    struct stek_keys *keys = stek_ring_keys(ring, &context);
    struct stek_ticket_key key;
    struct stek_seal_key active;
    int64_t now = NOW;

    stek_ring_set_clock(ring, clock_of_test, &now);
    for (; now < NOW + 400000 && keys != NULL; now += 90001)
        if (stek_ring_seal(ring, keys, now, &active))
            FUZZ_MUST(stek_ring_find(ring, keys, active.key.name, false, now, &key) !=
                      STEK_CHOICE_UNKNOWN);
    FUZZ_MUST(stek_ring_maintain(ring) == STEK_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct stek_ring *ring;

    if (dir_fd == 0)
        make_folder();
    make_file(&input);
    const char *problem = stek_ring_file_problem(path);
    enum stek_result result = stek_ring_open(path, &ring);
    FUZZ_MUST((result == STEK_OK) == (problem == NULL));
    if (result == STEK_OK) {
        use(ring);
        stek_ring_free(ring);
    }
    stek_writer_close(open_writer());
    FUZZ_MUST(stek_ring_file_problem(path) == NULL);
    return 0;
}
