/* SPDX-License-Identifier: Apache-2.0 */
/* What a host has seen of a ring: a file that cannot be read just now is not one that is missing.
 */
#include "unit.h"

#include "fleet/store/statefolder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[] = "/tmp/stek-unit-XXXXXX";
static char path[64];

static int enter(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/stek-unit-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/web.seen", folder);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void keep(uint64_t floor)
{
    const struct stek_seen seen = {.known = true, .floor = floor};

    assert_null(stek_state_keep_seen(folder, "web", &seen));
}

static void nothing_is_known_where_nothing_is(void **state)
{
    struct stek_seen seen;

    (void)state;
    assert_true(stek_state_read_seen(folder, "web", &seen));
    assert_false(seen.known);
}

static void what_was_kept_is_read(void **state)
{
    struct stek_seen seen;

    (void)state;
    keep(7);
    assert_true(stek_state_read_seen(folder, "web", &seen));
    assert_true(seen.known);
    assert_int_equal(seen.floor, 7);
}

static void without_a_descriptor_it_is_not_taken_for_missing(void **state)
{
    struct stek_seen seen;
    struct rlimit files;

    (void)state;
    keep(7);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    const struct rlimit none = {.rlim_cur = 3, .rlim_max = files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const bool read = stek_state_read_seen(folder, "web", &seen);
    const int error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_false(read);
    assert_int_equal(error, EMFILE);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(nothing_is_known_where_nothing_is),
        CASE(what_was_kept_is_read),
        CASE(without_a_descriptor_it_is_not_taken_for_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
