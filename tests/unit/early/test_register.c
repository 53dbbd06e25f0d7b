/* SPDX-License-Identifier: Apache-2.0 */
/* What the register says of a serial. */
#include "unit.h"

#include "early/register.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static struct stek_register *reg;
static uint8_t instance[STEK_INSTANCE_LEN];
static uint64_t first;

/* One ticket was given already, with the serial 1. */
static int set_up(void **state)
{
    (void)state;
    reg = stek_register_map();
    assert_non_null(reg);
    assert_true(stek_register_issue(reg, instance, &first));
    assert_int_equal(first, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stek_register_unmap(reg);
    return 0;
}

static enum stek_early spend(uint64_t serial)
{
    return stek_register_spend(reg, instance, serial);
}

/* As if so many tickets had been given. */
static void give_up_to(uint64_t serial)
{
    atomic_store(&reg->issued, serial);
}

static void a_ticket_brings_early_data_once(void **state)
{
    (void)state;
    assert_int_equal(spend(first), STEK_EARLY_ACCEPTED);
    assert_int_equal(spend(first), STEK_EARLY_REPLAYED);
    assert_int_equal(spend(first), STEK_EARLY_REPLAYED);
}

static void every_ticket_of_the_window_does(void **state)
{
    (void)state;
    give_up_to(STEK_REGISTER_WINDOW);
    for (uint64_t serial = 1; serial <= STEK_REGISTER_WINDOW; serial++)
        if (spend(serial) != STEK_EARLY_ACCEPTED)
            fail_msg("%llu was refused", (unsigned long long)serial);
    for (uint64_t serial = STEK_REGISTER_FLAGS; serial <= STEK_REGISTER_WINDOW; serial++)
        if (spend(serial) != STEK_EARLY_REPLAYED)
            fail_msg("%llu was accepted twice", (unsigned long long)serial);
}

static void serials_count_up_and_have_one_instance(void **state)
{
    uint8_t other[STEK_INSTANCE_LEN];
    uint64_t serial;

    (void)state;
    assert_true(stek_register_issue(reg, other, &serial));
    assert_int_equal(serial, first + 1);
    assert_memory_equal(other, instance, sizeof other);
}

static void a_ticket_of_another_program_is_foreign(void **state)
{
    struct stek_register *another = stek_register_map();
    uint8_t others[STEK_INSTANCE_LEN];
    uint64_t serial;

    (void)state;
    assert_non_null(another);
    assert_true(stek_register_issue(another, others, &serial));
    assert_memory_not_equal(others, instance, sizeof others);
    assert_int_equal(stek_register_spend(reg, others, serial), STEK_EARLY_FOREIGN);
    assert_int_equal(stek_register_spend(another, instance, first), STEK_EARLY_FOREIGN);
    assert_int_equal(stek_register_spend(another, others, serial), STEK_EARLY_ACCEPTED);
    stek_register_unmap(another);
}

static void a_ticket_without_a_serial_is_foreign(void **state)
{
    const uint8_t nobody[STEK_INSTANCE_LEN] = {0};

    (void)state;
    assert_int_equal(spend(0), STEK_EARLY_FOREIGN);
    assert_int_equal(stek_register_spend(reg, nobody, 0), STEK_EARLY_FOREIGN);
    assert_int_equal(stek_register_spend(reg, nobody, first), STEK_EARLY_FOREIGN);
}

/* Before its first ticket a program has no id: zeros are not one. */
static void a_register_that_gave_nothing_accepts_nothing(void **state)
{
    const uint8_t nobody[STEK_INSTANCE_LEN] = {0};
    struct stek_register *fresh = stek_register_map();

    (void)state;
    assert_non_null(fresh);
    assert_int_equal(stek_register_spend(fresh, nobody, 0), STEK_EARLY_FOREIGN);
    assert_int_equal(stek_register_spend(fresh, nobody, 1), STEK_EARLY_FOREIGN);
    stek_register_unmap(fresh);
}

static void a_serial_that_nobody_gave_is_foreign_and_spends_nothing(void **state)
{
    static const uint64_t forged[] = {2, 3, STEK_REGISTER_WINDOW + 1, UINT64_C(1) << 56,
                                      UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++)
        assert_int_equal(spend(forged[i]), STEK_EARLY_FOREIGN);
    assert_int_equal(spend(first), STEK_EARLY_ACCEPTED);
}

static void a_ticket_that_has_left_the_window_is_too_old(void **state)
{
    (void)state;
    give_up_to(STEK_REGISTER_WINDOW + first);
    assert_int_equal(spend(first), STEK_EARLY_TOO_OLD);
    assert_int_equal(spend(first + 1), STEK_EARLY_ACCEPTED);
}

/* The oldest and the newest tickets of the window may share a block. */
static void a_block_that_was_reused_has_forgotten_its_former_tickets_and_refuses_them(void **state)
{
    (void)state;
    give_up_to(STEK_REGISTER_WINDOW + 5);
    assert_int_equal(spend(30), STEK_EARLY_ACCEPTED);
    assert_int_equal(spend(STEK_REGISTER_WINDOW + 5), STEK_EARLY_ACCEPTED);
    assert_int_equal(spend(30), STEK_EARLY_TOO_OLD);
    assert_int_equal(spend(31), STEK_EARLY_TOO_OLD);
    assert_int_equal(spend(STEK_REGISTER_WINDOW + 5), STEK_EARLY_REPLAYED);
    assert_int_equal(spend(STEK_REGISTER_WINDOW + 4), STEK_EARLY_ACCEPTED);
}

static void laps_are_told_apart_up_to_the_last_serial(void **state)
{
    const uint64_t late = STEK_REGISTER_SERIAL_MAX - STEK_REGISTER_WINDOW;

    (void)state;
    assert_int_equal(spend(first), STEK_EARLY_ACCEPTED);
    give_up_to(late + first);
    assert_int_equal(spend(late + first), STEK_EARLY_ACCEPTED);
    assert_int_equal(spend(late + first), STEK_EARLY_REPLAYED);
    assert_int_equal(spend(first), STEK_EARLY_TOO_OLD);
}

static void after_the_last_serial_no_ticket_gets_one(void **state)
{
    uint64_t serial;

    (void)state;
    give_up_to(STEK_REGISTER_SERIAL_MAX - 1);
    assert_true(stek_register_issue(reg, instance, &serial));
    assert_int_equal(serial, STEK_REGISTER_SERIAL_MAX);
    assert_false(stek_register_issue(reg, instance, &serial));
}

static size_t resident_pages(void)
{
    unsigned char resident[(sizeof(struct stek_register) + PAGE - 1) / PAGE];
    size_t pages = 0;

    assert_int_equal(mincore(reg, sizeof *reg, resident), 0);
    for (size_t i = 0; i < sizeof resident; i++)
        pages += resident[i] & 1;
    return pages;
}

static void pages_are_used_with_the_tickets_that_need_them(void **state)
{
    struct stek_register *used = reg;

    (void)state;
    reg = stek_register_map();
    assert_non_null(reg);
    assert_int_equal(resident_pages(), 0);
    stek_register_unmap(reg);
    reg = used;
    assert_int_equal(resident_pages(), 1);
    give_up_to(16384);
    for (uint64_t serial = 1; serial <= 16000; serial++)
        assert_int_equal(spend(serial), STEK_EARLY_ACCEPTED);
    assert_between(resident_pages(), 1, 2);
}

static void a_program_has_one_register_that_its_forks_share(void **state)
{
    uint64_t serial;
    int status;

    (void)state;
    stek_register_prepare();
    struct stek_register *programs = stek_register_get0();
    assert_non_null(programs);
    stek_register_prepare();
    assert_ptr_equal(stek_register_get0(), programs);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) /* the first to use it */
        _exit(stek_register_issue(programs, instance, &serial) && serial == 1 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(stek_register_issue(programs, instance, &serial));
    assert_int_equal(serial, 2);
    assert_int_equal(stek_register_spend(programs, instance, 1), STEK_EARLY_ACCEPTED);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_ticket_brings_early_data_once),
        TEST(every_ticket_of_the_window_does),
        TEST(serials_count_up_and_have_one_instance),
        TEST(a_ticket_of_another_program_is_foreign),
        TEST(a_ticket_without_a_serial_is_foreign),
        TEST(a_register_that_gave_nothing_accepts_nothing),
        TEST(a_serial_that_nobody_gave_is_foreign_and_spends_nothing),
        TEST(a_ticket_that_has_left_the_window_is_too_old),
        TEST(a_block_that_was_reused_has_forgotten_its_former_tickets_and_refuses_them),
        TEST(laps_are_told_apart_up_to_the_last_serial),
        TEST(after_the_last_serial_no_ticket_gets_one),
        TEST(pages_are_used_with_the_tickets_that_need_them),
        TEST(a_program_has_one_register_that_its_forks_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
