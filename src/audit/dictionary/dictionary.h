/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dictionary of weak and known keys: does any of them open a ticket? A hit is proved by
 * decrypting the ticket and finding the session's own secret in it (16 bytes or more in a row), or,
 * for a MAC key, by the tag at its end.
 *
 * Ciphers: AES-128 and AES-256 in CBC, CTR, GCM and CCM, ChaCha20-Poly1305; tags HMAC-SHA1,
 * -SHA256, -SHA384, -SHA512. The plaintext proves more than an AEAD's tag does, so such tags are
 * not computed: the keystream alone is tried. Keys that servers derive from a key of the
 * operator's, and sessions that hold the resumption master secret instead of the PSK, are in
 * dict_recipes.c.
 *
 * The attacker is a server under audit: tickets of any length and content are sound input.
 */
#ifndef STEK_AUDIT_DICTIONARY_H
#define STEK_AUDIT_DICTIONARY_H

#include "stek.h"

#include "audit/observation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stek_audit_dictionary;

/* Asked before each key: true ends the search. NULL, or no function: it goes on to its end. */
struct stek_audit_until {
    bool (*is_over)(void *arg);
    void *arg;
};

static inline bool stek_audit_ends(const struct stek_audit_until *until)
{
    return until != NULL && until->is_over != NULL && until->is_over(until->arg);
}

enum stek_audit_hit_kind {
    STEK_AUDIT_HIT_NONE,
    STEK_AUDIT_HIT_OPENED, /* decrypted, and the secret was in it */
    STEK_AUDIT_HIT_FORGED  /* only the MAC key is known: tickets can be changed, not read */
};

struct stek_audit_hit {
    enum stek_audit_hit_kind kind;
    char key[96];       /* for people: `all zeros`, … */
    const char *cipher; /* static: `AES-256-CBC`; NULL when only the MAC key is known */
    int32_t nonce_at;   /* offset of nonce or IV, -1: not in the ticket, or (CBC) not told by the
                           plaintext */
    int32_t secret_at; /* offset in the ticket of ciphertext that decrypts to a piece of the secret;
                          -1: none */
    const char
        *mac; /* static: `HMAC-SHA256`; NULL when the MAC key is not known, or there is none */
    char mac_key[96];
};

/* Heap; free with _free(), NULL is fine. Errors: STEK_ERR_MEMORY, STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result
stek_audit_dictionary_new(struct stek_audit_dictionary **ret_dictionary);
void stek_audit_dictionary_free(struct stek_audit_dictionary *dictionary);

/* How many keys there are, of all lengths. */
size_t stek_audit_dictionary_len(const struct stek_audit_dictionary *dictionary);

/*
 * Tries every key on a ticket, `until` says to stop. Not finding one is STEK_OK with kind
 * STEK_AUDIT_HIT_NONE. One dictionary serves one thread at a time. Errors: STEK_ERR_MEMORY,
 * STEK_ERR_CRYPTO.
 */
STEK_MUST_USE enum stek_result stek_audit_dictionary_try(struct stek_audit_dictionary *dictionary,
                                                         const struct stek_audit_ticket *ticket,
                                                         const struct stek_audit_until *until,
                                                         struct stek_audit_hit *ret_hit);

#endif
