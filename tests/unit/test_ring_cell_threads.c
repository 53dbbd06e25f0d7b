/* SPDX-License-Identifier: Apache-2.0 */
/* One cell under many threads. */
#include "unit.h"

#include "ring_sets.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 8, PUBLISHED = 100000 };

static const struct stek_moment moment = {SET_GENERATION, SET_NOW};

/* Writers and readers of one cell. */
struct scene {
    const struct stek_keycell *cell;
    struct stek_keyset sets[SETS];
    atomic_int writing;
    atomic_uint published;
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

    for (size_t i = 0; i < PUBLISHED; i++)
        if (stek_keycell_publish(scene->cell, &scene->sets[i % SETS]))
            atomic_fetch_add(&scene->published, 1);
    atomic_fetch_sub(&scene->writing, 1);
    return NULL;
}

static void *sweep_in_thread(void *arg)
{
    struct scene *scene = arg;
    const struct stek_records records = records_of(1);

    while (atomic_load(&scene->writing) > 0)
        stek_keycell_sweep(scene->cell, &records, SET_NOW);
    return NULL;
}

static void *seal_in_thread(void *arg)
{
    struct scene *scene = arg;
    struct stek_seal_key key;

    while (atomic_load(&scene->writing) > 0)
        if (stek_keycell_seal(scene->cell, moment, &key) == STEK_CELL_KEY)
            look_at(scene, SET_ACTIVE, &key.key);
    return NULL;
}

static void *open_in_thread(void *arg)
{
    struct scene *scene = arg;
    const uint8_t *name = scene->sets[0].entry[SET_ENTRIES - 1].key.name;
    struct stek_ticket_key key;
    enum stek_choice choice;

    while (atomic_load(&scene->writing) > 0)
        if (stek_keycell_open(scene->cell, moment, name, false, &choice, &key) == STEK_CELL_KEY)
            look_at(scene, SET_ENTRIES - 1, &key);
    return NULL;
}

static void run_threads(void *(*const threads[])(void *), size_t count, int writers)
{
    const struct stek_keycell cell = {calloc(1, stek_keycell_size(SET_ENTRIES)), SET_ENTRIES};
    struct scene scene = {.cell = &cell, .writing = writers};
    pthread_t ids[8];

    assert_non_null(cell.memory);
    for (size_t n = 0; n < SETS; n++)
        scene.sets[n] = set_of(n);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, threads[i], &scene), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    assert_true(scene.published > 0);
    assert_int_equal(scene.torn, 0);
    free(cell.memory);
}

static void a_reader_gets_a_whole_key_or_none_while_others_publish(void **state)
{
    static void *(*const threads[])(void *) = {publish_in_thread, publish_in_thread, seal_in_thread, open_in_thread};

    (void)state;
    run_threads(threads, 4, 2);
}

static void a_reader_gets_a_whole_key_or_none_while_others_sweep(void **state)
{
    static void *(*const threads[])(void *) = {publish_in_thread, sweep_in_thread, seal_in_thread, open_in_thread};

    (void)state;
    run_threads(threads, 4, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_gets_a_whole_key_or_none_while_others_publish),
        cmocka_unit_test(a_reader_gets_a_whole_key_or_none_while_others_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
