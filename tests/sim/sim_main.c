/* SPDX-License-Identifier: Apache-2.0 */
/* sim [--seed N] [--seeds N] [--nodes N] [--calm] [--trace]: runs one seed, or many; a seed that
 * fails is printed, and fails again. */
#include "sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct options {
    uint64_t seed, seeds;
    unsigned nodes;
    bool trace, calm;
};

static void read_options(int argc, char **argv, struct options *options)
{
    static const struct option all[] = {
        {"seed", required_argument, NULL, 's'},  {"seeds", required_argument, NULL, 'n'},
        {"nodes", required_argument, NULL, 'N'}, {"calm", no_argument, NULL, 'c'},
        {"trace", no_argument, NULL, 't'},       {NULL, 0, NULL, 0}};
    int found;

    while ((found = getopt_long(argc, argv, "", all, NULL)) != -1) {
        if (found == 's')
            options->seed = strtoull(optarg, NULL, 10);
        else if (found == 'n')
            options->seeds = strtoull(optarg, NULL, 10);
        else if (found == 'N')
            options->nodes = (unsigned)strtoul(optarg, NULL, 10);
        else if (found == 't')
            options->trace = true;
        else if (found == 'c')
            options->calm = true;
        else
            exit(2);
    }
    if (options->nodes > SIM_NODES_MAX || options->seeds == 0) {
        fprintf(stderr, "sim: --nodes N is at most %d, --seeds N at least 1\n", SIM_NODES_MAX);
        exit(2);
    }
}

/* What the store was asked, per rotation. */
static void print_load(const struct sim *sim)
{
    const double rotations =
        ((double)sim->now / 1000 - 1800000000) / (double)sim->config.policy.rotate_s;

    printf("%u nodes, %.1f rotations: per rotation %.2f puts, %.2f lost, %.1f events; %llu full "
           "reads in all\n",
           sim->config.nodes, rotations, (double)sim->store.puts / rotations,
           (double)sim->store.lost / rotations, (double)sim->store.watched / rotations,
           (unsigned long long)sim->store.reads);
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .seeds = 1};
    static struct sim sim;
    uint64_t steps = 0;
    time_t said = time(NULL);

    read_options(argc, argv, &options);
    for (uint64_t i = 0; i < options.seeds; i++) {
        const uint64_t seed = options.seed + i;
        const bool held = sim_run(&sim, seed, options.nodes, options.trace, options.calm);
        steps += sim.steps;
        if (options.calm && held)
            print_load(&sim);
        if (!held) {
            printf("seed %llu failed after %llu steps: %s: %s\n"
                   "to see it again: sim --seed %llu%s%.0u --trace\n",
                   (unsigned long long)seed, (unsigned long long)sim.steps, sim.failure, sim.detail,
                   (unsigned long long)seed, options.nodes > 0 ? " --nodes " : "", options.nodes);
            sim_end(&sim);
            return 1;
        }
        sim_end(&sim);
        if (time(NULL) >= said + 2) {
            said = time(NULL);
            fprintf(stderr, "%llu of %llu seeds\n", (unsigned long long)i + 1,
                    (unsigned long long)options.seeds);
        }
    }
    printf("%llu seeds from %llu on: %llu steps, and after each every invariant held\n",
           (unsigned long long)options.seeds, (unsigned long long)options.seed,
           (unsigned long long)steps);
    return 0;
}
