/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals tickets on each of several rings and opens them on all of them, as servers on so many hosts
 * would, for as long as its standard input is open. Opens each as libssl does: by its name, then
 * the MAC under that key.
 *
 *     ring-traffic --window MS [--steady MS] --secrets FILE RING-FILE...
 *
 * A line with a ring's number on standard input says that its host is connected to the fleet just
 * now. A ticket counts when the host that sealed it was connected during the last MS milliseconds
 * then, and the host that opens it now; and only until the published records end that the host held
 * while it was connected: on a busy machine, or without a quorum, the next one comes later. With
 * --steady both hosts must also have been connected without a break for so long before it was
 * sealed: who deletes in the store takes a key from a host that was away meanwhile.
 *
 * Prints a line of JSON for each loss that counts, and sums at the end; adds every secret that it
 * sees in a ring to FILE, in hexadecimal.
 */
#include "ringfile/ring.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { HOSTS_MAX = 64, TICKETS = 2048, TICK_MS = 10, OLD_OPENS = 60, PAYLOAD = 48 };

struct ticket {
    unsigned host;
    bool counts_on[HOSTS_MAX];
    int64_t sealed_ms;
    int64_t accept_until;
    uint8_t name[STEK_NAME_LEN];
    uint8_t payload[PAYLOAD];
    uint8_t mac[32];
};

struct host {
    const char *path;
    struct stek_ring *ring;
    struct stek_keys *keys;
    int64_t connected_ms;
    int64_t since_ms;           /* connected without a break */
    int64_t published_until_ms; /* as it stood when the host was connected */
};

struct traffic {
    struct host host[HOSTS_MAX];
    unsigned hosts;
    struct ticket ticket[TICKETS];
    uint64_t sealed, unsealed;
    uint64_t opened, lost, opened_other, lost_other;
    uint64_t heard, heard_short; /* lines, and those whose host held records for less than window */
    int64_t window_ms, steady_ms;
    FILE *secrets;
    char seen[4096][65];
    unsigned seen_count;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_connected(const struct traffic *traffic, unsigned host, int64_t now)
{
    return now - traffic->host[host].connected_ms <= traffic->window_ms &&
           now < traffic->host[host].published_until_ms;
}

static bool is_steady(const struct traffic *traffic, unsigned host, int64_t now)
{
    return is_connected(traffic, host, now) &&
           (traffic->steady_ms == 0 || now - traffic->host[host].since_ms >= traffic->steady_ms);
}

static void sign(const struct stek_ticket_key *key, const struct ticket *ticket,
                 uint8_t ret_mac[32])
{
    HMAC(EVP_sha256(), key->hmac_key, sizeof key->hmac_key, ticket->payload, sizeof ticket->payload,
         ret_mac, NULL);
}

static struct ticket *seal(struct traffic *traffic, unsigned host, int64_t now)
{
    struct stek_seal_key key;
    struct ticket *ticket;

