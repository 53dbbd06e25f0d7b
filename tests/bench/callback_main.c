/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-callback: what it takes to open and to seal a ticket. Prints one JSON object a line for
 * each case and round:
 *
 *   {"config":"base","way":"stek evp","op":"open","round":0,"threads":1,"ops":12800,
 *    "cpu_ns":1,"wall_ns":1}
 *
 * A round goes through all cases many times in short slices, so that a change on the machine
 * affects all of them.
 *
 *   bench-callback [--rounds N] [--slices N] [--slice-us N] [--contexts N] [--only CONFIG]
 *                  [--way WAY] [--op open|seal]
 *   bench-callback --instructions N     under valgrind --tool=callgrind --collect-atstart=no:
 *                                       dumps one profile for N calls of each way and op
 *   bench-callback --steps N            counts the instructions of N calls by single steps:
 *                                       slow, but on this processor
 */
#include "callback.h"

#include "reference.h"
#include "steps.h"
#include "timing.h"

#include <getopt.h>
#include <string.h>

#ifdef BENCH_CALLGRIND
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_TOGGLE_COLLECT ((void)0)
#define CALLGRIND_DUMP_STATS_AT(name) ((void)(name))
#endif

/* Families, from the fewest to all. */
enum {
    STEK = 1 << BENCH_STEK,
    BOTH = STEK | 1 << BENCH_REFERENCE,
    FLOOR = BOTH | 1 << BENCH_FLOOR
};
enum { ALL = FLOOR | 1 << BENCH_ALLOCATION };

/* The first is the base; each of the others differs from it in one point. */
static struct bench_config configs[] = {
    {"base", {16, 1, 208}, 1, ALL, false, false, false, NULL},
    {"2 records", {2, 1, 208}, 1, BOTH, false, false, false, NULL},
    {"63 records", {63, 1, 208}, 1, BOTH, false, false, false, NULL},
    {"100 contexts", {16, 100, 208}, 1, STEK, false, false, false, NULL},
    {"many contexts, hot", {16, 10000, 208}, 1, STEK, false, false, false, NULL},
    {"many contexts, in turn", {16, 10000, 208}, 1, STEK, false, true, false, NULL},
    {"2 threads", {16, 1, 208}, 2, FLOOR, false, false, false, NULL},
    {"2 processes", {16, 1, 208}, 2, FLOOR, false, false, true, NULL},
    {"rotating", {16, 1, 208}, 1, STEK, true, false, false, NULL},
    {"1500 bytes", {16, 1, 1500}, 1, FLOOR, false, false, false, NULL},
};
enum { CONFIGS = sizeof configs / sizeof *configs, CELLS_MAX = CONFIGS * BENCH_WAYS * 2 };

struct options {
    long rounds, slices, slice_us, contexts, instructions, steps;
    const char *only, *way, *op;
};

/* How far counting by single steps is. */
struct steps {
    long calls;
    long marks; /* instructions that the marks themselves take */
    size_t told;
};

static struct bench_cell cells[CELLS_MAX];
static size_t cell_count;
static struct bench_worker workers[SCENE_THREADS_MAX];

static const char *op_name(bool seals)
{
    return seals ? "seal" : "open";
}

static struct options parse(int argc, char **argv)
{
    static const struct option names[] = {
        {"rounds", 1, NULL, 'r'},   {"slices", 1, NULL, 's'},       {"slice-us", 1, NULL, 'u'},
        {"contexts", 1, NULL, 'c'}, {"instructions", 1, NULL, 'i'}, {"only", 1, NULL, 'o'},
        {"way", 1, NULL, 'w'},      {"op", 1, NULL, 'p'},           {"steps", 1, NULL, 't'},
        {NULL, 0, NULL, 0}};
    struct options options = {.rounds = 9, .slices = 10, .slice_us = 5000, .contexts = 10000};
    long *const numbers[] = {
        ['r'] = &options.rounds,   ['s'] = &options.slices,       ['u'] = &options.slice_us,
        ['c'] = &options.contexts, ['i'] = &options.instructions, ['t'] = &options.steps};
    int name;

    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 'o' || name == 'w' || name == 'p')
            *(name == 'o' ? &options.only : name == 'w' ? &options.way : &options.op) = optarg;
        else if (name == '?' || (*numbers[name] = strtol(optarg, NULL, 10)) <= 0)
            bench_die("usage: bench-callback [--rounds N] [--slices N] [--slice-us N] [--contexts "
                      "N] [--only CONFIG] "
                      "[--way WAY] [--op open|seal] [--instructions N] [--steps N]");
    }
    return options;
}

