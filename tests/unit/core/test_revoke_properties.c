/* SPDX-License-Identifier: Apache-2.0 */
/* What is true after an operator's orders, in any world: see world.h. */
#include "world.h"

#include "core/revoke.h"
#include "crypto/derive.h"

#include <string.h>

/* An order, and what it did to `before`. */
struct order {
    struct stek_records before; /* as it was once what was due was done */
    struct stek_records after;
    enum stek_result result;
    uint64_t revoked;
};

static struct stek_revocation random_revocation(struct world *world)
{
    struct stek_revocation what = {.which =
                                       (enum stek_revoke_which)prng_between(&world->prng, 0, 2)};
    const struct stek_records *records = &world->records;

    if (records->count > 0)
        what.seq = records->at[prng_between(&world->prng, 0, (int64_t)records->count - 1)].seq;
    what.before = world->now - prng_scale(&world->prng, 2 * world->policy.accept_s);
    return what;
}

/* One turn in four, an order with fresh secrets of its own; the world goes on with what it made. */
static bool revoke(struct world *world, struct order *order, struct stek_revocation *ret_what)
{
    if (world->result != STEK_OK || !prng_one_in(&world->prng, 4))
        return false;
    *ret_what = random_revocation(world);
    for (uint32_t i = 0; i < world->fresh.count; i++)
        world->fresh.secret[i] = prng_secret(&world->prng);
    order->before = world->records;
    order->revoked = 0;
    order->result = stek_records_revoke(&world->records, ret_what, &world->policy, world->now,
                                        &world->fresh, &order->revoked);
    order->after = world->records;
    return order->result == STEK_OK && order->revoked > 0;
}

static bool rotate(struct world *world, struct order *order)
{
    order->result = STEK_OK;
    if (world->result != STEK_OK || !prng_one_in(&world->prng, 2))
        return false;
    for (uint32_t i = 0; i < world->fresh.count; i++)
        world->fresh.secret[i] = prng_secret(&world->prng);
    order->before = world->records;
    order->result =
        stek_records_rotate_now(&world->records, &world->policy, world->now, &world->fresh);
    order->after = world->records;
    return order->result == STEK_OK;
}

static void sound_and_active(struct world *world)
{
    static struct order order;
    struct stek_revocation what;
    const bool revoked = revoke(world, &order, &what);

    if (revoked || rotate(world, &order)) {
        require(world, stek_records_problem(&order.after) == NULL);
        require(world, stek_records_active(&order.after, world->now) >= 0);
    }
}

static void after_an_order_the_records_are_sound_and_one_is_active(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, sound_and_active);
    world_always(WORLD_UNRULY, sound_and_active);
}

static bool is_meant(const struct stek_record *record, const struct stek_revocation *what,
                     int64_t now)
{
    if (what->which == STEK_REVOKE_KEY)
        return record->seq == what->seq;
    return what->which == STEK_REVOKE_ALL ||
           (record->active_from < what->before && record->active_from <= now);
}

enum { STEPS = 3 };

/* Everything that follows from some records: their secrets, and a few continuations of each. */
struct known {
    size_t count;
    struct stek_secret32 secret[STEK_RECORDS_MAX * (STEPS + 1)];
};

static void derive_all(const struct stek_records *records, struct known *ret_known)
{
    ret_known->count = 0;
    for (size_t i = 0; i < records->count; i++) {
        struct stek_secret32 secret = records->at[i].secret;
        for (unsigned step = 0; step <= STEPS; step++) {
            ret_known->secret[ret_known->count++] = secret;
            assert_int_equal(stek_derive_continuation(&secret, &secret), STEK_OK);
        }
    }
}

static bool knows(const struct known *known, const struct stek_secret32 *secret)
{
    for (size_t i = 0; i < known->count; i++)
        if (memcmp(&known->secret[i], secret, sizeof *secret) == 0)
            return true;
    return false;
}

static void gone_for_good(struct world *world)
{
    static struct order order;
    static struct known known;
    struct stek_revocation what;

    if (!revoke(world, &order, &what))
        return;
    derive_all(&order.after, &known);
    for (size_t i = 0; i < order.before.count; i++)
        if (is_meant(&order.before.at[i], &what, world->now))
            require(world, !knows(&known, &order.before.at[i].secret));
}

static void what_was_revoked_is_not_there_and_cannot_be_computed_from_what_is(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, gone_for_good);
    world_always(WORLD_UNRULY, gone_for_good);
}

/* Who has a revoked secret must not know what seals now. */
static void unknown_to_the_thief(struct world *world)
{
    static struct order order;
    static struct stek_records stolen;
    static struct known known;
    struct stek_revocation what;

    if (!revoke(world, &order, &what))
        return;
    stolen.count = 0;
    for (size_t i = 0; i < order.before.count; i++)
        if (is_meant(&order.before.at[i], &what, world->now))
            stolen.at[stolen.count++] = order.before.at[i];
    derive_all(&stolen, &known);
    for (size_t i = 0; i < order.after.count; i++)
        require(world, !knows(&known, &order.after.at[i].secret));
}

