/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to seal and open a ticket that are compared. */
#ifndef TESTS_BENCH_TICKET_H
#define TESTS_BENCH_TICKET_H

#include "tls/ossl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_NAME_LEN = 16, BENCH_IV_LEN = 16, BENCH_MAC_LEN = 32, BENCH_STATE_MAX = 1500 };
enum { BENCH_HEAD_LEN = BENCH_NAME_LEN + BENCH_IV_LEN };
enum { BENCH_TICKET_MAX = BENCH_HEAD_LEN + BENCH_STATE_MAX + BENCH_IV_LEN + BENCH_MAC_LEN };

/* name[16] iv[16] AES-256-CBC(state) HMAC-SHA256[32], the MAC over all that is before it. */
struct bench_ticket {
    size_t len;
    uint8_t bytes[BENCH_TICKET_MAX];
};

/* Where a ticket's keys come from; tickets of one family open in all its ways. Allocation is no way
 * to make one. */
enum bench_family { BENCH_FLOOR, BENCH_ALLOCATION, BENCH_REFERENCE, BENCH_STEK, BENCH_FAMILIES };

struct bench_way {
    const char *name;
    enum bench_family family;
    bool evp; /* the newer kind of callback, which gets an EVP_MAC_CTX */
    stek_ossl_hmac_cb hmac_cb;
    stek_ossl_evp_cb evp_cb;
};

enum {
    BENCH_WAY_FLOOR,
    BENCH_WAY_ALLOCATION_HMAC,
    BENCH_WAY_ALLOCATION_EVP,
    BENCH_WAY_REFERENCE_HMAC,
    BENCH_WAY_REFERENCE_EVP,
    BENCH_WAY_STEK_HMAC,
    BENCH_WAY_STEK_EVP,
    BENCH_WAYS
};
extern const struct bench_way bench_ways[BENCH_WAYS];

/* Seals and opens as libssl does, contexts made and freed for each ticket. Whatever fails ends the
 * program. */
void bench_libssl_seal(const struct bench_way *way, SSL *ssl, const uint8_t *state, size_t len,
                       struct bench_ticket *ret_ticket);
void bench_libssl_open(const struct bench_way *way, SSL *ssl, const struct bench_ticket *ticket,
                       uint8_t ret_state[BENCH_TICKET_MAX]);

/* Only makes and frees the contexts, which is libssl's own share of every callback's cost. */
void bench_libssl_allocate(const struct bench_way *way);

/* The cipher and the MAC alone, in contexts that were keyed before; nothing is allocated or looked
 * up. One thread. */
struct bench_floor;
struct bench_floor *bench_floor_new(void);
void bench_floor_free(struct bench_floor *floor);
void bench_floor_seal(struct bench_floor *floor, const uint8_t *state, size_t len,
                      struct bench_ticket *ret_ticket);
void bench_floor_open(struct bench_floor *floor, const struct bench_ticket *ticket,
                      uint8_t ret_state[BENCH_TICKET_MAX]);

#endif
