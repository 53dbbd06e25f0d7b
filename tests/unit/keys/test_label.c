/* SPDX-License-Identifier: Apache-2.0 */
/* The key API: the key that seals and the key of a name, for a label. */
#include "unit.h"

#include "ring_dir.h"
#include "ring_fixture.h"

#include "crypto/derive.h"

#include <stek-keys.h>

#include <string.h>
#include <sys/socket.h>

static struct stek_label *label_of(struct stek_ring *ring, const char *name)
{
    struct stek_label *label = NULL;

    CHECK(stek_label_new(ring, name, &label) == STEK_OK);
    return label;
}

static struct stek_key current(struct stek_label *label)
{
    struct stek_key key;

    CHECK(stek_key_current(label, &key, NULL) == STEK_OK);
    return key;
}

static bool finds(struct stek_label *label, const struct stek_key *key)
{
    struct stek_key found;

    if (stek_key_find(label, key->name, &found, NULL) != STEK_OK)
        return false;
    CHECK(memcmp(&found, key, sizeof found) == 0);
    return true;
}

static void the_current_key_is_derived_for_the_label(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    const struct stek_context context = ring_context("shop");
    const struct stek_ring_state records = ring_state(ring);
    struct stek_ticket_key expected;

    (void)state;
    const int active = stek_records_active(&records.records, ring_time());
    assert_int_equal(
        stek_derive_ticket_key(&records.records.at[active].secret, &context, &expected), STEK_OK);
    const struct stek_key key = current(label);
    assert_memory_equal(&key, &expected, sizeof key);
    stek_label_free(label);
    stek_ring_free(ring);
}

static void a_key_is_found_until_it_retires_and_replaced_by_a_newer_one(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    struct stek_key first, found;
    int64_t until;
    int replace = -1;

    (void)state;
    assert_int_equal(stek_key_current(label, &first, &until), STEK_OK);
    assert_int_equal(until, RING_START + RING_ROTATE_S + RING_ACCEPT_S);
    assert_int_equal(stek_key_find(label, first.name, &found, &replace), STEK_OK);
    assert_int_equal(replace, 0);

    ring_set_time(RING_START + RING_ROTATE_S);
    const struct stek_key second = current(label);
    assert_memory_not_equal(&first, &second, sizeof first);
    assert_int_equal(stek_key_find(label, first.name, &found, &replace), STEK_OK);
    assert_memory_equal(&first, &found, sizeof first);
    assert_int_equal(replace, 1);

    ring_set_time(until - 1);
    assert_true(finds(label, &first));
    ring_set_time(until);
    assert_int_equal(stek_key_find(label, first.name, &found, &replace), STEK_ERR_NO_KEY);
    stek_label_free(label);
    stek_ring_free(ring);
}

static void labels_and_rings_do_not_know_each_others_keys(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_ring *other_ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    struct stek_label *same = label_of(ring, "shop");
    struct stek_label *other = label_of(ring, "mail");
    struct stek_label *elsewhere = label_of(other_ring, "shop");

    (void)state;
    const struct stek_key key = current(label);
    assert_true(finds(same, &key));
    assert_false(finds(other, &key));
    assert_false(finds(elsewhere, &key));
    stek_label_free(label);
    stek_label_free(same);
    stek_label_free(other);
    stek_label_free(elsewhere);
    stek_ring_free(ring);
    stek_ring_free(other_ring);
}

static void a_label_keeps_its_ring(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");

    (void)state;
    const struct stek_key key = current(label);
    stek_ring_free(ring);
    assert_true(finds(label, &key));
    stek_label_free(label);
    stek_label_free(NULL);
}

static void outputs_stay_as_they_were_on_failure(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    struct stek_key key, untouched;
    int replace = 5;

    (void)state;
    memset(&key, 0xa5, sizeof key);
    untouched = key;
    assert_int_equal(stek_key_find(label, untouched.name, &key, &replace), STEK_ERR_NO_KEY);
    assert_memory_equal(&key, &untouched, sizeof key);
    assert_int_equal(replace, 5);
    stek_label_free(label);
    stek_ring_free(ring);
}