static void what_remains_cannot_be_computed_from_what_was_revoked(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, unknown_to_the_thief);
    world_always(WORLD_UNRULY, unknown_to_the_thief);
}

/* Marks those that follow from record `from`, or that it follows from, when one of both was meant.
 */
static void mark_related(const struct stek_records *records, size_t from, const bool *meant,
                         bool *ret_related)
{
    struct stek_secret32 secret = records->at[from].secret;
    uint64_t seq = records->at[from].seq;

    for (size_t i = from; i < records->count; i++) {
        for (; seq < records->at[i].seq; seq++)
            assert_int_equal(stek_derive_continuation(&secret, &secret), STEK_OK);
        if (memcmp(&secret, &records->at[i].secret, sizeof secret) == 0 &&
            (meant[from] || meant[i]))
            ret_related[from] = ret_related[i] = true;
    }
}

/* A record stays unless it was meant, or can be computed from one that was, or that one from it. */
static void others_stay(struct world *world)
{
    static struct order order;
    struct stek_revocation what;
    bool meant[STEK_RECORDS_MAX] = {false};
    bool related[STEK_RECORDS_MAX] = {false};

    if (world->turn % 4 != 0 ||
        !revoke(world, &order, &what)) /* each takes thousands of derivations */
        return;
    if (order.before.at[order.before.count - 1].seq - order.before.at[0].seq > 1000)
        return; /* after years asleep */
    for (size_t i = 0; i < order.before.count; i++)
        meant[i] = is_meant(&order.before.at[i], &what, world->now);
    for (size_t i = 0; i < order.before.count; i++)
        mark_related(&order.before, i, meant, related);
    for (size_t i = 0; i < order.before.count; i++)
        require(world,
                stek_records_hold_secret(&order.after, &order.before.at[i].secret) == !related[i]);
}

static void what_was_not_revoked_stays(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, others_stay);
}

static void promises_are_kept(struct world *world)
{
    static struct order order;

    if (!rotate(world, &order))
        return;
    for (size_t i = 0; i < order.before.count; i++) {
        if (order.before.at[i].active_from > world->now)
            continue;
        bool kept = false;
        for (size_t j = 0; j < order.after.count; j++)
            kept |= memcmp(&order.before.at[i].secret, &order.after.at[j].secret, 32) == 0 &&
                    order.before.at[i].accept_until == order.after.at[j].accept_until;
        require(world, kept);
    }
}

static void rotating_by_hand_loses_no_ticket(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, promises_are_kept);
}

static void seals_something_new(struct world *world)
{
    static struct order order;

    if (!rotate(world, &order))
        return;
    const struct stek_record *was =
        &order.before.at[stek_records_active(&order.before, world->now)];
    const struct stek_record *is = &order.after.at[stek_records_active(&order.after, world->now)];
    require(world, is->seq == was->seq + 1 || is == &order.after.at[order.after.count - 1] ||
                       is->seq > was->seq);
    require(world, is->active_from == world->now);
}

static void after_rotating_by_hand_a_later_record_seals_since_now(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, seals_something_new);
    world_always(WORLD_UNRULY, seals_something_new);
}

static void refused_with_a_reason(struct world *world)
{
    static struct order order;

    if (rotate(world, &order) || order.result != STEK_ERR_BUSY || world->result != STEK_OK)
        return;
    if (memcmp(&order.before, &world->records, sizeof order.before) == 0)
        require(world, stek_records_rotate_problem(&world->records, world->now) != NULL);
}

static void rotating_by_hand_is_refused_only_with_a_reason(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, refused_with_a_reason);
    world_always(WORLD_UNRULY, refused_with_a_reason);
}

static void wiped(struct world *world)
{
    static const struct stek_record empty;
    static struct order order;
    struct stek_revocation what;

    if (!revoke(world, &order, &what) && !rotate(world, &order))
        return;
    for (uint64_t i = order.after.count; i < STEK_RECORDS_MAX; i++)
        require(world, memcmp(&order.after.at[i], &empty, sizeof empty) == 0);
}

static void free_places_hold_no_byte(void **state)
{
    (void)state;
    world_always(WORLD_STEADY, wiped);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_an_order_the_records_are_sound_and_one_is_active),
        cmocka_unit_test(what_was_revoked_is_not_there_and_cannot_be_computed_from_what_is),
        cmocka_unit_test(what_remains_cannot_be_computed_from_what_was_revoked),
        cmocka_unit_test(what_was_not_revoked_stays),
        cmocka_unit_test(rotating_by_hand_loses_no_ticket),
        cmocka_unit_test(after_rotating_by_hand_a_later_record_seals_since_now),
        cmocka_unit_test(rotating_by_hand_is_refused_only_with_a_reason),
        cmocka_unit_test(free_places_hold_no_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
