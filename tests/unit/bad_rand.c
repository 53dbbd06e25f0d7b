/* SPDX-License-Identifier: Apache-2.0 */
#include "bad_rand.h"

#include <stdatomic.h>
#include <stdint.h>

#include <openssl/err.h>
#include <openssl/rand.h>

/* RAND_METHOD is deprecated since OpenSSL 3.0, and the only way in that reaches every draw of a
 * process. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static enum bad_rand_kind installed;
static size_t only_len; /* 0: draws of any length */
static atomic_uint draws;
static atomic_uint counter;

/* Byte i of what no test of weakness objects to. */
static uint8_t plausible(size_t i)
{
    return (uint8_t)(((uint32_t)i + 1) * 2654435761U >> 24);
}

static uint8_t bad_byte(size_t i, size_t len)
{
    switch (installed) {
    case BAD_RAND_CONSTANT:
        return 0x5a;
    case BAD_RAND_COUNTING:
        return (uint8_t)atomic_fetch_add(&counter, 1);
    case BAD_RAND_SHORT:
        return i < len / 2 ? plausible(i) : 0;
    case BAD_RAND_REPEATED:
        return plausible(i % (len / 2 + len % 2));
    case BAD_RAND_ZEROS:
        return 0;
    default:
        return plausible(i);
    }
}

static int bad_bytes(unsigned char *out, int out_len)
{
    const size_t len = (size_t)out_len;

    if (only_len != 0 && len != only_len)
        return RAND_OpenSSL()->bytes(out, out_len);
    atomic_fetch_add(&draws, 1);
    for (size_t i = 0; i < len; i++)
        out[i] = bad_byte(i, len);
    if (installed != BAD_RAND_FAILS && installed != BAD_RAND_REFUSES)
        return 1;
    ERR_raise(ERR_LIB_RAND, ERR_R_INTERNAL_ERROR);
    return installed == BAD_RAND_FAILS ? 0 : -1;
}

static int bad_status(void)
{
    return 1;
}

static const RAND_METHOD bad_method = {
    .bytes = bad_bytes, .pseudorand = bad_bytes, .status = bad_status};

void bad_rand_install(enum bad_rand_kind kind)
{
    bad_rand_install_for(kind, 0);
}

void bad_rand_install_for(enum bad_rand_kind kind, size_t len)
{
    installed = kind;
    only_len = len;
    atomic_store(&draws, 0);
    atomic_store(&counter, 0);
    RAND_set_rand_method(&bad_method);
}

unsigned bad_rand_draws(void)
{
    return atomic_load(&draws);
}

void bad_rand_leave(void)
{
    RAND_set_rand_method(NULL);
}

void bad_rand_restore(void)
{
    bad_rand_leave();
    ERR_clear_error();
}
