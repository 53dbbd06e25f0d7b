/* SPDX-License-Identifier: Apache-2.0 */
/* What the tickets' own bytes give away; key names; each finding, and sound tickets without it. */
#include "unit.h"

#include "audit_scene.h"
#include "audit_seal.h"

#include <openssl/rand.h>

#include <stdlib.h>
#include <string.h>

static const uint8_t zeros[64];

/* Puts a sealed ticket in place of ticket `i`'s bytes and secret. */
static void replace(struct scene *scene, uint32_t i, const struct seal *seal)
{
    struct stek_audit_ticket *ticket = &scene->obs.tickets[i];
    struct stek_audit_ticket sealed;

    seal_ticket(seal, ticket->version, ticket->secret_len, &sealed);
    free(ticket->bytes);
    ticket->bytes = sealed.bytes;
    ticket->len = sealed.len;
    memcpy(ticket->secret, sealed.secret, sealed.secret_len);
}

static struct seal openssl_seal(const uint8_t *key)
{
    return (struct seal){.cipher = "AES-256-CBC",
                         .name_len = 16,
                         .mac = "SHA256",
                         .key = key,
                         .mac_key = key,
                         .mac_key_len = 32,
                         .before = 56,
                         .after = 70};
}

static void finds_a_key_of_zeros(void **state)
{
    struct scene *scene = *state;
    const struct seal seal = openssl_seal(zeros);

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_WEAK_KEY);
    for (uint32_t i = 0; i < scene->obs.tickets_len; i++)
        replace(scene, i, &seal);
    scene_expect(scene, STEK_AUDIT_WEAK_KEY, STEK_AUDIT_CRITICAL,
                 "2 of 2 tickets opened with AES-256-CBC under the key: all zeros; HMAC-SHA256 "
                 "key: all zeros");
    assert_int_equal(scene_count(scene, STEK_AUDIT_WEAK_KEY), 2); /* one for each version */
    scene_expect_none(scene, STEK_AUDIT_NO_WEAK_KEY);
}

static void finds_a_weak_key_that_comes_and_goes(void **state)
{
    struct scene *scene = *state;
    const struct seal seal = openssl_seal(zeros);

    (void)scene_sound(scene);
    replace(scene, 0, &seal);
    scene_expect(scene, STEK_AUDIT_WEAK_KEY, STEK_AUDIT_CRITICAL, "1 of 2 tickets opened");
}

static void finds_a_mac_key_alone(void **state)
{
    struct scene *scene = *state;
    uint8_t key[32];

    assert_int_equal(RAND_bytes(key, sizeof key), 1);
    struct seal seal = openssl_seal(key);
    seal.mac_key = zeros;
    (void)scene_sound(scene);
    replace(scene, 0, &seal);
    scene_expect(scene, STEK_AUDIT_WEAK_KEY, STEK_AUDIT_HIGH,
                 "carries the HMAC-SHA256 tag of a known key (all zeros)");
}

static void says_what_was_tried_in_vain(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect(scene, STEK_AUDIT_NO_WEAK_KEY, STEK_AUDIT_INFO, "tried on 2 of 2 tickets");
}

static void finds_a_secret_in_the_clear(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_TICKET_IN_CLEAR);
    memcpy(scene->obs.tickets[0].bytes + 60, scene->obs.tickets[0].secret, 48);
    scene_expect(scene, STEK_AUDIT_TICKET_IN_CLEAR, STEK_AUDIT_CRITICAL,
                 "1 of 2 tickets holds its session's secret, in "
                 "one at byte 60");
}

/* Part of a secret is no proof, and neither is one of another session. */
static void another_sessions_secret_is_not_in_the_clear(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    memcpy(scene->obs.tickets[0].bytes + 60, scene->obs.tickets[2].secret, 48);
    memcpy(scene->obs.tickets[1].bytes + 60, scene->obs.tickets[1].secret, 15);
    scene_expect_none(scene, STEK_AUDIT_TICKET_IN_CLEAR);
}

static void finds_a_keystream_that_is_used_twice(void **state)
{
    struct scene *scene = *state;
    uint8_t key[32], nonce[12];

    assert_int_equal(RAND_bytes(key, sizeof key), 1);
    assert_int_equal(RAND_bytes(nonce, sizeof nonce), 1);
    struct seal seal = {
        .cipher = "AES-256-GCM", .name_len = 16, .key = key, .before = 20, .after = 40};
    (void)scene_sound(scene);
    replace(scene, 0, &seal);
    replace(scene, 2, &seal);
    scene_expect_none(scene, STEK_AUDIT_KEYSTREAM_REUSE);
    seal.nonce = nonce;
    replace(scene, 0, &seal);
    replace(scene, 2, &seal);
    scene_expect(scene, STEK_AUDIT_KEYSTREAM_REUSE, STEK_AUDIT_CRITICAL,
                 "1 pair of 2 tickets: their difference at byte "
                 "48");
}

