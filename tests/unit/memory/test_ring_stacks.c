/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call leaves on the stack: nothing of a key. Each runs as the only thing on a stack of its
 * own, which is searched when it has returned. Not under sanitizers, which have stacks of their
 * own.
 */
#include "unit.h"

#include "prng.h"
#include "ring_server.h"
#include "ring_stack.h"

#include "core/schedule.h"
#include "crypto/hkdf.h"
#include "crypto/random.h"
#include "tls/callbacks.h"

#include <string.h>

enum { NOW = RING_START };

static void add_ticket_key(const struct stek_secret32 *secret, const struct stek_context *context)
{
    struct stek_ticket_key key;

    assert_int_equal(stek_derive_ticket_key(secret, context, &key), STEK_OK);
    stack_look_for(key.hmac_key);
    stack_look_for(key.aes_key);
}

/* The secret and what is on the way from it to others. */
static void add_secret(const struct stek_secret32 *secret)
{
    static const uint8_t salt[] = {'s', 't', 'e', 'k', ' ', 'v', '1'};
    struct stek_secret32 next;
    uint8_t prk[32];

    stack_look_for(secret->bytes);
    assert_int_equal(stek_hkdf_extract(salt, sizeof salt, secret->bytes, 32, prk), STEK_OK);
    stack_look_for(prk);
    assert_int_equal(stek_derive_continuation(secret, &next), STEK_OK);
    stack_look_for(next.bytes);
}

static void add_records(const struct stek_records *records)
{
    for (size_t i = 0; i < records->count; i++)
        add_secret(&records->at[i].secret);
}

static void add_ring(const struct stek_ring *ring, const struct stek_context *context)
{
    const struct stek_ring_state state = ring_state(ring);

    add_records(&state.records);
    for (size_t i = 0; i < state.records.count; i++)
        add_ticket_key(&state.records.at[i].secret, context);
}

static void *do_nothing(void *arg)
{
    return arg;
}

/* A first thread, so that in later ones the dynamic linker has bound what begins a thread: where
 * libpthread is a library of its own, it would put the registers of whoever made the thread on the
 * stack. */
static int set_up(void **state)
{
    (void)state;
    stack_look_for_nothing();
    stack_run(do_nothing, NULL);
    return 0;
}

/* In and out of the calls. */
static enum stek_result result;
static struct stek_secret32 secret;
static struct stek_secret32 made;
static struct stek_ticket_key ticket_key;
static struct stek_seal_key seal_key;
static struct stek_records records;
static struct stek_ring_state whole;
static struct stek_context context;
static struct stek_keys *keys;

static void prepare_secret(void)
{
    struct prng prng = {1};

    secret = prng_secret(&prng);
    context = ring_context("a");
}

static void *leave_a_secret(void *arg)
{
    volatile struct stek_secret32 copy = secret;

    (void)arg;
    (void)copy.bytes[0];
    return NULL;
}

static void what_is_left_is_found(void **state)
{
    (void)state;
    prepare_secret();
    add_secret(&secret);
    stack_run(leave_a_secret, NULL);
    assert_int_equal(stack_found(), 1);
}

static void *draw(void *arg)
{
    (void)arg;
    result = stek_random_secret(&made);
    return NULL;
}

static void drawing_a_secret_leaves_nothing(void **state)
{
    (void)state;
    stack_run(draw, NULL);
    assert_int_equal(result, STEK_OK);
    stack_look_for(made.bytes);
    assert_int_equal(stack_found(), 0);
}

static void *extract(void *arg)
{
    (void)arg;
    result = stek_hkdf_extract(context.bytes, context.len, secret.bytes, sizeof secret.bytes,
                               made.bytes);
    return NULL;
}

static void extracting_leaves_nothing(void **state)
{
    (void)state;
    prepare_secret();
    stack_run(extract, NULL);
    assert_int_equal(result, STEK_OK);
    stack_look_for(secret.bytes);
    stack_look_for(made.bytes);
    assert_int_equal(stack_found(), 0);
}

static void *derive_ticket_key(void *arg)
{
    (void)arg;
    result = stek_derive_ticket_key(&secret, &context, &ticket_key);
    return NULL;
}

static void deriving_ticket_keys_leaves_nothing(void **state)
{
    (void)state;
    prepare_secret();
    stack_run(derive_ticket_key, NULL);
    assert_int_equal(result, STEK_OK);
    add_secret(&secret);
    add_ticket_key(&secret, &context);
    assert_int_equal(stack_found(), 0);
}

static void *derive_continuation(void *arg)
{
    (void)arg;
    result = stek_derive_continuation(&secret, &made);
    return NULL;
}

static void deriving_a_continuation_leaves_nothing(void **state)
{
    (void)state;
    prepare_secret();
    stack_run(derive_continuation, NULL);
    assert_int_equal(result, STEK_OK);
    add_secret(&secret);
    assert_int_equal(stack_found(), 0);
}

static void *settle(void *arg)
{
    (void)arg;
    result = stek_records_settle(&records, &ring_policy, NOW + 6 * RING_ROTATE_S);
    return NULL;
}

static void *advance(void *arg)
{
    static const struct stek_fresh none;

    (void)arg;
    result = stek_records_advance(&records, &ring_policy, NOW + 6 * RING_ROTATE_S, &none);
    return NULL;
}