    if (!stek_ring_seal(traffic->host[host].ring, traffic->host[host].keys, now / 1000, &key)) {
        traffic->unsealed++;
        return NULL;
    }
    ticket = &traffic->ticket[traffic->sealed++ % TICKETS];
    *ticket = (struct ticket){.host = host, .sealed_ms = now, .accept_until = key.accept_until};
    for (unsigned to = 0; is_steady(traffic, host, now) && to < traffic->hosts; to++)
        ticket->counts_on[to] = traffic->steady_ms == 0 || is_steady(traffic, to, now);
    memcpy(ticket->name, key.key.name, sizeof ticket->name);
    RAND_bytes(ticket->payload, sizeof ticket->payload);
    sign(&key.key, ticket, ticket->mac);
    return ticket;
}

static bool opens(const struct host *host, const struct ticket *ticket, int64_t now)
{
    struct stek_ticket_key key;
    uint8_t mac[32];

    if (stek_ring_find(host->ring, host->keys, ticket->name, true, now / 1000, &key) ==
        STEK_CHOICE_UNKNOWN)
        return false;
    sign(&key, ticket, mac);
    return memcmp(mac, ticket->mac, sizeof mac) == 0;
}

static void open_ticket(struct traffic *traffic, const struct ticket *ticket, unsigned to,
                        int64_t now)
{
    const bool counts = ticket->counts_on[to] && is_connected(traffic, to, now);

    if (now / 1000 >= ticket->accept_until)
        return;
    if (opens(&traffic->host[to], ticket, now)) {
        *(counts ? &traffic->opened : &traffic->opened_other) += 1;
        return;
    }
    *(counts ? &traffic->lost : &traffic->lost_other) += 1;
    if (!counts)
        return;
    printf("{\"from\": %u, \"to\": %u, \"age_ms\": %" PRId64 ", \"at_ms\": %" PRId64
           ", \"from_connected_ms\": %" PRId64 ", \"to_connected_ms\": %" PRId64
           ", \"name\": \"%02x%02x%02x%02x\"}\n",
           ticket->host, to, now - ticket->sealed_ms, now, traffic->host[ticket->host].connected_ms,
           traffic->host[to].connected_ms, ticket->name[0], ticket->name[1], ticket->name[2],
           ticket->name[3]);
    fflush(stdout);
}

static void tick(struct traffic *traffic, unsigned round)
{
    const int64_t now = now_ms();
    const struct ticket *fresh = seal(traffic, round % traffic->hosts, now);
    const uint64_t kept = traffic->sealed < TICKETS ? traffic->sealed : TICKETS;

    for (unsigned to = 0; fresh != NULL && to < traffic->hosts; to++)
        open_ticket(traffic, fresh, to, now);
    for (unsigned i = 0; kept > 0 && traffic->hosts > 0 && i < OLD_OPENS; i++)
        open_ticket(traffic, &traffic->ticket[(uint64_t)random() % kept],
                    (unsigned)random() % traffic->hosts, now);
}

static void note_secret(struct traffic *traffic, const struct stek_secret32 *secret)
{
    char hex[65];

    for (unsigned i = 0; i < 32; i++)
        snprintf(hex + 2 * (size_t)i, 3, "%02x", secret->bytes[i]);
    for (unsigned i = 0; i < traffic->seen_count; i++)
        if (memcmp(traffic->seen[i], hex, sizeof hex) == 0)
            return;
    if (traffic->seen_count == sizeof traffic->seen / sizeof *traffic->seen)
        return;
    memcpy(traffic->seen[traffic->seen_count++], hex, sizeof hex);
    fprintf(traffic->secrets, "%s\n", hex);
    fflush(traffic->secrets);
}

static void note_secrets(struct traffic *traffic)
{
    static struct stek_ring_state state;
    uint64_t generation;

    for (unsigned i = 0; i < traffic->hosts; i++)
        if (stek_image_read(traffic->host[i].ring->image, &state, &generation) == STEK_OK)
            for (size_t r = 0; r < state.records.count; r++)
                note_secret(traffic, &state.records.at[r].secret);
}

/* Until when a host holds records that are published. */
static int64_t published_until_ms(const struct host *host)
{
    static struct stek_ring_state state;
    uint64_t generation;
    int64_t until = 0;

    if (stek_image_read(host->ring->image, &state, &generation) != STEK_OK)
        return 0;
    for (size_t r = 0; r < state.records.count; r++)
        if (state.records.at[r].origin == STEK_ORIGIN_PUBLISHED)
            until = state.records.at[r].active_until;
    return until * 1000;
}

static void note_connected(struct traffic *traffic, struct host *host)
{
    const int64_t now = now_ms();

    if (now - host->connected_ms > traffic->window_ms)
        host->since_ms = now;
    host->connected_ms = now;
    host->published_until_ms = published_until_ms(host);
    traffic->heard++;
    traffic->heard_short += host->published_until_ms < host->connected_ms + traffic->window_ms;
}

/* Takes what stands on standard input. False at its end. */
static bool hear(struct traffic *traffic, int wait_ms)
{
    static char line[64];
    static size_t len;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char text[4096];

    if (poll(&input, 1, wait_ms) <= 0)
        return true;
    const ssize_t got = read(STDIN_FILENO, text, sizeof text);
    for (ssize_t i = 0; i < got; i++) {
        if (text[i] != '\n') {
            line[len < sizeof line - 1 ? len++ : len] = text[i];
            continue;
        }
        line[len] = '\0';
        len = 0;
        const unsigned long host = strtoul(line, NULL, 10);
        if (host < traffic->hosts)
            note_connected(traffic, &traffic->host[host]);
    }
    return got > 0;
}

static void run(struct traffic *traffic)
{
    int64_t next = now_ms();

    for (unsigned round = 0; hear(traffic, next > now_ms() ? (int)(next - now_ms()) : 0); round++) {
        if (now_ms() < next)
            continue;
        tick(traffic, round);
        if (round % 50 == 0)
            note_secrets(traffic);
        next = now_ms() + TICK_MS;
    }
}

static bool add_host(struct traffic *traffic, const char *path)
{
    static const struct stek_context context = {.len = 3, .bytes = {'w', 'w', 'w'}};
    struct host *host = &traffic->host[traffic->hosts++];

    host->path = path;
    if (stek_ring_open(path, &host->ring) != STEK_OK)
        return false;
    host->keys = stek_ring_keys(host->ring, &context);
    return host->keys != NULL;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"window", 1, NULL, 'w'},
                                          {"steady", 1, NULL, 'y'},
                                          {"secrets", 1, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
    static struct traffic traffic;
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'w')
            traffic.window_ms = strtoll(optarg, NULL, 10);
        else if (option == 'y')
            traffic.steady_ms = strtoll(optarg, NULL, 10);
        else if (option == 's' && traffic.secrets == NULL)
            traffic.secrets = fopen(optarg, "w");
        else
            return 2;
    }
    for (int i = optind; i < argc && traffic.hosts < HOSTS_MAX; i++)
        if (!add_host(&traffic, argv[i])) {
            fprintf(stderr, "%s: cannot be opened\n", argv[i]);
            return 1;
        }
    if (traffic.secrets == NULL || traffic.hosts == 0 || traffic.hosts > HOSTS_MAX)
        return 2;
    run(&traffic);
    printf("{\"sealed\": %" PRIu64 ", \"unsealed\": %" PRIu64 ", \"opened\": %" PRIu64
           ", \"lost\": %" PRIu64 ", \"opened_other\": %" PRIu64 ", \"lost_other\": %" PRIu64
           ", \"heard\": %" PRIu64 ", \"heard_short\": %" PRIu64 ", \"secrets\": %u}\n",
           traffic.sealed, traffic.unsealed, traffic.opened, traffic.lost, traffic.opened_other,
           traffic.lost_other, traffic.heard, traffic.heard_short, traffic.seen_count);
    fclose(traffic.secrets);
    for (unsigned i = 0; i < traffic.hosts; i++)
        stek_ring_free(traffic.host[i].ring);
    return 0;
}
