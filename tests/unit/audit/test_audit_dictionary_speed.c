/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "audit_seal.h"

#include "audit/dictionary/dictionary.h"

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TICKETS = 200 };

static double cpu_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The slowest case: tickets of OpenSSL's layout and usual length that no key opens, no two under
 * one key. */
static double cost(uint16_t version, uint8_t secret_len)
{
    const double before = cpu_s();
    struct stek_audit_dictionary *dictionary;
    uint8_t key[32], mac_key[32];
    const struct seal seal = {.cipher = "AES-256-CBC",
                              .name_len = 16,
                              .mac = "SHA256",
                              .key = key,
                              .mac_key = mac_key,
                              .mac_key_len = 32,
                              .before = 56,
                              .after = 70};

    assert_int_equal(stek_audit_dictionary_new(&dictionary), STEK_OK);
    printf("[ MEASURED ] the dictionary: %zu keys, made ready in %.2f s of CPU\n",
           stek_audit_dictionary_len(dictionary), cpu_s() - before);
    for (int i = 0; i < TICKETS; i++) {
        struct stek_audit_ticket ticket;
        struct stek_audit_hit hit;
        assert_int_equal(RAND_bytes(key, sizeof key), 1);
        assert_int_equal(RAND_bytes(mac_key, sizeof mac_key), 1);
        seal_ticket(&seal, version, secret_len, &ticket);
        assert_int_equal(stek_audit_dictionary_try(dictionary, &ticket, &hit), STEK_OK);
        assert_int_equal(hit.kind, STEK_AUDIT_HIT_NONE);
        free(ticket.bytes);
    }
    stek_audit_dictionary_free(dictionary);
    return cpu_s() - before;
}

static void two_hundred_tickets_take_under_ten_seconds_of_cpu(void **state)
{
    (void)state;
    for (uint8_t secret_len = 32; secret_len <= 48; secret_len += 16) {
        const double took_s =
            cost(secret_len == 48 ? STEK_AUDIT_TLS12 : STEK_AUDIT_TLS13, secret_len);
        printf("[ MEASURED ] %d tickets with secrets of %d bytes took %.2f s of CPU\n", TICKETS,
               (int)secret_len, took_s);
        assert_true(took_s < 10);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_tickets_take_under_ten_seconds_of_cpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
