/* SPDX-License-Identifier: Apache-2.0 */
/* A check that was held up between its look at a word and its change of it. */
#include "unit.h"

#include "swap_pause.h"

#include "early/register.h"

void (*swap_pause)(void);

static struct stek_register *reg;
static uint8_t instance[STEK_INSTANCE_LEN];

/* What the other one does meanwhile, and what it was told. */
static uint64_t others_serial;
static enum stek_early others_answer;

static void let_another_go_first(void)
{
    swap_pause = NULL;
    others_answer = stek_register_spend(reg, instance, others_serial);
}

static int set_up(void **state)
{
    uint64_t serial;

    (void)state;
    reg = stek_register_map();
    assert_non_null(reg);
    assert_true(stek_register_issue(reg, instance, &serial));
    swap_pause = let_another_go_first;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stek_register_unmap(reg);
    return 0;
}

static void a_check_that_is_overtaken_by_one_of_the_same_ticket_refuses(void **state)
{
    (void)state;
    others_serial = 1;
    assert_int_equal(stek_register_spend(reg, instance, 1), STEK_EARLY_REPLAYED);
    assert_int_equal(others_answer, STEK_EARLY_ACCEPTED);
}

static void one_that_is_overtaken_by_another_of_its_block_accepts(void **state)
{
    (void)state;
    atomic_store(&reg->issued, 2);
    others_serial = 2;
    assert_int_equal(stek_register_spend(reg, instance, 1), STEK_EARLY_ACCEPTED);
    assert_int_equal(others_answer, STEK_EARLY_ACCEPTED);
    assert_int_equal(stek_register_spend(reg, instance, 2), STEK_EARLY_REPLAYED);
}

static void one_whose_block_is_reused_meanwhile_refuses(void **state)
{
    (void)state;
    atomic_store(&reg->issued, STEK_REGISTER_WINDOW);
    others_serial = STEK_REGISTER_WINDOW;
    assert_int_equal(stek_register_spend(reg, instance, 1), STEK_EARLY_TOO_OLD);
    assert_int_equal(others_answer, STEK_EARLY_ACCEPTED);
    assert_int_equal(stek_register_spend(reg, instance, 1), STEK_EARLY_TOO_OLD);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_check_that_is_overtaken_by_one_of_the_same_ticket_refuses,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_overtaken_by_another_of_its_block_accepts,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_whose_block_is_reused_meanwhile_refuses, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
