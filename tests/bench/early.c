/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-early: what early data at most once costs. JSON objects, one a line, for each round:
 *
 *   {"round":0,"part":"register","issue_ns":1,"spend_ns":1,"again_ns":1,"resident_kib":1}
 *   {"round":0,"part":"none","once_ns":1,"as_is_ns":1,"resident_kib":1}
 *   {"round":0,"part":"accepting","once_ns":1,"as_is_ns":1,"resident_kib":1}
 *
 *   register   CPU time to give a serial, to spend it, and to refuse it the second time; memory of
 *              a register of which a whole window of serials was spent
 *   none       the server's side of a resumed handshake, where no early data is accepted, with
 *              early_data = once and as-is in turn, medians; memory of the program's register
 *   accepting  the same where early data is accepted, and none comes
 *
 *   bench-early ROUNDS CONNECTIONS SERIALS
 */
#include "pair.h"

#include "early/register.h"
#include "ringfile/ring.h"
#include "timing.h"

#include <stdbool.h>

#include <sys/mman.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 5000, WAYS = 2, EARLY_MAX = 1024 };

static const int early_data[WAYS] = {STEK_EARLY_DATA_ONCE, STEK_EARLY_DATA_AS_IS};

static struct side {
    SSL_CTX *server;
    struct pair_client client;
    int64_t took_ns[CONNECTIONS_MAX];
} sides[WAYS];

static long resident_kib(const struct stek_register *reg)
{
    static unsigned char pages[sizeof *reg / 4096 + 2];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    long count = 0;

    bench_must(mincore((void *)(uintptr_t)reg, sizeof *reg, pages) == 0, "mincore");
    for (size_t i = 0; i < (sizeof *reg + page - 1) / page; i++)
        count += pages[i] & 1;
    return count * (long)(page / 1024);
}

static double each_ns(int64_t all_ns, uint64_t count)
{
    return (double)all_ns / (double)count;
}

static void measure_register(long round, uint64_t count)
{
    struct stek_register *reg = stek_register_map();
    uint8_t instance[STEK_INSTANCE_LEN];
    uint64_t serial = 0;
    uint64_t wrong = 0;

    bench_must(reg != NULL, "no register");
    const int64_t begin_ns = bench_cpu_ns();
    for (uint64_t i = 1; i <= count; i++)
        wrong += !stek_register_issue(reg, instance, &serial);
    const int64_t issued_ns = bench_cpu_ns();
    for (uint64_t i = 1; i <= count; i++)
        wrong += stek_register_spend(reg, instance, i) != STEK_EARLY_ACCEPTED;
    const int64_t spent_ns = bench_cpu_ns();
    for (uint64_t i = 1; i <= count; i++)
        wrong += stek_register_spend(reg, instance, i) == STEK_EARLY_ACCEPTED;
    const int64_t again_ns = bench_cpu_ns();
    bench_must(serial == count && wrong == 0, "the register is wrong");
    printf("{\"round\":%ld,\"part\":\"register\",\"issue_ns\":%.2f,\"spend_ns\":%.2f,", round,
           each_ns(issued_ns - begin_ns, count), each_ns(spent_ns - issued_ns, count));
    printf("\"again_ns\":%.2f,\"resident_kib\":%ld}\n", each_ns(again_ns - spent_ns, count),
           resident_kib(reg));
    stek_register_unmap(reg);
}

static void start(struct stek_ring *ring, bool accepts)
{
    for (size_t way = 0; way < WAYS; way++) {
        const struct stek_attach_options options = {.override = 1, .early_data = early_data[way]};
        struct side *side = &sides[way];
        side->server = pair_server(TLS1_3_VERSION);
        (void)SSL_CTX_set_options(side->server, SSL_OP_NO_ANTI_REPLAY);
        bench_must(SSL_CTX_set_max_early_data(side->server, accepts ? EARLY_MAX : 0) == 1,
                   "early data");
        bench_must(stek_attach(side->server, ring, &options) == STEK_OK, "stek is not attached");
        pair_client_init(&side->client, TLS1_3_VERSION);
        (void)pair_shake(&side->client, side->server, 0);
    }
}

static void stop_sides(void)
{
    for (size_t way = 0; way < WAYS; way++) {
        pair_client_fini(&sides[way].client);
        SSL_CTX_free(sides[way].server);
    }
}

static void measure_handshakes(long round, const char *part, size_t connections)
{
    for (size_t i = 0; i < connections; i++)
        for (size_t way = 0; way < WAYS; way++)
            sides[way].took_ns[i] = pair_shake(&sides[way].client, sides[way].server, 1);
    printf(
        "{\"round\":%ld,\"part\":\"%s\",\"once_ns\":%lld,\"as_is_ns\":%lld,\"resident_kib\":%ld}\n",
        round, part, bench_median(sides[0].took_ns, connections),
        bench_median(sides[1].took_ns, connections), resident_kib(stek_register_get0()));
    (void)fflush(stdout);
}

/* What accepts early data comes last: the program's register is untouched until then. */
int main(int argc, char **argv)
{
    bench_must(argc == 4, "usage: bench-early ROUNDS CONNECTIONS SERIALS");
    const long rounds = strtol(argv[1], NULL, 10);
    const long connections = strtol(argv[2], NULL, 10);
    const uint64_t serials = strtoull(argv[3], NULL, 10);
    bench_must(connections > 0 && connections <= CONNECTIONS_MAX, "1 to 5000 connections");
    bench_must(serials > 0 && serials <= STEK_REGISTER_WINDOW, "1 to 2^24 serials");
    struct stek_ring *ring = NULL;
    bench_must(stek_ring_new(NULL, &ring) == STEK_OK, "no ring");
    bench_must(stek_register_get0() != NULL, "the program has no register");
    for (long round = 0; round < rounds; round++)
        measure_register(round, serials);
    for (int accepts = 0; accepts < 2; accepts++) {
        start(ring, accepts != 0);
        for (long round = 0; round < rounds; round++)
            measure_handshakes(round, accepts ? "accepting" : "none", (size_t)connections);
        stop_sides();
    }
    stek_ring_free(ring);
    return 0;
}
