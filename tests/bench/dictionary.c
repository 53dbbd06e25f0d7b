/* SPDX-License-Identifier: Apache-2.0 */
/* bench-dictionary ROUNDS TICKETS: what it costs to try the audit's dictionary of weak keys on
 * tickets under keys that are not in it, each under another key: the slowest case. */
#include "timing.h"

#include "audit_seal.h"

#include "audit/dictionary/dictionary.h"

#include <openssl/rand.h>

struct tickets {
    const char *tls;
    uint16_t version;
    uint8_t secret_len;
};

/* OpenSSL's layout and usual length. */
static void seal(const struct tickets *of, struct stek_audit_ticket *ret_ticket)
{
    uint8_t key[32], mac_key[32];
    const struct seal with = {.cipher = "AES-256-CBC",
                              .name_len = 16,
                              .mac = "SHA256",
                              .key = key,
                              .mac_key = mac_key,
                              .mac_key_len = 32,
                              .before = 56,
                              .after = 70};

    bench_must(RAND_bytes(key, sizeof key) == 1 && RAND_bytes(mac_key, sizeof mac_key) == 1,
               "no random bytes");
    seal_ticket(&with, of->version, of->secret_len, ret_ticket);
}

static void run_round(long round, const struct tickets *of, long count)
{
    struct stek_audit_dictionary *dictionary;
    int64_t try_ns = 0;
    int64_t begun = bench_cpu_ns();

    bench_must(stek_audit_dictionary_new(&dictionary) == STEK_OK, "no dictionary");
    const int64_t ready_ns = bench_cpu_ns() - begun;
    for (long i = 0; i < count; i++) {
        struct stek_audit_ticket ticket;
        struct stek_audit_hit hit;

        seal(of, &ticket);
        begun = bench_cpu_ns();
        bench_must(stek_audit_dictionary_try(dictionary, &ticket, NULL, &hit) == STEK_OK,
                   "no answer");
        try_ns += bench_cpu_ns() - begun;
        bench_must(hit.kind == STEK_AUDIT_HIT_NONE, "a random key is in the dictionary");
        free(ticket.bytes);
    }
    printf("{\"tls\":\"%s\",\"round\":%ld,\"keys\":%zu,\"ready_ns\":%lld,\"ticket_ns\":%lld}\n",
           of->tls, round, stek_audit_dictionary_len(dictionary), (long long)ready_ns,
           (long long)(try_ns / count));
    (void)fflush(stdout);
    stek_audit_dictionary_free(dictionary);
}

int main(int argc, char **argv)
{
    static const struct tickets kinds[] = {{"1.2", STEK_AUDIT_TLS12, 48},
                                           {"1.3", STEK_AUDIT_TLS13, 32}};

    bench_must(argc == 3, "usage: bench-dictionary ROUNDS TICKETS");
    const long rounds = strtol(argv[1], NULL, 10);
    const long count = strtol(argv[2], NULL, 10);
    bench_must(count > 0, "at least one ticket");
    for (long round = 0; round < rounds; round++)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            run_round(round, &kinds[i], count);
    return 0;
}
