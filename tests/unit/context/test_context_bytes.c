/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of `auto` contexts: those of the vectors, and never the same for what differs. */
#include "unit.h"

#include "hex.h"
#include "prng.h"
#include "vectors.h"

#include "tls/context/context.h"

#include <string.h>

enum { ROUNDS = 4000, NAMES_MAX = 4, NAME_LEN_MAX = 3, MODEL_LEN = 256 };

static int load(void **state)
{
    *state = vectors_load("contexts.json");
    return 0;
}

static int unload(void **state)
{
    json_decref(*state);
    return 0;
}

static void gives_the_bytes_of_the_vectors(void **state)
{
    size_t i;
    size_t j;
    json_t *vector;
    json_t *name;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const json_int_t sharing = json_integer_value(json_object_get(vector, "sharing"));
        struct stek_nameset names = {0};
        struct stek_context context;
        uint8_t limit[STEK_DIGEST_LEN];
        const size_t limit_len = vectors_bytes(vector, "limit", limit, sizeof limit);

        json_array_foreach(json_object_get(vector, "names"), j, name)
        {
            uint8_t bytes[256];
            const size_t len = vectors_bytes(name, "bytes", bytes, sizeof bytes);
            const json_int_t kind = json_integer_value(json_object_get(name, "kind"));
            assert_true(stek_nameset_add(&names, (uint8_t)kind, bytes, len));
        }
        assert_int_equal(stek_context_of((enum stek_sharing)sharing, &names,
                                         limit_len > 0 ? limit : NULL, &context),
                         STEK_OK);
        assert_hex_equal(context.bytes, context.len, vectors_text(vector, "context"));
        stek_nameset_fini(&names);
    }
}

/* A set of names from an alphabet so small that sets are often the same, and their names joined
 * still more often. */
struct input {
    enum stek_sharing sharing;
    uint8_t limit[STEK_DIGEST_LEN];
    struct stek_nameset names;
};

static void draw(struct prng *prng, struct input *input)
{
    *input = (struct input){.sharing = (enum stek_sharing)prng_between(prng, 0, 2)};
    input->limit[STEK_DIGEST_LEN - 1] = (uint8_t)prng_between(prng, 0, 1);
    for (int64_t left = prng_between(prng, 0, NAMES_MAX); left > 0; left--) {
        uint8_t bytes[NAME_LEN_MAX];
        const size_t len = (size_t)prng_between(prng, 0, NAME_LEN_MAX);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)prng_between(prng, 0, 2);
        assert_true(stek_nameset_add(&input->names, (uint8_t)prng_between(prng, 0, 2), bytes, len));
    }
}

static bool holds(const struct stek_nameset *set, const struct stek_name *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->names[i].len == name->len &&
            memcmp(set->names[i].bytes, name->bytes, name->len) == 0)
            return true;
    return false;
}

static bool covers(const struct stek_nameset *set, const struct stek_nameset *other)
{
    for (size_t i = 0; i < other->count; i++)
        if (!holds(set, &other->names[i]))
            return false;
    return true;
}

/* Said without any order or encoding: both have the same names, and the same limit if any. */
static bool mean_the_same(const struct input *a, const struct input *b)
{
    return a->sharing == b->sharing &&
           (a->sharing == STEK_SHARING_NAMES || memcmp(a->limit, b->limit, sizeof a->limit) == 0) &&
           covers(&a->names, &b->names) && covers(&b->names, &a->names);
}

static struct stek_context context_of(struct input *input)
{
    struct stek_context context;

    assert_int_equal(stek_context_of(input->sharing, &input->names,
                                     input->sharing == STEK_SHARING_NAMES ? NULL : input->limit,
                                     &context),
                     STEK_OK);
    return context;
}

static void inputs_that_differ_never_give_the_same_context_and_others_always(void **state)
{
    struct prng prng = {prng_run_seed()};
    unsigned same = 0;

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct input a;
        struct input b;
        draw(&prng, &a);
        draw(&prng, &b);
        const bool expected = mean_the_same(&a, &b);
        const struct stek_context one = context_of(&a);
        const struct stek_context other = context_of(&b);
        assert_int_equal(one.len, STEK_DIGEST_LEN);
        assert_int_equal(memcmp(one.bytes, other.bytes, STEK_DIGEST_LEN) == 0, expected);
        same += expected;
        stek_nameset_fini(&a.names);
        stek_nameset_fini(&b.names);
    }
    assert_true(same > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_bytes_of_the_vectors),
        cmocka_unit_test(inputs_that_differ_never_give_the_same_context_and_others_always),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
