/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed_ticket.h"

#include "ring_child.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

enum { NAME = 16, HEAD = 32, MAC = 32 };

struct sealed_ticket sealed_ticket_of(const SSL_SESSION *session)
{
    struct sealed_ticket ticket;
    const unsigned char *at;

    SSL_SESSION_get0_ticket(session, &at, &ticket.len);
    CHECK(at != NULL && ticket.len <= sizeof ticket.at);
    memcpy(ticket.at, at, ticket.len);
    return ticket;
}

static void tag(const struct stek_key *key, const unsigned char *at, size_t len,
                unsigned char ret_tag[MAC])
{
    unsigned int tag_len = MAC;

    CHECK(HMAC(EVP_sha256(), key->hmac_key, sizeof key->hmac_key, at, len, ret_tag, &tag_len) !=
          NULL);
}

static size_t cipher(const struct stek_key *key, int enc, const unsigned char *iv,
                     const unsigned char *from, size_t len, unsigned char *to)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int first = 0, rest = 0;

    CHECK(EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key->aes_key, iv, enc) == 1);
    CHECK(EVP_CipherUpdate(ctx, to, &first, from, (int)len) == 1);
    CHECK(EVP_CipherFinal_ex(ctx, to + first, &rest) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return (size_t)first + (size_t)rest;
}

bool sealed_ticket_open(const struct sealed_ticket *ticket, struct stek_label *label,
                        struct sealed_ticket *ret_state)
{
    struct stek_key key;
    unsigned char expected[MAC];

    CHECK(ticket->len > HEAD + MAC);
    if (stek_key_find(label, ticket->at, &key, NULL) != STEK_OK)
        return false;
    tag(&key, ticket->at, ticket->len - MAC, expected);
    if (memcmp(expected, ticket->at + ticket->len - MAC, MAC) != 0)
        return false;
    ret_state->len = cipher(&key, 0, ticket->at + NAME, ticket->at + HEAD, ticket->len - HEAD - MAC,
                            ret_state->at);
    return true;
}

struct sealed_ticket sealed_ticket_seal(const struct sealed_ticket *state, struct stek_label *label)
{
    struct sealed_ticket ticket;
    struct stek_key key;

    CHECK(stek_key_current(label, &key, NULL) == STEK_OK);
    memcpy(ticket.at, key.name, NAME);
    memset(ticket.at + NAME, 0x42, HEAD - NAME);
    ticket.len = HEAD + cipher(&key, 1, ticket.at + NAME, state->at, state->len, ticket.at + HEAD);
    tag(&key, ticket.at, ticket.len, ticket.at + ticket.len);
    ticket.len += MAC;
    return ticket;
}

SSL_SESSION *sealed_ticket_put(SSL_SESSION *session, const struct sealed_ticket *ticket)
{
    const struct sealed_ticket old = sealed_ticket_of(session);
    unsigned char *der = NULL;
    const int len = i2d_SSL_SESSION(session, &der);

    CHECK(len > 0 && old.len == ticket->len);
    unsigned char *place = memmem(der, (size_t)len, old.at, old.len);
    CHECK(place != NULL);
    memcpy(place, ticket->at, ticket->len);
    const unsigned char *from = der;
    SSL_SESSION *changed = d2i_SSL_SESSION(NULL, &from, len);
    CHECK(changed != NULL);
    OPENSSL_free(der);
    return changed;
}
