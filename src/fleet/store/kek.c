/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/kek.h"

#include "crypto/hkdf.h"
#include "crypto/keycheck.h"
#include "fleet/rules/epoch.h"

#include <string.h>

/* The secret of the next epoch, in place. */
static enum stek_result step(struct stek_secret32 *secret)
{
    static const uint8_t info[] = {'e', 'p', 'o', 'c', 'h', ' ', 'n', 'e', 'x', 't'};
    STEK_SECRET(stek_secret32) struct stek_secret32 next;
    const enum stek_result result =
        stek_hkdf_expand(secret->bytes, info, sizeof info, next.bytes, sizeof next.bytes);

    if (result == STEK_OK)
        *secret = next;
    return result;
}

static enum stek_result walk(const struct stek_kek *kek, uint64_t epoch,
                             struct stek_secret32 *ret_secret)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 secret = kek->secret;
    enum stek_result result = STEK_OK;

    for (uint64_t at = kek->epoch; result == STEK_OK && at < epoch; at++)
        result = step(&secret);
    if (result == STEK_OK)
        *ret_secret = secret;
    return result;
}

static enum stek_result fill(struct stek_kek *kek, uint64_t from)
{
    enum stek_result result = walk(kek, from, &kek->at[0]);

    for (unsigned i = 1; result == STEK_OK && i < STEK_EPOCHS; i++) {
        kek->at[i] = kek->at[i - 1];
        result = step(&kek->at[i]);
    }
    kek->from = from;
    return result;
}

enum stek_result stek_kek_init(const struct stek_secret32 *root, struct stek_kek *ret_kek)
{
    static const uint8_t salt[] = {'s', 't', 'e', 'k', ' ', 'f', 'l', 'e', 'e', 't', ' ', 'v', '1'};
    static const uint8_t id[] = {'k', 'e', 'k', ' ', 'i', 'd'};
    static const uint8_t epoch[] = {'e', 'p', 'o', 'c', 'h'};
    STEK_SECRET(stek_kek) struct stek_kek kek = {.epoch = 0};
    STEK_SECRET(stek_secret32) struct stek_secret32 prk;

    if (stek_key_is_weak(root->bytes, sizeof root->bytes))
        return STEK_ERR_RANDOM;
    enum stek_result result =
        stek_hkdf_extract(salt, sizeof salt, root->bytes, sizeof root->bytes, prk.bytes);
    if (result == STEK_OK)
        result = stek_hkdf_expand(prk.bytes, id, sizeof id, kek.id, sizeof kek.id);
    if (result == STEK_OK)
        result = stek_hkdf_expand(prk.bytes, epoch, sizeof epoch, kek.secret.bytes,
                                  sizeof kek.secret.bytes);
    if (result == STEK_OK)
        result = fill(&kek, 0);
    if (result == STEK_OK)
        *ret_kek = kek;
    return result;
}

enum stek_result stek_kek_restore(const uint8_t id[STEK_KEK_ID_LEN], uint64_t epoch,
                                  const struct stek_secret32 *secret, struct stek_kek *ret_kek)
{
    STEK_SECRET(stek_kek) struct stek_kek kek = {.epoch = epoch, .secret = *secret};

    if (epoch > STEK_EPOCH_MAX)
        return STEK_ERR_ARGUMENT;
    if (stek_key_is_weak(secret->bytes, sizeof secret->bytes))
        return STEK_ERR_RANDOM;
    memcpy(kek.id, id, sizeof kek.id);
    const enum stek_result result = fill(&kek, epoch);
    if (result == STEK_OK)
        *ret_kek = kek;
    return result;
}

enum stek_result stek_kek_look_at(struct stek_kek *kek, uint64_t today)
{
    STEK_SECRET(stek_kek) struct stek_kek moved = *kek;
    uint64_t from = today > STEK_EPOCHS_BACK ? today - STEK_EPOCHS_BACK : 0;

    if (from < kek->epoch)
        from = kek->epoch;
    if (from == kek->from)
        return STEK_OK;
    const enum stek_result result = fill(&moved, from);
    if (result == STEK_OK)
        *kek = moved;
    return result;
}

enum stek_result stek_kek_advance(struct stek_kek *kek, uint64_t epoch)
{
    STEK_SECRET(stek_kek) struct stek_kek moved = *kek;

    if (epoch <= kek->epoch || epoch > STEK_EPOCH_MAX)
        return STEK_OK;
    enum stek_result result = walk(kek, epoch, &moved.secret);
    moved.epoch = epoch;
    if (result == STEK_OK)
        result = fill(&moved, kek->from > epoch ? kek->from : epoch);
    if (result == STEK_OK)
        *kek = moved;
    return result;
}

const struct stek_secret32 *stek_kek_secret(const struct stek_kek *kek, uint64_t epoch)
{
    if (epoch < kek->from || epoch - kek->from >= STEK_EPOCHS)
        return NULL;
    return &kek->at[epoch - kek->from];
}

enum stek_result stek_kek_check(const struct stek_kek *kek, uint8_t ret_check[8])
{
    static const uint8_t label[] = {'e', 'p', 'o', 'c', 'h', ' ', 'c', 'h', 'e', 'c', 'k', 0};
    uint8_t info[sizeof label + STEK_KEK_ID_LEN + 8];

    memcpy(info, label, sizeof label);
    memcpy(info + sizeof label, kek->id, STEK_KEK_ID_LEN);
    for (unsigned i = 0; i < 8; i++)
        info[sizeof label + STEK_KEK_ID_LEN + i] = (uint8_t)(kek->epoch >> (8 * i));
    return stek_hkdf_expand(kek->secret.bytes, info, sizeof info, ret_check, 8);
}
