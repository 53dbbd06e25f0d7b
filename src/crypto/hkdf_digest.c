/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf_digest.h"

#include "crypto/wipe.h"

#include <stdbool.h>
#include <string.h>

enum { BLOCK_LEN = STEK_HKDF_DIGEST_SALT_MAX, INNER = 0x36, OUTER = 0x5c };

/* A key of HMAC, filled up with zeros, under one of the two pads (RFC 2104 section 2). */
struct pad {
    uint8_t bytes[BLOCK_LEN];
};

static inline void pad_wipe(struct pad *pad)
{
    stek_wipe(pad, sizeof *pad);
}

struct digest {
    EVP_MD_CTX *hash;
    const EVP_MD *sha256;
};

static bool begin(struct digest digest, const struct pad *pad)
{
    return EVP_DigestInit_ex(digest.hash, digest.sha256, NULL) == 1 &&
           EVP_DigestUpdate(digest.hash, pad->bytes, sizeof pad->bytes) == 1;
}

static bool add(struct digest digest, struct stek_hkdf_bytes part)
{
    return part.len == 0 || EVP_DigestUpdate(digest.hash, part.at, part.len) == 1;
}

/* HMAC-SHA256 of the parts, one after the other. The result may go where one of them is. */
static bool hmac(struct digest digest, struct stek_hkdf_bytes key,
                 const struct stek_hkdf_bytes *part, size_t parts,
                 uint8_t ret_mac[STEK_HKDF_PRK_LEN])
{
    STEK_SECRET(pad) struct pad pad = {{0}};

    if (key.len > 0)
        memcpy(pad.bytes, key.at, key.len);
    for (size_t i = 0; i < sizeof pad.bytes; i++)
        pad.bytes[i] ^= INNER;
    bool ok = begin(digest, &pad);
    for (size_t i = 0; i < parts; i++)
        ok = ok && add(digest, part[i]);
    ok = ok && EVP_DigestFinal_ex(digest.hash, ret_mac, NULL) == 1;
    for (size_t i = 0; i < sizeof pad.bytes; i++)
        pad.bytes[i] ^= INNER ^ OUTER;
    return ok && begin(digest, &pad) &&
           add(digest, (struct stek_hkdf_bytes){ret_mac, STEK_HKDF_PRK_LEN}) &&
           EVP_DigestFinal_ex(digest.hash, ret_mac, NULL) == 1;
}

/* RFC 5869 section 2.3: T(n) = HMAC(PRK, T(n-1) | info | n). */
static bool expand(struct digest digest, struct stek_hkdf_bytes prk, struct stek_hkdf_bytes info,
                   uint8_t *ret_out, size_t out_len)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 block;
    uint8_t number = 1;

    for (size_t at = 0; at < out_len; at += sizeof block.bytes, number++) {
        const size_t left = out_len - at;
        const struct stek_hkdf_bytes part[] = {
            {block.bytes, at == 0 ? 0 : sizeof block.bytes}, info, {&number, 1}};
        if (!hmac(digest, prk, part, sizeof part / sizeof *part, block.bytes))
            return false;
        memcpy(ret_out + at, block.bytes, left < sizeof block.bytes ? left : sizeof block.bytes);
    }
    return true;
}

/* libcrypto wipes what a hash has taken in when its context is freed. */
enum stek_result stek_hkdf_digest_derive(const EVP_MD *sha256, struct stek_hkdf_bytes salt,
                                         struct stek_hkdf_bytes ikm, struct stek_hkdf_bytes info,
                                         uint8_t *ret_out, size_t out_len)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 prk;
    const struct digest digest = {EVP_MD_CTX_new(), sha256};
    const bool ok = digest.hash != NULL && hmac(digest, salt, &ikm, 1, prk.bytes) &&
                    expand(digest, (struct stek_hkdf_bytes){prk.bytes, sizeof prk.bytes}, info,
                           ret_out, out_len);

    EVP_MD_CTX_free(digest.hash);
    return ok ? STEK_OK : STEK_ERR_CRYPTO;
}
