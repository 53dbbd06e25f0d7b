/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket formats and key derivations that some servers invented. From their sources:
 *
 *     GnuTLS (lib/stek.c, lib/ext/session_ticket.c, lib/tls13/session_ticket.c)
 *         name[16] iv[16] u16 length, AES-256-CBC, HMAC-SHA1[20]
 *         keys = SHA3-512(u64 t, master[64]) = name[16] enc[32] mac[16], t = time / (3 * lifetime)
 *         before the first rotation (and in CVE-2020-13777 then always): zeros, the master itself
 *         a TLS 1.3 ticket holds: u16 hash, u32 age_add, u32 lifetime, u8 length,
 *         resumption master secret
 *     Go (crypto/tls/common.go, ticket.go)
 *         keys = SHA-512(key[32]) = name[16] aes[16] hmac[16] …
 *         until 1.20: name[16] iv[16]; since then: iv[16]; AES-128-CTR, HMAC-SHA256[32]
 *         until 1.20 a TLS 1.3 ticket holds: u16 version, u8, u16 suite, u64 time, u8 length,
 *         resumption master secret
 *     s2n-tls (tls/s2n_resume.c, s2n_config.c)
 *         01 name[16] info[32] nonce[12],
 *         AES-256-GCM under HKDF-SHA256(HKDF-SHA256(key)[0..31], info)
 *     wolfSSL (src/internal.c, struct ExternalTicket)
 *         name[16] iv[16] u16 length, AES-GCM or ChaCha20-Poly1305 with the first 12 bytes of iv,
 *         mac[32]
 *         a ticket holds: u16 version, u16 suite, master secret (TLS 1.3: resumption master secret)
 *
 * A resumption master secret is proved by deriving the session's PSK from it
 * (RFC 9846 section 4.6.1).
 */
#ifndef STEK_AUDIT_DICT_RECIPES_H
#define STEK_AUDIT_DICT_RECIPES_H

#include "audit/dictionary/cipher.h"

struct stek_audit_recipes;

/* `keys` and `patterns` have to outlive it. Errors: STEK_ERR_MEMORY, STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result stek_audit_recipes_new(const struct stek_audit_cipher_key *keys,
                                                      size_t keys_len,
                                                      const struct stek_audit_pattern *patterns,
                                                      size_t patterns_len,
                                                      struct stek_audit_recipes **ret_recipes);
void stek_audit_recipes_free(struct stek_audit_recipes *recipes);

/* Fills all of ret_hit but the MAC when a recipe opens the ticket. Errors: STEK_ERR_CRYPTO. */
STEK_MUST_USE enum stek_result stek_audit_try_recipes(struct stek_audit_recipes *recipes,
                                                      const struct stek_audit_ticket *ticket,
                                                      const struct stek_audit_until *until,
                                                      struct stek_audit_hit *ret_hit);

/* Whether `rms` (as long as the secret) is a TLS 1.3 ticket's resumption master secret. */
bool stek_audit_is_resumption_secret(const struct stek_audit_ticket *ticket, const uint8_t *rms);

#endif