static void assert_chain_leaves_nothing(void *(*go_on)(void *arg))
{
    struct stek_ring *ring = ring_start(&ring_policy);

    records = ring_state(ring).records;
    add_records(&records);
    stack_run(go_on, NULL);
    assert_int_equal(result, STEK_OK);
    add_records(&records);
    assert_int_equal(stack_found(), 0);
    stek_ring_free(ring);
}

static void continuing_a_chain_leaves_nothing(void **state)
{
    (void)state;
    assert_chain_leaves_nothing(settle);
    assert_chain_leaves_nothing(advance);
}

static void *wake_without_fresh_bytes(void *arg)
{
    static const struct stek_fresh none;

    (void)arg;
    result =
        stek_records_advance(&records, &ring_policy, NOW + (int64_t)100000 * RING_ROTATE_S, &none);
    return NULL;
}

static void a_chain_that_cannot_go_on_leaves_nothing(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    records = ring_state(ring).records;
    add_records(&records);
    stack_run(wake_without_fresh_bytes, NULL);
    assert_int_equal(result, STEK_ERR_RANDOM);
    assert_int_equal(stack_found(), 0);
    stek_ring_free(ring);
}

static struct stek_ring *ring_of_test;

static void *read_image(void *arg)
{
    uint64_t generation;

    (void)arg;
    result = stek_image_read(&ring_of_test->shared->image, &whole, &generation);
    return NULL;
}

static void *update(void *arg)
{
    (void)arg;
    result = stek_private_update(ring_of_test->shared, ring_time());
    return NULL;
}

static void *maintain(void *arg)
{
    (void)arg;
    result = stek_ring_maintain(ring_of_test);
    return NULL;
}

static void *seal(void *arg)
{
    (void)arg;
    result = stek_ring_seal(ring_of_test, keys, ring_time(), &seal_key) ? STEK_OK : STEK_ERR_RANDOM;
    return NULL;
}

static void *open_ticket(void *arg)
{
    (void)arg;
    const enum stek_choice choice =
        stek_ring_find(ring_of_test, keys, seal_key.key.name, false, ring_time(), &ticket_key);
    result = choice != STEK_CHOICE_UNKNOWN ? STEK_OK : STEK_ERR_RANDOM;
    return NULL;
}

static void begin_ring(void)
{
    ring_of_test = ring_start(&ring_policy);
    context = ring_context("a");
    keys = stek_ring_keys(ring_of_test, &context);
    assert_non_null(keys);
    seal_key.key = ring_seal_key(ring_of_test, "a");
}

/* Runs it on the ring, at rest and when it is to rotate. */
static void assert_leaves_nothing(void *(*run)(void *arg))
{
    begin_ring();
    for (int64_t intervals = 0; intervals < 4; intervals++) {
        ring_set_time(RING_START + intervals * RING_ROTATE_S);
        add_ring(ring_of_test, &context);
        stack_run(run, NULL);
        assert_int_equal(result, STEK_OK);
        add_ring(ring_of_test, &context);
        assert_int_equal(stack_found(), 0);
        stack_look_for_nothing();
    }
    stek_ring_free(ring_of_test);
}

static void using_a_ring_leaves_nothing(void **state)
{
    (void)state;
    assert_leaves_nothing(read_image);
    assert_leaves_nothing(update);
    assert_leaves_nothing(maintain);
    assert_leaves_nothing(seal);
    assert_leaves_nothing(open_ticket);
}

/* The callbacks are called through these, which look at what is left when they return. */
static size_t left_by_callbacks;
static unsigned callbacks;

static int spy_on_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int enc)
{
    const int answer = stek_ticket_key_evp_cb(ssl, name, iv, cipher, mac, enc);

    left_by_callbacks += stack_found_below();
    callbacks++;
    return answer;
}

static int spy_on_session(SSL *ssl, void *arg)
{
    const int answer = stek_ticket_gen_cb(ssl, arg);

    left_by_callbacks += stack_found_below();
    callbacks++;
    return answer;
}

static void *shake_hands(void *site)
{
    site_shake_hands(site);
    return NULL;
}

static void handshakes_leave_nothing(void **state)
{
    struct sites *sites = sites_new(ring_start(&ring_policy));

    (void)state;
    left_by_callbacks = callbacks = 0;
    for (size_t i = 0; i < SERVER_SITES; i++) {
        const struct site *site = &sites->site[i];
        site_shake_hands(site); /* where stek overrides, it puts its callback back only here */
        assert_int_equal(
            SSL_CTX_set_session_ticket_cb(site->server, spy_on_session, stek_ticket_dec_cb, NULL),
            1);
        (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(site->server, spy_on_key);
        stack_look_for_nothing();
        add_ring(sites->ring, &site->context);
        stack_run(shake_hands, &sites->site[i]);
        assert_int_equal(stack_found(), 0);
    }
    assert_true(callbacks >= 4 * SERVER_SITES);
    assert_int_equal(left_by_callbacks, 0);
    sites_free(sites);
}

#define stack_test(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        stack_test(what_is_left_is_found),
        stack_test(drawing_a_secret_leaves_nothing),
        stack_test(extracting_leaves_nothing),
        stack_test(deriving_ticket_keys_leaves_nothing),
        stack_test(deriving_a_continuation_leaves_nothing),
        stack_test(continuing_a_chain_leaves_nothing),
        stack_test(a_chain_that_cannot_go_on_leaves_nothing),
        stack_test(using_a_ring_leaves_nothing),
        stack_test(handshakes_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
