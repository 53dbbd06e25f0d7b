/* SPDX-License-Identifier: Apache-2.0 */
/* The measured loops of bench-callback. */
#include "callback.h"

#include "reference.h"
#include "timing.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* SWEEP_STEP: a slice through many contexts begins where the one before has not been. */
enum {
    BATCH = 64,
    WARM = 32,
    HOT_SET = 16,
    SWEEP_STEP = 3001,
    ROTATE_SLICES_LONGER = 8,
    THREADS_SLICES_LONGER = 4
};
enum { APART_NS = 20 * 1000 * 1000 };

static void seal_one(struct bench_worker *worker, size_t number)
{
    const struct scene *scene = worker->cell->config->scene;
    const size_t len = scene->shape.state_len;

    if (worker->cell->way->family == BENCH_FLOOR)
        bench_floor_seal(worker->floor, scene->state, len, &worker->ticket);
    else if (worker->cell->way->family == BENCH_ALLOCATION)
        bench_libssl_allocate(worker->cell->way);
    else
        bench_libssl_seal(worker->cell->way,
                          scene->ssls[worker->thread][number % scene->shape.contexts], scene->state,
                          len, &worker->ticket);
}

static void open_one(struct bench_worker *worker, size_t number)
{
    const struct scene *scene = worker->cell->config->scene;
    const struct bench_way *way = worker->cell->way;
    const struct bench_ticket *ticket = &scene->tickets[way->family][number];

    if (way->family == BENCH_FLOOR)
        bench_floor_open(worker->floor, ticket, worker->state);
    else if (way->family == BENCH_ALLOCATION)
        bench_libssl_allocate(way);
    else
        bench_libssl_open(way, scene->ssls[worker->thread][number % scene->shape.contexts], ticket,
                          worker->state);
}

/*
 * While the ring rotates, each interval's key seals one ticket anew: the oldest, long before it can
 * no longer be opened. One sealing in 10 ms is nothing beside what is measured.
 */
static void keep_fresh(struct bench_worker *worker, int64_t *interval)
{
    struct scene *scene = worker->cell->config->scene;
    const int64_t offset_s = atomic_load_explicit(&scene->clock_offset_s, memory_order_relaxed);
    const int64_t now = offset_s / SCENE_ROTATE_S;

    if (*interval == now)
        return;
    scene_begin_chain(scene, scene->ssls[0][0]);
    for (; *interval < now; ++*interval)
        bench_libssl_seal(worker->cell->way, scene->ssls[0][0], scene->state,
                          scene->shape.state_len,
                          &scene->tickets[BENCH_STEK][(size_t)*interval % worker->count]);
    atomic_store_explicit(&scene->seen_offset_s, offset_s, memory_order_relaxed);
}

void bench_run_batch(struct bench_worker *worker, size_t *at, int calls)
{
    for (int i = 0; i < calls; i++) {
        const size_t number = worker->first + *at;
        if (worker->cell->seals)
            seal_one(worker, number);
        else
            open_one(worker, number);
        *at = *at + 1 < worker->count ? *at + 1 : 0;
    }
}

static void *work(void *arg)
{
    struct bench_worker *worker = arg;
    const struct bench_config *config = worker->cell->config;
    int64_t interval =
        atomic_load(&config->scene->clock_offset_s) / SCENE_ROTATE_S - (int64_t)worker->count;
    size_t at = worker->begin;

    if (worker->floor ==
        NULL) /* made here, its contexts share no cache line with those of another thread */
        worker->floor = bench_floor_new();
    if (config->rotates)
        keep_fresh(worker, &interval);
    bench_run_batch(worker, &at, WARM);
    if (worker->start != NULL) { /* until the scheduler has parted them, new threads take turns */
        (void)pthread_barrier_wait(worker->start);
        for (const int64_t from = bench_wall_ns(); bench_wall_ns() - from < APART_NS;)
            bench_run_batch(worker, &at, BATCH);
    }
    const int64_t cpu = bench_cpu_ns();
    const int64_t wall = bench_wall_ns();
    do {
        if (config->rotates)
            keep_fresh(worker, &interval);
        bench_run_batch(worker, &at, BATCH);
        worker->ops += BATCH;
        worker->wall_ns = bench_wall_ns() - wall;
    } while (worker->wall_ns < worker->slice_ns);
    worker->cpu_ns = bench_cpu_ns() - cpu;
    return NULL;
}