/* Two tickets in the clear differ as their secrets do, and have no keystream. */
static void tickets_in_the_clear_have_no_keystream(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    for (uint32_t i = 0; i < 4; i++)
        memcpy(scene->obs.tickets[i].bytes + 60, scene->obs.tickets[i].secret,
               scene->obs.tickets[i].secret_len);
    scene_expect_none(scene, STEK_AUDIT_KEYSTREAM_REUSE);
}

static void finds_an_iv_that_is_used_twice(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    for (int i = 0; i < 4; i++)
        (void)scene_offer(scene, 0, STEK_AUDIT_TLS12, 'k');
    scene_expect_none(scene, STEK_AUDIT_IV_REPEAT);
    memcpy(scene->obs.tickets[5].bytes, scene->obs.tickets[4].bytes, 32);
    scene_expect(scene, STEK_AUDIT_IV_REPEAT, STEK_AUDIT_HIGH,
                 "1 of 6 tickets has the IV of another one");
}

static void finds_an_iv_that_is_always_the_same(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    for (int i = 0; i < 6; i++)
        (void)scene_offer(scene, 0, STEK_AUDIT_TLS12, 'k');
    for (size_t i = 0; i < scene->obs.tickets_len; i++)
        memset(scene->obs.tickets[i].bytes, 'k', 48);
    scene_expect(scene, STEK_AUDIT_IV_REPEAT, STEK_AUDIT_HIGH,
                 "tickets have the IV of another one");
}

static void the_same_ticket_twice_is_no_repeated_iv(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    memcpy(scene->obs.tickets[2].bytes, scene->obs.tickets[0].bytes, scene->obs.tickets[0].len);
    scene_expect_none(scene, STEK_AUDIT_IV_REPEAT);
}

static uint8_t name_len_found(const struct scene *scene)
{
    struct stek_audit_key_names names;

    assert_int_equal(stek_audit_find_key_names(&scene->obs, &names), STEK_OK);
    free(names.items);
    return names.name_len;
}

static void finds_names_of_any_length_from_3_to_32(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 12; i++)
        (void)scene_offer(scene, target, STEK_AUDIT_TLS13, 'k');
    for (uint8_t len = 3; len <= 32; len++) {
        for (size_t i = 0; i < scene->obs.tickets_len; i++) {
            struct stek_audit_ticket *ticket = &scene->obs.tickets[i];
            assert_int_equal(RAND_bytes(ticket->bytes, (int)ticket->len), 1);
            memset(ticket->bytes, 'n', len);
        }
        assert_int_equal(name_len_found(scene), len);
    }
}

static void tickets_without_names_have_none(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");

    for (int i = 0; i < 60; i++) {
        const uint32_t ticket = scene_offer(scene, target, STEK_AUDIT_TLS13, 'k');
        assert_int_equal(RAND_bytes(scene->obs.tickets[ticket].bytes, 60), 1);
    }
    assert_int_equal(name_len_found(scene), 0);
    scene_expect_none(scene, STEK_AUDIT_KEY_NAME);
    scene_expect_none(scene, STEK_AUDIT_SEVERAL_KEYS);
}

static void names_are_listed_by_target_and_time(void **state)
{
    struct scene *scene = *state;
    const uint32_t a = scene_target(scene, "a", "a"), b = scene_target(scene, "b", "b");
    struct stek_audit_key_names names;

    for (int i = 0; i < 3; i++)
        (void)scene_offer(scene, b, STEK_AUDIT_TLS12, 'z');
    for (int i = 0; i < 6; i++)
        (void)scene_offer(scene, a, i % 2 == 0 ? STEK_AUDIT_TLS12 : STEK_AUDIT_TLS13,
                          i < 3 ? 'y' : 'x');
    assert_int_equal(stek_audit_find_key_names(&scene->obs, &names), STEK_OK);
    assert_int_equal(names.len, 3);
    assert_int_equal(names.items[0].target, a);
    assert_int_equal(names.items[0].name[0], 'y');
    assert_int_equal(names.items[0].version, 0);
    assert_int_equal(names.items[0].tickets, 3);
    assert_int_equal(names.items[0].last - names.items[0].first, 2);
    assert_int_equal(names.items[1].name[0], 'x');
    assert_int_equal(names.items[2].target, b);
    assert_int_equal(names.items[2].version, STEK_AUDIT_TLS12);
    free(names.items);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SCENE(finds_a_key_of_zeros),
        WITH_SCENE(finds_a_weak_key_that_comes_and_goes),
        WITH_SCENE(finds_a_mac_key_alone),
        WITH_SCENE(says_what_was_tried_in_vain),
        WITH_SCENE(finds_a_secret_in_the_clear),
        WITH_SCENE(another_sessions_secret_is_not_in_the_clear),
        WITH_SCENE(finds_a_keystream_that_is_used_twice),
        WITH_SCENE(tickets_in_the_clear_have_no_keystream),
        WITH_SCENE(finds_an_iv_that_is_used_twice),
        WITH_SCENE(finds_an_iv_that_is_always_the_same),
        WITH_SCENE(the_same_ticket_twice_is_no_repeated_iv),
        WITH_SCENE(finds_names_of_any_length_from_3_to_32),
        WITH_SCENE(tickets_without_names_have_none),
        WITH_SCENE(names_are_listed_by_target_and_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
