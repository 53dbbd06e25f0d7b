/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "feed/place.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { KEYS_LEN = 80 };

static const uint8_t keys[KEYS_LEN] = {1};

/* A directory on a tmpfs. */
struct scene {
    char path[32];
    struct stek_feed_place place;
};

static int begin(void **state)
{
    static struct scene scene;
    struct stek_feed_fault fault;

    memcpy(scene.path, "/dev/shm/stek-place-XXXXXX", sizeof "/dev/shm/stek-place-XXXXXX");
    *state = &scene;
    return mkdtemp(scene.path) != NULL &&
                   stek_feed_place_open(scene.path, false, (gid_t)-1, &scene.place, &fault)
               ? 0
               : 1;
}

static int end(void **state)
{
    struct scene *scene = *state;
    struct stek_feed_fault fault;

    (void)stek_feed_place_remove(&scene->place, "keys", &fault);
    (void)stek_feed_place_remove(&scene->place, ".keys.new", &fault);
    stek_feed_place_close(&scene->place);
    return rmdir(scene->path);
}

static unsigned count_files(const struct scene *scene)
{
    DIR *dir = opendir(scene->path);
    unsigned count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 2; /* . and .. */
}

/* No file grows beyond this, as if the file system were full. */
static void limit_files(rlim_t len)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = len;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_finds_no_room_leaves_nothing_beside_it(void **state)
{
    struct scene *scene = *state;
    struct stek_feed_fault fault;

    assert_true(stek_feed_place_put(&scene->place, "keys", keys, sizeof keys, &fault));
    assert_int_equal(count_files(scene), 1);
    limit_files(KEYS_LEN / 2);
    const bool put = stek_feed_place_put(&scene->place, "keys", keys, sizeof keys, &fault);
    limit_files(RLIM_INFINITY);
    assert_false(put);
    assert_string_equal(fault.text, ".keys.new: no room");
    assert_int_equal(count_files(scene), 1);
    assert_true(stek_feed_place_put(&scene->place, "keys", keys, sizeof keys, &fault));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_finds_no_room_leaves_nothing_beside_it, begin,
                                        end),
    };

    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