/* The tickets of one slice: all, or with many contexts a few, others each time. */
static void choose_tickets(struct bench_worker *worker, long slice)
{
    const struct bench_config *config = worker->cell->config;
    const size_t all = config->scene->ticket_count;

    worker->first = worker->begin = 0;
    worker->count = config->rotates ? all / 2 : all;
    if (config->sweeps)
        worker->begin = (size_t)slice * SWEEP_STEP % all;
    else if (config->shape.contexts > HOT_SET) {
        worker->first = (size_t)slice * HOT_SET % (all - HOT_SET);
        worker->count = HOT_SET;
    }
}

static void start_together(pthread_barrier_t *start, size_t count, int shared)
{
    pthread_barrierattr_t attributes;

    bench_must(pthread_barrierattr_init(&attributes) == 0 &&
                   pthread_barrierattr_setpshared(&attributes, shared) == 0 &&
                   pthread_barrier_init(start, &attributes, (unsigned)count) == 0,
               "no barrier");
    (void)pthread_barrierattr_destroy(&attributes);
}

/* What processes have in common: when they start, and what they tell. */
struct common {
    pthread_barrier_t start;
    struct {
        int64_t ops, cpu_ns, wall_ns;
    } told[SCENE_THREADS_MAX];
};

static void work_and_tell(struct bench_worker *worker, struct common *common)
{
    worker->start = &common->start;
    (void)work(worker);
    common->told[worker->thread].ops = worker->ops;
    common->told[worker->thread].cpu_ns = worker->cpu_ns;
    common->told[worker->thread].wall_ns = worker->wall_ns;
    _exit(0);
}

static void run_processes(struct bench_worker *workers, size_t count)
{
    struct common *common =
        mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child[SCENE_THREADS_MAX];
    int status;

    bench_must(common != MAP_FAILED, "no memory");
    start_together(&common->start, count, PTHREAD_PROCESS_SHARED);
    for (size_t i = 0; i < count; i++) {
        child[i] = fork();
        bench_must(child[i] >= 0, "no process");
        if (child[i] == 0)
            work_and_tell(&workers[i], common);
    }
    for (size_t i = 0; i < count; i++) {
        bench_must(waitpid(child[i], &status, 0) == child[i] && status == 0, "a process failed");
        workers[i].ops = common->told[i].ops;
        workers[i].cpu_ns = common->told[i].cpu_ns;
        workers[i].wall_ns = common->told[i].wall_ns;
    }
    (void)munmap(common, sizeof *common);
}

static void run_workers(struct bench_worker *workers, size_t count)
{
    pthread_barrier_t start;
    pthread_t threads[SCENE_THREADS_MAX];

    if (count == 1) {
        (void)work(&workers[0]);
        return;
    }
    start_together(&start, count, PTHREAD_PROCESS_PRIVATE);
    for (size_t i = 0; i < count; i++) {
        workers[i].start = &start;
        bench_must(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "no thread");
    }
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(threads[i], NULL);
    (void)pthread_barrier_destroy(&start);
}

void bench_run_slice(struct bench_cell *cell, struct bench_worker *workers, int64_t slice_ns,
                     long slice)
{
    struct bench_config *config = cell->config;
    struct scene_rotator rotator;

    reference_use(config->shape.records, config->shape.records - 1);
    for (size_t i = 0; i < config->threads; i++) {
        workers[i].cell = cell;
        workers[i].start = NULL;
        workers[i].slice_ns = slice_ns * (config->rotates ? ROTATE_SLICES_LONGER : 1) *
                              (config->threads > 1 ? THREADS_SLICES_LONGER : 1);
        workers[i].ops = workers[i].cpu_ns = workers[i].wall_ns = 0;
        choose_tickets(&workers[i], slice);
    }
    if (config->rotates)
        scene_rotator_start(&rotator, config->scene);
    if (config->apart)
        run_processes(workers, config->threads);
    else
        run_workers(workers, config->threads);
    if (config->rotates)
        scene_rotator_stop(&rotator);
    for (size_t i = 0; i < config->threads; i++) {
        cell->ops += workers[i].ops;
        cell->cpu_ns += workers[i].cpu_ns;
        cell->wall_ns += workers[i].wall_ns;
    }
}
