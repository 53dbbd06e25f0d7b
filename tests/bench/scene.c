/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "core/appdata.h"
#include "core/policy.h"
#include "pair.h"
#include "reference.h"
#include "timing.h"

#include <string.h>

enum { TICK_NS = 10 * 1000 * 1000, UNSEEN_MAX_S = 4 * SCENE_ROTATE_S };

/* Reads the real clock, as a ring outside of tests does. */
static int64_t read_clock(void *arg)
{
    const struct scene *scene = arg;

    return time(NULL) + atomic_load_explicit(&scene->clock_offset_s, memory_order_relaxed);
}

void scene_rotate(struct scene *scene)
{
    atomic_fetch_add_explicit(&scene->clock_offset_s, SCENE_ROTATE_S, memory_order_relaxed);
}

/* In steady state a ring holds accept / rotate records that are draining, the active one, and those
 * ahead. */
static void make_ring(struct scene *scene)
{
    const size_t ahead = scene->shape.records > 2 ? 2 : 1;
    struct stek_policy policy = {.rotate_s = SCENE_ROTATE_S,
                                 .max_session_age_s = STEK_MAX_SESSION_AGE_MAX_S,
                                 .ahead = (uint32_t)ahead};

    scene->openers = scene->shape.records - ahead;
    /* A second less: the oldest record retires when the time comes for one more. */
    policy.accept_s = scene->openers > 1 ? (int64_t)(scene->openers - 1) * SCENE_ROTATE_S - 1 : 1;
    bench_must(stek_ring_new_empty(&policy, &scene->ring) == STEK_OK, "no ring");
    stek_ring_set_clock(scene->ring, read_clock, scene);
    bench_must(stek_ring_maintain(scene->ring) == STEK_OK, "the ring does not start");
}

static SSL_CTX *make_ctx(struct scene *scene, size_t number)
{
    char label[32];
    const bool by_names = scene->shape.contexts == 1; /* as a server's only SSL_CTX by default */
    const struct stek_attach_options options = {.context = by_names ? NULL : label, .override = 1};
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    (void)snprintf(label, sizeof label, "context %zu", number);
    bench_must(ctx != NULL && SSL_CTX_use_certificate(ctx, pair_identity()->cert) == 1 &&
                   SSL_CTX_use_PrivateKey(ctx, pair_identity()->key) == 1 &&
                   stek_attach(ctx, scene->ring, &options) == STEK_OK,
               "no SSL_CTX");
    return ctx;
}

void scene_begin_chain(const struct scene *scene, const SSL *ssl)
{
    const struct stek_appdata appdata = {
        .origin = stek_ring_now(scene->ring), .name_hash = {1}, .timeout_s = UINT32_MAX};
    uint8_t bytes[STEK_APPDATA_LEN];

    stek_appdata_encode(&appdata, bytes);
    bench_must(SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), bytes, sizeof bytes) == 1,
               "no appdata");
}

/* What stek finds when a connection's ticket is due. */
static SSL *make_ssl(const struct scene *scene, SSL_CTX *ctx)
{
    SSL *ssl = SSL_new(ctx);
    SSL_SESSION *session = SSL_SESSION_new();

    bench_must(ssl != NULL && session != NULL && SSL_SESSION_set_timeout(session, 7200) == 1 &&
                   SSL_set_session(ssl, session) == 1,
               "no SSL");
    SSL_set_accept_state(ssl);
    SSL_SESSION_free(session);
    scene_begin_chain(scene, ssl);
    return ssl;
}

static size_t threads_of(const struct scene *scene)
{
    return scene->shape.contexts == 1 ? SCENE_THREADS_MAX : 1;
}

static void make_connections(struct scene *scene)
{
    const size_t contexts = scene->shape.contexts;

    scene->ctxs = calloc(contexts, sizeof(SSL_CTX *));
    bench_must(scene->ctxs != NULL, "no memory");
    for (size_t i = 0; i < contexts; i++)
        scene->ctxs[i] = make_ctx(scene, i);
    for (size_t thread = 0; thread < threads_of(scene); thread++) {
        scene->ssls[thread] = calloc(contexts, sizeof(SSL *));
        bench_must(scene->ssls[thread] != NULL, "no memory");
        for (size_t i = 0; i < contexts; i++)
            scene->ssls[thread][i] = make_ssl(scene, scene->ctxs[i]);
    }
}

