/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the dictionary: keys that are scheduled once, and what is tried with them. */
#ifndef STEK_AUDIT_DICT_CIPHER_H
#define STEK_AUDIT_DICT_CIPHER_H

#include "audit/dictionary/keys.h"
#include "audit/dictionary/probes.h"
#include "audit/dictionary/dictionary.h"

#include <openssl/evp.h>

/* One AES key, scheduled in both directions; 32-byte keys also serve ChaCha20. */
struct stek_audit_cipher_key {
    uint32_t pattern;
    uint8_t len;
    uint8_t key[32];
    EVP_CIPHER_CTX *encrypt, *decrypt, *chacha;
};

/* Errors: STEK_ERR_CRYPTO; nothing is left behind then. */
STEK_MUST_USE enum stek_result stek_audit_cipher_key_init(struct stek_audit_cipher_key *key);
void stek_audit_cipher_key_fini(struct stek_audit_cipher_key *key);

/* Fill ret_hit (kind, cipher, nonce_at, secret_at) on a hit. Error: STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result stek_audit_try_counters(const struct stek_audit_cipher_key *key,
                                                       const struct stek_audit_probes *probes,
                                                       struct stek_audit_hit *ret_hit);
STEK_MUST_USE enum stek_result stek_audit_try_cbc(const struct stek_audit_cipher_key *key,
                                                  const struct stek_audit_probes *probes,
                                                  struct stek_audit_hit *ret_hit);
STEK_MUST_USE enum stek_result stek_audit_try_chacha(const struct stek_audit_cipher_key *key,
                                                     const struct stek_audit_probes *probes,
                                                     struct stek_audit_hit *ret_hit);

/* MAC keys. */
struct stek_audit_mac_keys;
STEK_MUST_USE enum stek_result stek_audit_mac_keys_new(const struct stek_audit_pattern *patterns,
                                                       size_t len,
                                                       struct stek_audit_mac_keys **ret_keys);
void stek_audit_mac_keys_free(struct stek_audit_mac_keys *keys);
/* Fills ret_hit (mac, mac_key) if the key made the ticket's last bytes. Error: STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result stek_audit_try_macs(const struct stek_audit_mac_keys *keys,
                                                   const struct stek_audit_ticket *ticket,
                                                   const struct stek_audit_until *until,
                                                   struct stek_audit_hit *ret_hit);

#endif