static bool same_shape(const struct bench_config *a, const struct bench_config *b)
{
    return a->shape.records == b->shape.records && a->shape.contexts == b->shape.contexts &&
           a->shape.state_len == b->shape.state_len && !a->rotates && !b->rotates;
}

static bool wanted(const char *wish, const char *name)
{
    return wish == NULL || strcmp(wish, name) == 0;
}

static void add_cells(struct bench_config *config, const struct bench_way *way,
                      const struct options *options)
{
    for (int seals = 0; seals <= 1; seals++)
        if (wanted(options->way, way->name) && wanted(options->op, op_name(seals)))
            cells[cell_count++] = (struct bench_cell){.config = config, .way = way, .seals = seals};
}

static void set_up(struct bench_config *config, const struct options *options)
{
    for (struct bench_config *other = configs; other < config && config->scene == NULL; other++)
        if (same_shape(config, other))
            config->scene = other->scene;
    if (config->scene == NULL)
        config->scene = scene_new(&config->shape);
    for (size_t way = 0; way < BENCH_WAYS; way++)
        if ((config->families & 1U << bench_ways[way].family) != 0)
            add_cells(config, &bench_ways[way], options);
}

static void print_cell(const struct bench_cell *cell, long round)
{
    printf("{\"config\":\"%s\",\"way\":\"%s\",\"op\":\"%s\",\"round\":%ld,\"threads\":%zu,",
           cell->config->name, cell->way->name, op_name(cell->seals), round, cell->config->threads);
    printf("\"ops\":%lld,\"cpu_ns\":%lld,\"wall_ns\":%lld}\n", (long long)cell->ops,
           (long long)cell->cpu_ns, (long long)cell->wall_ns);
}

static void measure(const struct options *options)
{
    for (long round = 0; round < options->rounds; round++) {
        for (long slice = 0; slice < options->slices; slice++)
            for (size_t i = 0; i < cell_count; i++)
                bench_run_slice(&cells[i], workers, options->slice_us * 1000,
                                round * options->slices + slice);
        for (size_t i = 0; i < cell_count; i++) {
            print_cell(&cells[i], round);
            cells[i].ops = cells[i].cpu_ns = cells[i].wall_ns = 0;
        }
        (void)fflush(stdout);
    }
}

/* A first call outside of what is counted warms everything up. */
static void count_instructions(const struct options *options)
{
    for (size_t i = 0; i < cell_count; i++) {
        char name[64];
        size_t at = 0;
        bench_run_slice(&cells[i], workers, 1, 0);
        (void)snprintf(name, sizeof name, "%s/%s", cells[i].way->name, op_name(cells[i].seals));
        CALLGRIND_TOGGLE_COLLECT;
        bench_run_batch(&workers[0], &at, (int)options->instructions);
        CALLGRIND_TOGGLE_COLLECT;
        CALLGRIND_DUMP_STATS_AT(name);
    }
}

/* In the child: for each cell nothing between two marks, to know what the marks take, and then the
 * calls. */
static void step_through(void *arg)
{
    const struct steps *steps = arg;

    for (size_t i = 0; i < cell_count; i++) {
        size_t at = 0;
        bench_run_slice(&cells[i], workers, 1, 0);
        steps_mark();
        steps_mark();
        steps_mark();
        bench_run_batch(&workers[0], &at, (int)steps->calls);
        steps_mark();
    }
}

static void tell_steps(long count, void *arg)
{
    struct steps *steps = arg;
    const struct bench_cell *cell = &cells[steps->told / 2];

    if (steps->told++ % 2 == 0)
        steps->marks = count;
    else
        printf("{\"way\":\"%s\",\"op\":\"%s\",\"round\":0,\"instructions\":%ld,\"calls\":%ld}\n",
               cell->way->name, op_name(cell->seals), count - steps->marks, steps->calls);
}

int main(int argc, char **argv)
{
    struct options options = parse(argc, argv);
    struct steps steps = {.calls = options.steps};

    if (options.instructions > 0 || options.steps > 0)
        options.only = "base";
    reference_make_keys();
    for (size_t i = 0; i < SCENE_THREADS_MAX; i++)
        workers[i].thread = i;
    for (size_t i = 0; i < CONFIGS; i++) {
        if (configs[i].shape.contexts == 10000)
            configs[i].shape.contexts = (size_t)options.contexts;
        if (wanted(options.only, configs[i].name))
            set_up(&configs[i], &options);
    }
    if (options.steps > 0)
        steps_count(step_through, tell_steps, &steps);
    else if (options.instructions > 0)
        count_instructions(&options);
    else
        measure(&options);
    for (size_t i = 0; i < SCENE_THREADS_MAX; i++)
        bench_floor_free(workers[i].floor);
    return 0;
}