static void refuses_a_bad_argument(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    struct stek_label *made = NULL;
    struct stek_key key;
    char too_long[STEK_CONTEXT_MAX + 2];
    int64_t at;

    (void)state;
    memset(too_long, 'x', sizeof too_long);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(stek_label_new(NULL, "shop", &made), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_label_new(ring, NULL, &made), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_label_new(ring, "", &made), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_label_new(ring, "a\n", &made), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_label_new(ring, too_long, &made), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_label_new(ring, "shop", NULL), STEK_ERR_ARGUMENT);
    assert_null(made);
    assert_int_equal(stek_key_current(NULL, &key, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_key_current(label, NULL, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_key_find(label, NULL, &key, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_ring_next_change(NULL, &at), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_ring_next_change(ring, NULL), STEK_ERR_ARGUMENT);
    stek_label_free(label);
    stek_ring_free(ring);
}

/* Asks only when the last answer said so: it must meet every key as soon as it seals. */
static void whoever_asks_at_each_change_misses_no_key(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    int64_t at = RING_START;

    (void)state;
    for (int64_t now = RING_START; now < RING_START + 20 * RING_ROTATE_S; now++) {
        ring_set_time(now);
        const struct stek_key before = current(label);
        if (now == at)
            assert_int_equal(stek_ring_next_change(ring, &at), STEK_OK);
        assert_true(at > now);
        ring_set_time(now + 1);
        const struct stek_key after = current(label);
        if (memcmp(&before, &after, sizeof before) != 0)
            assert_int_equal(at, now + 1);
    }
    stek_label_free(label);
    stek_ring_free(ring);
}

static void open_in_child(int fd, void *arg)
{
    struct stek_label *label = arg;
    struct stek_key posted;

    CHECK(recv(fd, &posted, sizeof posted, MSG_WAITALL) == sizeof posted);
    CHECK(finds(label, &posted));
    const struct stek_key key = current(label);
    CHECK(send(fd, &key, sizeof key, 0) == sizeof key);
}

/* The child is forked before the ring has rotated, and goes on by itself. */
static void forks_share_the_keys_of_a_label(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    struct stek_key from_child;

    (void)state;
    (void)current(label);
    struct child child = child_start(open_in_child, label);
    ring_set_time(RING_START + RING_ROTATE_S);
    const struct stek_key key = current(label);
    assert_int_equal(send(child.fd, &key, sizeof key, 0), sizeof key);
    assert_int_equal(recv(child.fd, &from_child, sizeof from_child, MSG_WAITALL),
                     sizeof from_child);
    assert_memory_equal(&key, &from_child, sizeof key);
    child_join(&child);
    stek_label_free(label);
    stek_ring_free(ring);
}

/* The two are programs that know nothing of each other. */
static void programs_share_the_keys_of_a_ring_file(void **state)
{
    struct ring_dir dir;

    (void)state;
    ring_set_time(RING_START);
    ring_dir_start(&dir);
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *one = ring_dir_open(&dir);
    struct stek_ring *two = ring_dir_open(&dir);
    struct stek_label *label = label_of(one, "shop");
    struct stek_label *same = label_of(two, "shop");
    for (int i = 0; i < 10; i++) {
        const struct stek_key key = current(label);
        assert_true(finds(same, &key));
        ring_set_time(ring_time() + RING_ROTATE_S);
        assert_true(finds(same, &key));
    }
    stek_label_free(label);
    stek_label_free(same);
    stek_ring_free(one);
    stek_ring_free(two);
    stek_writer_close(writer);
    ring_dir_finish(&dir);
}

/* Places of the key with this name, counted up from 0. */
static unsigned places_of(struct stek_label *label, const struct stek_key *key)
{
    struct stek_key at;
    unsigned found = 0;

    for (unsigned i = 0; stek_key_at(label, i, &at) == STEK_OK; i++)
        found += memcmp(&at, key, sizeof at) == 0;
    return found;
}

static void every_key_that_opens_has_a_place_and_no_other(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_label *label = label_of(ring, "shop");
    const struct stek_key first = current(label);
    struct stek_key key;
    int64_t until;

    (void)state;
    assert_int_equal(stek_key_current(label, &key, &until), STEK_OK);
    for (; ring_time() < until; ring_set_time(ring_time() + RING_ROTATE_S / 2)) {
        key = current(label);
        assert_int_equal(places_of(label, &key), 1);
        assert_int_equal(places_of(label, &first), 1);
        assert_int_equal(stek_key_at(label, 0, &key), STEK_OK); /* does not seal yet */
        assert_true(finds(label, &key));
    }
    assert_int_equal(places_of(label, &first), 0);
    stek_label_free(label);
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_current_key_is_derived_for_the_label),
        cmocka_unit_test(a_key_is_found_until_it_retires_and_replaced_by_a_newer_one),
        cmocka_unit_test(labels_and_rings_do_not_know_each_others_keys),
        cmocka_unit_test(a_label_keeps_its_ring),
        cmocka_unit_test(outputs_stay_as_they_were_on_failure),
        cmocka_unit_test(refuses_a_bad_argument),
        cmocka_unit_test(whoever_asks_at_each_change_misses_no_key),
        cmocka_unit_test(forks_share_the_keys_of_a_label),
        cmocka_unit_test(programs_share_the_keys_of_a_ring_file),
        cmocka_unit_test(every_key_that_opens_has_a_place_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
