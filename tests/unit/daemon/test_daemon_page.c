/* SPDX-License-Identifier: Apache-2.0 */
/* The status page: by which names it may be asked for, and what its visitors cost. */
#include "unit.h"

#include "clock/clock.h"
#include "daemon/front/answer.h"
#include "daemon/front/host.h"

#include <stdio.h>
#include <string.h>

static void addresses_and_own_names_may_be_asked_for(void **state)
{
    static const char *const ours[] = {"127.0.0.1",     "192.0.2.7", "[::1]",
                                       "[2001:db8::7]", "localhost", "LOCALHOST",
                                       "web1",          "WEB1",      "[::ffff:192.0.2.7]"};

    (void)state;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (!stek_host_is_ours(ours[i], "web1"))
            fail_msg("%s is refused", ours[i]);
    assert_true(stek_host_is_ours(NULL, "web1"));
}

static void names_that_an_attacker_can_have_may_not(void **state)
{
    static const char *const foreign[] = {
        "",
        "evil.example",
        "web1.evil.example",
        "localhost.evil.example",
        "web",
        "127.0.0.1.evil.example",
        "[::1].evil.example",
        "[",
        "[]",
        "]",
        "[::1",
        "[1]",
        "::1",
        "127.1",
        "2130706433",
        "localhost.",
        " 127.0.0.1",
        "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]"};

    (void)state;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (stek_host_is_ours(foreign[i], "web1"))
            fail_msg("'%s' is taken", foreign[i]);
    assert_false(stek_host_is_ours("", ""));
}

/* stek_answer_fn: counts how often it was asked. */
static char *compose(void *arg)
{
    char text[32];
    int *count = arg;

    (void)snprintf(text, sizeof text, "{\"composed\":%d}", ++*count);
    return strdup(text);
}

static const struct stek_answer_limits limits = {.texts_max = STEK_ANSWER_TEXTS_MAX,
                                                 .fresh_ms = STEK_ANSWER_FRESH_MS};

static void assert_adds(struct stek_answer *answer, int64_t now_ms, struct evbuffer *reply,
                        const char *text)
{
    assert_true(stek_answer_add(answer, now_ms, reply));
    assert_int_equal(evbuffer_get_length(reply), strlen(text));
    assert_memory_equal(evbuffer_pullup(reply, -1), text, strlen(text));
}

static void an_answer_is_composed_once_a_second_and_shared(void **state)
{
    int count = 0;
    struct stek_answer *answer = stek_answer_new(compose, &count, &limits);
    struct evbuffer *one = evbuffer_new();
    struct evbuffer *two = evbuffer_new();
    struct evbuffer *three = evbuffer_new();

    (void)state;
    assert_adds(answer, 5000, one, "{\"composed\":1}");
    assert_adds(answer, 5999, two, "{\"composed\":1}");
    assert_ptr_equal(evbuffer_pullup(one, -1), evbuffer_pullup(two, -1));
    assert_adds(answer, 6000, three, "{\"composed\":2}");
    assert_memory_equal(evbuffer_pullup(one, -1), "{\"composed\":1}", 14);
    evbuffer_free(one);
    evbuffer_free(two);
    evbuffer_free(three);
    stek_answer_free(answer);
}

/* stek_answer_fn: takes its time. */
static char *compose_slowly(void *arg)
{
    const int64_t end_ms = stek_clock_cpu_ms() + 20;

    while (stek_clock_cpu_ms() < end_ms)
        continue;
    return compose(arg);
}

static void one_that_takes_long_is_given_for_as_long_again(void **state)
{
    static const struct stek_answer_limits none = {.texts_max = STEK_ANSWER_TEXTS_MAX};
    int count = 0;
    struct stek_answer *answer = stek_answer_new(compose_slowly, &count, &none);
    struct evbuffer *reply = evbuffer_new();

    (void)state;
    assert_true(stek_answer_add(answer, 5000, reply));
    assert_true(stek_answer_add(answer, 5038, reply));
    assert_int_equal(count, 1);
    assert_true(stek_answer_add(answer, 4999, reply)); /* of another clock */
    assert_int_equal(count, 2);
    evbuffer_free(reply);
    stek_answer_free(answer);
}

static void slow_readers_keep_a_few_texts_alive_and_no_more(void **state)
{
    int count = 0;
    struct stek_answer *answer = stek_answer_new(compose, &count, &limits);
    struct evbuffer *slow[STEK_ANSWER_TEXTS_MAX];
    struct evbuffer *late = evbuffer_new();
    int64_t now_ms = 0;

    (void)state;
    for (int i = 0; i < STEK_ANSWER_TEXTS_MAX; i++, now_ms += 1000) {
        slow[i] = evbuffer_new();
        assert_true(stek_answer_add(answer, now_ms, slow[i]));
    }
    assert_false(stek_answer_add(answer, now_ms, late));
    assert_false(stek_answer_add(answer, now_ms + 1, late));
    assert_int_equal(count, STEK_ANSWER_TEXTS_MAX);
    evbuffer_free(slow[0]);
    assert_adds(answer, now_ms + 2, late, "{\"composed\":9}");
    for (int i = 1; i < STEK_ANSWER_TEXTS_MAX; i++)
        evbuffer_free(slow[i]);
    evbuffer_free(late);
    stek_answer_free(answer);
}

static void a_reader_may_outlive_the_answer(void **state)
{
    int count = 0;
    struct stek_answer *answer = stek_answer_new(compose, &count, &limits);
    struct evbuffer *slow = evbuffer_new();

    (void)state;
    assert_true(stek_answer_add(answer, 0, slow));
    stek_answer_free(answer);
    assert_memory_equal(evbuffer_pullup(slow, -1), "{\"composed\":1}", 14);
    evbuffer_free(slow);
    stek_answer_free(stek_answer_new(compose, &count, &limits));
    stek_answer_free(NULL);
}

static char *compose_nothing(void *arg)
{
    (void)arg;
    return NULL;
}

static void without_memory_there_is_no_answer(void **state)
{
    struct stek_answer *answer = stek_answer_new(compose_nothing, NULL, &limits);
    struct evbuffer *reply = evbuffer_new();

    (void)state;
    assert_false(stek_answer_add(answer, 0, reply));
    assert_int_equal(evbuffer_get_length(reply), 0);
    evbuffer_free(reply);
    stek_answer_free(answer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_own_names_may_be_asked_for),
        cmocka_unit_test(names_that_an_attacker_can_have_may_not),
        cmocka_unit_test(an_answer_is_composed_once_a_second_and_shared),
        cmocka_unit_test(one_that_takes_long_is_given_for_as_long_again),
        cmocka_unit_test(slow_readers_keep_a_few_texts_alive_and_no_more),
        cmocka_unit_test(a_reader_may_outlive_the_answer),
        cmocka_unit_test(without_memory_there_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
