/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-handshake: whole handshakes in memory, client and server in one thread. One JSON object a
 * line for each cell and round; server_ns is the server's share of cpu_ns:
 *
 *   {"tls":"1.3","kind":"resumed","keys":"stek","round":0,"ops":40,"cpu_ns":1,"server_ns":1}
 *
 *   bench-handshake ROUNDS SLICES SLICE_US
 */
#include "pair.h"

#include "reference.h"
#include "stek.h"
#include "timing.h"

#include <string.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum keys { OWN, REFERENCE, STEK, KEYS };
enum { VERSIONS = 2, KINDS = 2, CELLS = VERSIONS * KINDS * KEYS };

struct cell {
    int version;
    int resumes;
    enum keys keys;
    SSL_CTX *server;
    struct pair_client client;
    int64_t ops, cpu_ns, server_ns;
};

static void give_keys(SSL_CTX *server, enum keys keys, struct stek_ring *ring)
{
    const struct stek_attach_options options = {.context = "bench", .override = 1};

    if (keys == REFERENCE)
        (void)SSL_CTX_set_tlsext_ticket_key_cb(server, reference_hmac_cb);
    if (keys == STEK)
        bench_must(stek_attach(server, ring, &options) == STEK_OK, "stek cannot be attached");
}

static void set_up(struct cell *cell, int number, struct stek_ring *ring)
{
    cell->version = number / (KINDS * KEYS) == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    cell->resumes = number / KEYS % KINDS;
    cell->keys = (enum keys)(number % KEYS);
    cell->server = pair_server(cell->version);
    give_keys(cell->server, cell->keys, ring);
    pair_client_init(&cell->client, cell->version);
    (void)pair_shake(&cell->client, cell->server, 0);
}

static void run_slice(struct cell *cell, int64_t slice_ns)
{
    const int64_t wall = bench_wall_ns();
    const int64_t cpu = bench_cpu_ns();

    do {
        cell->server_ns += pair_shake(&cell->client, cell->server, cell->resumes);
        cell->ops++;
    } while (bench_wall_ns() - wall < slice_ns);
    cell->cpu_ns += bench_cpu_ns() - cpu;
}

static void print_and_reset(struct cell *cell, long round)
{
    static const char *const names[KEYS] = {"own", "reference", "stek"};

    printf("{\"tls\":\"%s\",\"kind\":\"%s\",\"keys\":\"%s\",\"round\":%ld,",
           cell->version == TLS1_2_VERSION ? "1.2" : "1.3", cell->resumes ? "resumed" : "full",
           names[cell->keys], round);
    printf("\"ops\":%lld,\"cpu_ns\":%lld,\"server_ns\":%lld}\n", (long long)cell->ops,
           (long long)cell->cpu_ns, (long long)cell->server_ns);
    (void)fflush(stdout);
    cell->ops = cell->cpu_ns = cell->server_ns = 0;
}

int main(int argc, char **argv)
{
    static struct cell cells[CELLS];
    struct stek_ring *ring = NULL;

    bench_must(argc == 4, "usage: bench-handshake ROUNDS SLICES SLICE_US");
    const long rounds = strtol(argv[1], NULL, 10);
    const long slices = strtol(argv[2], NULL, 10);
    const int64_t slice_ns = strtol(argv[3], NULL, 10) * 1000;
    reference_make_keys();
    reference_use(16, 15);
    bench_must(stek_ring_new(NULL, &ring) == STEK_OK, "no ring");
    for (int i = 0; i < CELLS; i++)
        set_up(&cells[i], i, ring);
    for (long round = 0; round < rounds; round++) {
        for (long slice = 0; slice < slices; slice++)
            for (int i = 0; i < CELLS; i++)
                run_slice(&cells[i], slice_ns);
        for (int i = 0; i < CELLS; i++)
            print_and_reset(&cells[i], round);
    }
    for (int i = 0; i < CELLS; i++) {
        pair_client_fini(&cells[i].client);
        SSL_CTX_free(cells[i].server);
    }
    stek_ring_free(ring);
    return 0;
}
