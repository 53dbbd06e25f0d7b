/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-percontext: a program that makes an SSL_CTX for every connection, as PHP does, without and
 * with stek in turn. One JSON object a line for each of the two and each round, medians over its
 * connections:
 *
 *   {"program":"plain","tls":"1.3","keys":"stek","round":0,"ops":200,"make_ns":1,"ticket_ns":1,
 *    "server_ns":1}
 *
 *   make_ns    SSL_CTX_new(), certificate, stek's attaching, and at the end SSL_CTX_free()
 *   ticket_ns  the server's step in which its first ticket is made and sent
 *   server_ns  the server's side of the handshake, that step included
 *
 * A program that verifies peers shares tickets as libssl does: each SSL_CTX has a context of its
 * own there, whose keys are derived from all records of a ring in steady state.
 *
 *   bench-percontext plain|verifies ROUNDS CONNECTIONS
 */
#include "pair.h"

#include "ringfile/ring.h"
#include "timing.h"
#include "tls/attach.h"

#include <string.h>
#include <time.h>

enum { OWN, STEK, KEYS, VERSIONS = 2, CONNECTIONS_MAX = 2000 };
enum { MAKE, TICKET, SERVER, PARTS };
enum { HOUR_S = 3600, HOURS = 13 }; /* of the default policy, until the first record retires */

static bool verifies;

struct series {
    size_t count;
    int64_t part[PARTS][CONNECTIONS_MAX];
};

/* When the handshake's last state began, and how long the first ticket took. */
static int64_t step_begin_ns;
static int64_t ticket_ns;

/* Called before each step of the handshake: the state is still that of the step before. */
static void on_step(const SSL *ssl, int where, int result)
{
    const int64_t now = bench_cpu_ns();

    (void)result;
    if ((where & SSL_CB_LOOP) == 0)
        return;
    if (ticket_ns == 0 && SSL_get_state(ssl) == TLS_ST_SW_SESSION_TICKET)
        ticket_ns = now - step_begin_ns;
    step_begin_ns = now;
}

static int64_t read_clock(void *arg)
{
    const int64_t *offset_s = arg;

    return time(NULL) + *offset_s;
}

/* As many records as a ring has that lives for long. */
static struct stek_ring *make_ring(void)
{
    static int64_t offset_s;
    struct stek_ring *ring = NULL;

    bench_must(stek_ring_new(NULL, &ring) == STEK_OK, "no ring");
    stek_ring_set_clock(ring, read_clock, &offset_s);
    for (int hour = 0; hour < HOURS; hour++) {
        offset_s += HOUR_S;
        bench_must(stek_ring_maintain(ring) == STEK_OK, "the ring does not go on");
    }
    return ring;
}

/* What the module does in SSL_CTX_new(). */
static void attach(SSL_CTX *ctx, struct stek_ring *ring)
{
    const struct stek_attach_options options = {.override = 1};

    bench_must(stek_attach_new(ctx, ring, &options) == STEK_OK, "stek cannot be attached");
}

static void configure(SSL_CTX *ctx)
{
    static const unsigned char id_context[] = {'b', 'e', 'n', 'c', 'h'};

    if (!verifies)
        return;
    (void)SSL_CTX_set_session_id_context(ctx, id_context, sizeof id_context);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
}

static void connect_once(struct pair_client *client, int version, struct stek_ring *ring,
                         struct series *series)
{
    int64_t begin = bench_cpu_ns();
    SSL_CTX *ctx = pair_server_bare(version);

    if (ring != NULL)
        attach(ctx, ring);
    pair_identify(ctx);
    configure(ctx);
    int64_t make_ns = bench_cpu_ns() - begin;
    SSL_CTX_set_info_callback(ctx, on_step);
    ticket_ns = 0;
    series->part[SERVER][series->count] = pair_shake(client, ctx, 0);
    bench_must(ticket_ns != 0, "no ticket");
    begin = bench_cpu_ns();
    SSL_CTX_free(ctx);
    make_ns += bench_cpu_ns() - begin;
    series->part[MAKE][series->count] = make_ns;
    series->part[TICKET][series->count] = ticket_ns;
    series->count++;
}

static void run_round(long round, int version, long connections, struct stek_ring *ring)
{
    static struct series series[KEYS];
    struct pair_client client;

    pair_client_init(&client, version);
    series[OWN].count = series[STEK].count = 0;
    for (long i = 0; i < connections; i++) {
        connect_once(&client, version, NULL, &series[OWN]);
        connect_once(&client, version, ring, &series[STEK]);
    }
    pair_client_fini(&client);
    for (int keys = OWN; keys < KEYS; keys++) {
        struct series *of = &series[keys];
        printf("{\"program\":\"%s\",\"tls\":\"%s\",\"keys\":\"%s\",\"round\":%ld,\"ops\":%zu,",
               verifies ? "verifies" : "plain", version == TLS1_2_VERSION ? "1.2" : "1.3",
               keys == OWN ? "own" : "stek", round, of->count);
        printf("\"make_ns\":%lld,\"ticket_ns\":%lld,\"server_ns\":%lld}\n",
               bench_median(of->part[MAKE], of->count), bench_median(of->part[TICKET], of->count),
               bench_median(of->part[SERVER], of->count));
    }
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    bench_must(argc == 4, "usage: bench-percontext plain|verifies ROUNDS CONNECTIONS");
    verifies = strcmp(argv[1], "verifies") == 0;
    const long rounds = strtol(argv[2], NULL, 10);
    const long connections = strtol(argv[3], NULL, 10);
    bench_must(connections > 0 && connections <= CONNECTIONS_MAX, "1 to 2000 connections");
    struct stek_ring *ring = make_ring();
    run_round(-1, TLS1_2_VERSION, 1, ring);
    for (long round = 0; round < rounds; round++) {
        run_round(round, TLS1_2_VERSION, connections, ring);
        run_round(round, TLS1_3_VERSION, connections, ring);
    }
    stek_ring_free(ring);
    return 0;
}
