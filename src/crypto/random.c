/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include "crypto/keycheck.h"
#include "crypto/libctx.h"
#include "crypto/quiet.h"

#include <openssl/rand.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* The generators have 256 bits, or what was configured for them. */
enum { ANY_STRENGTH = 0 };

enum { KERNEL_LEN = 512 }; /* that the kernel is asked for at once */

struct kernel {
    uint8_t bytes[KERNEL_LEN];
};

static inline void kernel_wipe(struct kernel *kernel)
{
    stek_wipe(kernel, sizeof *kernel);
}

/* More than 256 bytes may come in parts when signals come (getrandom(2)). */
static bool ask_kernel(uint8_t *ret_bytes, size_t len)
{
    for (size_t have = 0; have < len;) {
        const ssize_t more = getrandom(ret_bytes + have, len - have, 0);
        if (more < 0 && errno != EINTR)
            return false;
        have += more > 0 ? (size_t)more : 0;
    }
    return true;
}

/* Where the kernel gives nothing (a system call filter), libcrypto's bytes stand alone. */
static void add_kernel(uint8_t *bytes, size_t len)
{
    STEK_SECRET(kernel) struct kernel kernel;

    for (size_t at = 0; at < len; at += sizeof kernel.bytes) {
        const size_t part = len - at < sizeof kernel.bytes ? len - at : sizeof kernel.bytes;
        if (!ask_kernel(kernel.bytes, part))
            return;
        for (size_t i = 0; i < part; i++)
            bytes[at + i] ^= kernel.bytes[i];
    }
}

enum stek_result stek_random_secret(struct stek_secret32 *ret_secret)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 fresh = {{0}};
    STEK_QUIET(quiet);

    if (RAND_priv_bytes_ex(stek_libctx_get0(), fresh.bytes, sizeof fresh.bytes, ANY_STRENGTH) !=
            1 ||
        stek_key_is_weak(fresh.bytes, sizeof fresh.bytes))
        return STEK_ERR_RANDOM;
    add_kernel(fresh.bytes, sizeof fresh.bytes);
    *ret_secret = fresh;
    return STEK_OK;
}

enum stek_result stek_random_public(uint8_t *ret_bytes, size_t len)
{
    return stek_random_batch(ret_bytes, len, len);
}

enum stek_result stek_random_batch(uint8_t *ret_bytes, size_t len, size_t kernel_len)
{
    STEK_QUIET(quiet);

    if (RAND_bytes_ex(stek_libctx_get0(), ret_bytes, len, ANY_STRENGTH) != 1 ||
        stek_key_is_weak(ret_bytes, len))
        return STEK_ERR_RANDOM;
    add_kernel(ret_bytes, kernel_len);
    return STEK_OK;
}

/* Where no generator works: the clock and the process. */
static uint64_t poor_dice(void)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 16) *
           UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t stek_random_dice(void)
{
    uint8_t bytes[16];
    uint64_t dice;

    if (stek_random_public(bytes, sizeof bytes) != STEK_OK)
        return poor_dice();
    memcpy(&dice, bytes, sizeof dice);
    return dice;
}
