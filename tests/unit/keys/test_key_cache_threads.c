/* SPDX-License-Identifier: Apache-2.0 */
/* One cache under many threads. */
#include "unit.h"

#include "ring_fixture.h"
#include "ring_sets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 8, THREADS = 4, READERS = 2, KEYS_READ = RING_SANITIZED ? 2000 : 50000 };

static const struct stek_moment moment = {SET_GENERATION, SET_NOW, NULL};

/* Writers and readers of one cache. */
struct scene {
    const struct stek_key_cache *cache;
    struct stek_keyset sets[SETS];
    atomic_int reading;
    atomic_uint torn;
};

/* Counts a key that no set has at this place. */
static void look_at(struct scene *scene, size_t place, const struct stek_ticket_key *key)
{
    for (size_t n = 0; n < SETS; n++)
        if (memcmp(&scene->sets[n].entry[place].key, key, sizeof *key) == 0)
            return;
    atomic_fetch_add(&scene->torn, 1);
}

static void *publish_in_thread(void *arg)
{
    struct scene *scene = arg;
    size_t turn = 0;

    while (atomic_load(&scene->reading) > 0)
        (void)stek_key_cache_publish(scene->cache, &scene->sets[turn++ % SETS]);
    return NULL;
}

static void *sweep_in_thread(void *arg)
{
    struct scene *scene = arg;
    const struct stek_records records = records_of(1);

    while (atomic_load(&scene->reading) > 0)
        stek_key_cache_sweep(scene->cache, &records, SET_NOW);
    return NULL;
}

static void *seal_in_thread(void *arg)
{
    struct scene *scene = arg;
    struct stek_seal_key key;
    int keys = 0;

    while (keys < KEYS_READ) {
        if (stek_key_cache_seal(scene->cache, moment, &key) != STEK_CELL_KEY)
            continue;
        look_at(scene, SET_ACTIVE, &key.key);
        keys++;
    }
    atomic_fetch_sub(&scene->reading, 1);
    return NULL;
}

static void *open_in_thread(void *arg)
{
    struct scene *scene = arg;
    const uint8_t *name = scene->sets[0].entry[SET_ENTRIES - 1].key.name;
    struct stek_ticket_key key;
    enum stek_choice choice;
    int keys = 0;

    while (keys < KEYS_READ) {
        if (stek_key_cache_open(scene->cache, moment, name, false, &choice, &key) != STEK_CELL_KEY)
            continue;
        look_at(scene, SET_ENTRIES - 1, &key);
        keys++;
    }
    atomic_fetch_sub(&scene->reading, 1);
    return NULL;
}

static void run_threads(void *(*const threads[THREADS])(void *))
{
    const struct stek_key_cache cache = {calloc(1, stek_key_cache_size(SET_ENTRIES)), SET_ENTRIES};
    struct scene scene = {.cache = &cache, .reading = READERS};
    pthread_t ids[THREADS];

    assert_non_null(cache.memory);
    for (size_t n = 0; n < SETS; n++)
        scene.sets[n] = set_of(n);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, threads[i], &scene), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    assert_int_equal(scene.torn, 0);
    free(cache.memory);
}

static void a_reader_gets_a_whole_key_or_none_while_others_publish(void **state)
{
    static void *(*const threads[THREADS])(void *) = {publish_in_thread, publish_in_thread,
                                                      seal_in_thread, open_in_thread};

    (void)state;
    run_threads(threads);
}

static void a_reader_gets_a_whole_key_or_none_while_others_sweep(void **state)
{
    static void *(*const threads[THREADS])(void *) = {publish_in_thread, sweep_in_thread,
                                                      seal_in_thread, open_in_thread};

    (void)state;
    run_threads(threads);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_gets_a_whole_key_or_none_while_others_publish),
        cmocka_unit_test(a_reader_gets_a_whole_key_or_none_while_others_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
