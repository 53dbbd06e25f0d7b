/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file for `stek inspect`: a verdict, or a text that says why there is none. */
#include "driver/fuzz.h"

#include "status/ticketfile.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

/* Seals the input under a key that is known, so that the session's parser is reached: the first
 * byte asks for that. */
static size_t seal(const uint8_t *data, size_t size, const struct stek_ticket_key *key,
                   uint8_t *ticket)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned int mac_len = 0;
    int len = 0;
    int end = 0;

    memcpy(ticket, key->name, sizeof key->name);
    memset(ticket + 16, 7, 16);
    FUZZ_MUST(EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, ticket + 16) == 1 &&
              EVP_EncryptUpdate(cipher, ticket + 32, &len, data, (int)size) == 1 &&
              EVP_EncryptFinal_ex(cipher, ticket + 32 + len, &end) == 1);
    EVP_CIPHER_CTX_free(cipher);
    const size_t sealed = 32 + (size_t)len + (size_t)end;
    FUZZ_MUST(HMAC(EVP_sha256(), key->hmac_key, 32, ticket, sealed, ticket + sealed, &mac_len) !=
              NULL);
    return sealed + mac_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct stek_context context = {4, "fuzz"};
    static uint8_t ticket[STEK_INSPECT_TICKET_MAX];
    struct stek_records records = {.count = 1};
    struct stek_inspection found = {.verdict = STEK_INSPECT_TOO_SHORT};
    struct stek_ticket_key key;
    size_t len = 0;

    records.at[0] = (struct stek_record){.seq = 1,
                                         .active_from = 1000,
                                         .active_until = 4600,
                                         .accept_until = 47800,
                                         .origin = STEK_ORIGIN_PUBLISHED,
                                         .secret = {{1, 2, 4, 9, 20, 7}}};
    memset(records.at[0].secret.bytes + 6, 0x5a, 26);
    FUZZ_MUST(stek_derive_ticket_key(&records.at[0].secret, &context, &key) == STEK_OK);
    if (size > 0 && data[0] == 1 && size < sizeof ticket - 96)
        len = seal(data + 1, size - 1, &key, ticket);
    else if (stek_ticket_from_file(data, size, ticket, &len) != NULL)
        return 0;
    FUZZ_MUST(len <= sizeof ticket);
    FUZZ_MUST(stek_inspect_ticket(&records, &context, 1, ticket, len, 2000, &found) == STEK_OK);
    FUZZ_MUST(found.verdict <= STEK_INSPECT_SOUND &&
              strlen(found.server_name) <= STEK_INSPECT_SERVER_NAME_MAX);
    if (len > 0) {
        static char text[STEK_TICKET_BASE64_MAX];
        size_t again = 0;
        stek_ticket_encode(ticket, len, text);
        FUZZ_MUST(stek_ticket_decode(text, ticket, &again) && again == len);
    }
    return 0;
}
