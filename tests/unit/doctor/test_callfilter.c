/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls of the module a unit's filter of system calls leaves out. */
#include "unit.h"

#include "doctor/callfilter.h"

#include <string.h>
#include <sys/syscall.h>

#ifdef SYS_readlink
#define READLINK " readlink"
#else
#define READLINK ""
#endif
#define OF_FILES "fstatfs fallocate fchmod" READLINK

static const char *missing(const char *filter, bool ring_from_file)
{
    static char calls[STEK_CALLFILTER_LEN];

    stek_callfilter_missing(filter, ring_from_file, calls);
    return calls;
}

static void without_a_filter_nothing_is_missing(void **state)
{
    (void)state;
    assert_string_equal(missing("", true), "");
    assert_string_equal(missing("~", true), "");
}

static void what_a_list_of_allowed_calls_does_not_name_is_missing(void **state)
{
    (void)state;
    assert_string_equal(missing("read write close", true), "madvise " OF_FILES);
    assert_string_equal(missing("fallocate madvise fchmod readlink", true), "fstatfs");
    assert_string_equal(missing("read fstatfs fallocate fchmod readlink madvise write", true), "");
}

static void what_a_list_of_forbidden_calls_names_is_missing(void **state)
{
    (void)state;
    assert_string_equal(missing("~mlock fchmod reboot madvise", true), "madvise fchmod");
    assert_string_equal(missing("~mlock reboot", true), "");
}

static void a_private_ring_needs_madvise_alone(void **state)
{
    (void)state;
    assert_string_equal(missing("read write", false), "madvise");
    assert_string_equal(missing("~fallocate fchmod", false), "");
}

static void a_name_is_not_taken_for_another_that_begins_or_ends_alike(void **state)
{
    (void)state;
    assert_string_equal(missing("process_madvise madvise2 fchmodat fstatfs64", true),
                        "madvise " OF_FILES);
    assert_string_equal(missing("~process_madvise fchmodat", true), "");
}

static void a_call_that_gets_an_error_is_forbidden(void **state)
{
    (void)state;
    assert_string_equal(missing("~madvise:EPERM fchmod:kill", true), "madvise fchmod");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_filter_nothing_is_missing),
        cmocka_unit_test(what_a_list_of_allowed_calls_does_not_name_is_missing),
        cmocka_unit_test(what_a_list_of_forbidden_calls_names_is_missing),
        cmocka_unit_test(a_private_ring_needs_madvise_alone),
        cmocka_unit_test(a_name_is_not_taken_for_another_that_begins_or_ends_alike),
        cmocka_unit_test(a_call_that_gets_an_error_is_forbidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