/* Seals those tickets whose turn it is while the ring's record number `step` is active. */
static void seal_tickets(struct scene *scene, size_t step, struct bench_floor *floor)
{
    const struct bench_way *stek = &bench_ways[BENCH_WAY_STEK_EVP];
    const struct bench_way *reference = &bench_ways[BENCH_WAY_REFERENCE_HMAC];
    const size_t len = scene->shape.state_len;

    reference_use(scene->shape.records, step % scene->shape.records);
    for (size_t i = step; i < scene->ticket_count; i += scene->openers) {
        SSL *ssl = scene->ssls[0][i % scene->shape.contexts];
        bench_floor_seal(floor, scene->state, len, &scene->tickets[BENCH_FLOOR][i]);
        bench_libssl_seal(reference, ssl, scene->state, len, &scene->tickets[BENCH_REFERENCE][i]);
        bench_libssl_seal(stek, ssl, scene->state, len, &scene->tickets[BENCH_STEK][i]);
    }
}

static void make_tickets(struct scene *scene)
{
    struct bench_floor *floor = bench_floor_new();

    scene->ticket_count = scene->shape.contexts > 1 ? scene->shape.contexts : scene->openers;
    for (size_t family = 0; family < BENCH_FAMILIES; family++) {
        scene->tickets[family] = calloc(scene->ticket_count, sizeof(struct bench_ticket));
        bench_must(scene->tickets[family] != NULL, "no memory");
    }
    for (size_t step = 0; step < scene->openers; step++) {
        if (step > 0)
            scene_rotate(scene);
        seal_tickets(scene, step, floor);
    }
    bench_floor_free(floor);
}

/* After the last rotation each context derives its keys anew, once. */
static void warm_up(const struct scene *scene)
{
    static struct bench_ticket ticket;

    for (size_t i = 0; i < scene->shape.contexts; i++)
        bench_libssl_seal(&bench_ways[BENCH_WAY_STEK_EVP], scene->ssls[0][i], scene->state,
                          scene->shape.state_len, &ticket);
}

static void check_size(const struct scene *scene)
{
    struct stek_ring_state state;
    uint64_t generation;

    bench_must(stek_image_read(&scene->ring->shared->image, &state, &generation) == STEK_OK,
               "the ring cannot be read");
    if (state.records.count != scene->shape.records) {
        (void)fprintf(stderr, "bench: the ring has %llu records, not %zu\n",
                      (unsigned long long)state.records.count, scene->shape.records);
        exit(2);
    }
}

struct scene *scene_new(const struct scene_shape *shape)
{
    struct scene *scene = calloc(1, sizeof *scene);

    bench_must(scene != NULL, "no memory");
    scene->shape = *shape;
    for (size_t i = 0; i < sizeof scene->state; i++)
        scene->state[i] = (uint8_t)i;
    make_ring(scene);
    make_connections(scene);
    make_tickets(scene);
    warm_up(scene);
    check_size(scene);
    return scene;
}

void scene_free(struct scene *scene)
{
    for (size_t thread = 0; thread < threads_of(scene); thread++) {
        for (size_t i = 0; i < scene->shape.contexts; i++)
            SSL_free(scene->ssls[thread][i]);
        free(scene->ssls[thread]);
    }
    for (size_t i = 0; i < scene->shape.contexts; i++)
        SSL_CTX_free(scene->ctxs[i]);
    for (size_t family = 0; family < BENCH_FAMILIES; family++)
        free(scene->tickets[family]);
    free(scene->ctxs);
    stek_ring_free(scene->ring);
    free(scene);
}

static void *rotate_on(void *arg)
{
    struct scene_rotator *rotator = arg;
    const struct timespec tick = {.tv_nsec = TICK_NS};

    while (!atomic_load(&rotator->stop)) {
        (void)nanosleep(&tick, NULL);
        if (rotator->scene->clock_offset_s - rotator->scene->seen_offset_s < UNSEEN_MAX_S)
            scene_rotate(rotator->scene);
    }
    return NULL;
}

void scene_rotator_start(struct scene_rotator *rotator, struct scene *scene)
{
    rotator->scene = scene;
    scene->seen_offset_s = scene->clock_offset_s;
    atomic_init(&rotator->stop, false);
    bench_must(pthread_create(&rotator->thread, NULL, rotate_on, rotator) == 0, "no thread");
}

void scene_rotator_stop(struct scene_rotator *rotator)
{
    atomic_store(&rotator->stop, true);
    (void)pthread_join(rotator->thread, NULL);
}
