/* SPDX-License-Identifier: Apache-2.0 */
/* What HAProxy answers, and what it has to be told so that it holds the right keys. */
#include "unit.h"

#include "keys.h"

#include "feed/haproxy.h"

/* HAProxy itself: each key that is added moves the others up. */
static void add(struct stek_keyfile_keys *held, const struct stek_keyfile_key *key)
{
    memmove(held->at, held->at + 1, (held->count - 1) * sizeof *held->at);
    held->at[held->count - 1] = *key;
}

static size_t steps_lead_there(struct stek_keyfile_keys held,
                               const struct stek_keyfile_keys *wanted)
{
    const size_t steps = stek_feed_haproxy_steps(&held, wanted);

    for (size_t i = wanted->count - steps; i < wanted->count; i++)
        add(&held, &wanted->at[i]);
    assert_memory_equal(held.at, wanted->at, wanted->count * sizeof *held.at);
    return steps;
}

static void the_same_keys_need_no_step_and_a_rotation_one(void **state)
{
    const struct stek_keyfile_keys held = random_keys("haproxy", 3);
    struct stek_keyfile_keys wanted = held;
    const struct stek_keyfile_keys others = random_keys("haproxy", 3);

    (void)state;
    assert_int_equal(steps_lead_there(held, &wanted), 0);
    for (size_t rotations = 1; rotations <= 3; rotations++) {
        add(&wanted, &others.at[rotations - 1]);
        assert_int_equal(steps_lead_there(held, &wanted), rotations);
    }
}

static void a_key_that_differs_in_one_bit_is_another_one(void **state)
{
    const struct stek_keyfile_keys held = random_keys("haproxy", 3);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct stek_keyfile_keys wanted = held;
        wanted.at[i].hmac[31] ^= 1;
        assert_int_equal(steps_lead_there(held, &wanted), 3);
    }
}

/* As HAProxy 2.6 answers `show tls-keys FILE`. */
static void its_answer_is_read_in_the_order_of_its_file(void **state)
{
    static struct stek_keyfile_bytes bytes;
    const struct stek_keyfile_keys keys = random_keys("haproxy", 3);
    struct stek_keyfile_keys held;
    char answer[1024] = "# id secret\n# 0 (/run/keys)\n";
    char *line, *rest;
    int number = 0;

    (void)state;
    stek_keyfile_write(&keys, &bytes);
    bytes.at[bytes.len] = '\0';
    for (line = strtok_r((char *)bytes.at, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const size_t len = strlen(answer);
        (void)snprintf(answer + len, sizeof answer - len, "0.%d %s\n", number++, line);
    }
    assert_true(stek_feed_haproxy_read(answer, keys.layout, &held));
    assert_int_equal(held.count, 3);
    assert_int_equal(stek_feed_haproxy_steps(&held, &keys), 0);
}

static void anything_else_is_no_answer(void **state)
{
    static const char *const texts[] = {"",
                                        "\n\n",
                                        "# id secret\n# 0 (/run/keys)\n",
                                        "0.0 AAAA\n0.1 AAAA\n0.2 AAAA\n",
                                        "0.0\n",
                                        "Unknown command\n"};
    struct stek_keyfile_keys held;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(stek_feed_haproxy_read(texts[i], stek_keyfile_layout_find("haproxy"), &held));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_keys_need_no_step_and_a_rotation_one),
        cmocka_unit_test(a_key_that_differs_in_one_bit_is_another_one),
        cmocka_unit_test(its_answer_is_read_in_the_order_of_its_file),
        cmocka_unit_test(anything_else_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
