/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket of any bytes, with any secret: what looks at it stays within it, and claims only what it
 * can point at. */
#include "../driver/fuzz.h"

#include "audit/dictionary/cipher.h"
#include "audit/dictionary/recipes.h"
#include "audit/ticket_bytes.h"

#include <string.h>

enum { KEYS = 2, PATTERNS = 1 };

static const struct stek_audit_pattern zeros = {STEK_AUDIT_KEY_CONSTANT, 0, 0};
static struct stek_audit_cipher_key keys[KEYS] = {{.len = 16}, {.len = 32}};
static struct stek_audit_recipes *recipes;
static struct stek_audit_mac_keys *macs;

static void set_up(void)
{
    for (int i = 0; i < KEYS; i++)
        FUZZ_MUST(stek_audit_cipher_key_init(&keys[i]) == STEK_OK);
    FUZZ_MUST(stek_audit_recipes_new(keys, KEYS, &zeros, PATTERNS, &recipes) == STEK_OK);
    FUZZ_MUST(stek_audit_mac_keys_new(&zeros, PATTERNS, &macs) == STEK_OK);
}

/* In a block of its exact size, so that a read past its end is seen. */
static void take_ticket(struct fuzz_input *input, size_t len, struct stek_audit_ticket *ret_ticket)
{
    *ret_ticket = (struct stek_audit_ticket){.received = 1795000000};
    ret_ticket->version = (uint16_t)(0x0303 + fuzz_take(input, 1) % 2);
    ret_ticket->secret_len = (uint8_t)(fuzz_take(input, 1) % (STEK_AUDIT_SECRET_LEN_MAX + 1));
    ret_ticket->nonce_len = (uint8_t)fuzz_take(input, 1);
    ret_ticket->hint_s = (uint32_t)fuzz_take(input, 4);
    for (uint8_t i = 0; i < ret_ticket->secret_len; i++)
        ret_ticket->secret[i] = (uint8_t)fuzz_take(input, 1);
    ret_ticket->len = len < input->left ? len : input->left;
    ret_ticket->bytes = malloc(ret_ticket->len > 0 ? ret_ticket->len : 1);
    FUZZ_MUST(ret_ticket->bytes != NULL);
    memcpy(ret_ticket->bytes, input->at, ret_ticket->len);
    input->at += ret_ticket->len;
    input->left -= ret_ticket->len;
}

static void try_keys(const struct stek_audit_ticket *ticket)
{
    struct stek_audit_hit hit = {.kind = STEK_AUDIT_HIT_NONE, .nonce_at = -1, .secret_at = -1};
    struct stek_audit_probes probes;

    FUZZ_MUST(stek_audit_probes_init(ticket, &probes) == STEK_OK);
    for (int i = 0; i < KEYS; i++) {
        FUZZ_MUST(stek_audit_try_cbc(&keys[i], &probes, &hit) == STEK_OK);
        FUZZ_MUST(stek_audit_try_counters(&keys[i], &probes, &hit) == STEK_OK);
        if (keys[i].chacha != NULL)
            FUZZ_MUST(stek_audit_try_chacha(&keys[i], &probes, &hit) == STEK_OK);
    }
    stek_audit_probes_fini(&probes);
    FUZZ_MUST(hit.kind == STEK_AUDIT_HIT_NONE ||
              (hit.secret_at >= 0 && (size_t)hit.secret_at + STEK_AUDIT_PROOF_LEN <= ticket->len));
    if (ticket->secret_len >= STEK_AUDIT_PROOF_LEN)
        FUZZ_MUST(stek_audit_try_recipes(recipes, ticket, NULL, &hit) == STEK_OK);
    FUZZ_MUST(stek_audit_try_macs(macs, ticket, NULL, &hit) == STEK_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct stek_audit_ticket a, b;

    if (recipes == NULL)
        set_up();
    take_ticket(&input, (size_t)fuzz_take(&input, 2), &a);
    take_ticket(&input, SIZE_MAX, &b);
    const int32_t clear = stek_audit_clear_secret(&a);
    FUZZ_MUST(clear == STEK_AUDIT_NOWHERE || memcmp(a.bytes + clear, a.secret, a.secret_len) == 0);
    FUZZ_MUST(stek_audit_same_keystream(&a, &b) == stek_audit_same_keystream(&b, &a));
    FUZZ_MUST(!stek_audit_same_iv(&a, &a, 16) &&
              stek_audit_same_iv(&a, &b, 16) == stek_audit_same_iv(&b, &a, 16));
    try_keys(&a);
    free(a.bytes);
    free(b.bytes);
    return 0;
}
