/* SPDX-License-Identifier: Apache-2.0 */
#include "status/inspect.h"

#include "core/appdata.h"
#include "tls/ossl.h"

#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

enum { IV_LEN = 16, BLOCK_LEN = 16, MAC_LEN = 32, HEAD_LEN = STEK_NAME_LEN + IV_LEN };

/* What the ticket's bytes are. */
struct ticket {
    const uint8_t *bytes;
    size_t len;
    size_t state_len; /* encrypted */
};

static bool take_apart(const uint8_t *bytes, size_t len, struct ticket *ret_ticket)
{
    if (len < HEAD_LEN + BLOCK_LEN + MAC_LEN || len > STEK_INSPECT_TICKET_MAX ||
        (len - HEAD_LEN - MAC_LEN) % BLOCK_LEN != 0)
        return false;
    *ret_ticket = (struct ticket){bytes, len, len - HEAD_LEN - MAC_LEN};
    return true;
}

static void note_record(const struct stek_records *records, size_t i,
                        const struct stek_context *context, int64_t now,
                        struct stek_inspection *inspection)
{
    const struct stek_record *record = &records->at[i];

    inspection->seq = record->seq;
    inspection->state = stek_record_state(records, i, now);
    inspection->active_from = record->active_from;
    inspection->active_until = record->active_until;
    inspection->accept_until = record->accept_until;
    inspection->context = *context;
}

/* Finds the keys that have the ticket's name; false when there are none. */
static bool find_key(const struct stek_records *records, const struct stek_context *contexts,
                     size_t count, int64_t now, struct stek_inspection *inspection,
                     struct stek_ticket_key *ret_key)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;

    for (size_t i = (size_t)records->count; i-- > 0;) {
        for (size_t c = 0; c < count; c++) {
            if (stek_derive_ticket_key(&records->at[i].secret, &contexts[c], &key) != STEK_OK ||
                memcmp(key.name, inspection->name, sizeof key.name) != 0 ||
                stek_derive_fingerprint(&records->at[i].secret, &inspection->fingerprint) !=
                    STEK_OK)
                continue;
            note_record(records, i, &contexts[c], now, inspection);
            *ret_key = key;
            return true;
        }
    }
    return false;
}

static bool mac_is_right(const struct ticket *ticket, const struct stek_ticket_key *key)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    return HMAC(EVP_sha256(), key->hmac_key, STEK_HMAC_KEY_LEN, ticket->bytes,
                ticket->len - MAC_LEN, mac, &len) != NULL &&
           len == MAC_LEN &&
           CRYPTO_memcmp(mac, ticket->bytes + ticket->len - MAC_LEN, MAC_LEN) == 0;
}

/* Decrypts into `state`, which is large enough. Returns the length without padding, or -1. */
static int decrypt(const struct ticket *ticket, const struct stek_ticket_key *key, uint8_t *state)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int len = 0;
    int end = 0;
    const bool ok = cipher != NULL &&
                    EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key,
                                       ticket->bytes + STEK_NAME_LEN) == 1 &&
                    EVP_DecryptUpdate(cipher, state, &len, ticket->bytes + HEAD_LEN,
                                      (int)ticket->state_len) == 1 &&
                    EVP_DecryptFinal_ex(cipher, state + len, &end) == 1;

    EVP_CIPHER_CTX_free(cipher);
    return ok ? len + end : -1;
}

static void note_session(SSL_SESSION *session, struct stek_inspection *inspection)
{
    const char *name = SSL_SESSION_get0_hostname(session);
    struct stek_appdata appdata;
    void *bytes = NULL;
    size_t len = 0;

    inspection->verdict = STEK_INSPECT_SOUND;
    inspection->timeout_s = (int64_t)SSL_SESSION_get_timeout(session);
    inspection->has_cert = SSL_SESSION_get0_peer(session) != NULL;
    inspection->tls_version = SSL_SESSION_get_protocol_version(session);
    /* Before TLS 1.3 a session keeps the time of its full handshake when its ticket is renewed. */
    inspection->sealed_at =
        inspection->tls_version == TLS1_3_VERSION ? stek_ossl_session_time(session) : 0;
    if (name != NULL && strlen(name) <= STEK_INSPECT_SERVER_NAME_MAX)
        memcpy(inspection->server_name, name, strlen(name) + 1);
    if (SSL_SESSION_get0_ticket_appdata(session, &bytes, &len) == 1 && bytes != NULL &&
        stek_appdata_decode(bytes, len, &appdata)) {
        inspection->has_origin = true;
        inspection->origin = appdata.origin;
    }
}

/* Opens what is authentic. */
static enum stek_result open_ticket(const struct ticket *ticket, const struct stek_ticket_key *key,
                                    struct stek_inspection *inspection)
{
    uint8_t *state = malloc(ticket->state_len + BLOCK_LEN);

    if (state == NULL)
        return STEK_ERR_MEMORY;
    const int len = decrypt(ticket, key, state);
    const uint8_t *at = state;
    SSL_SESSION *session = len > 0 ? d2i_SSL_SESSION(NULL, &at, len) : NULL;
    inspection->verdict = STEK_INSPECT_UNREADABLE;
    if (session != NULL)
        note_session(session, inspection);
    SSL_SESSION_free(session);
    stek_wipe(state, ticket->state_len + BLOCK_LEN);
    free(state);
    return STEK_OK;
}

enum stek_result stek_inspect_ticket(const struct stek_records *records,
                                     const struct stek_context *contexts, size_t count,
                                     const uint8_t *bytes, size_t len, int64_t now,
                                     struct stek_inspection *ret_inspection)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    struct stek_inspection inspection = {.verdict = STEK_INSPECT_TOO_SHORT};
    enum stek_result result = STEK_OK;
    struct ticket ticket;

    (void)ERR_set_mark();
    if (take_apart(bytes, len, &ticket)) {
        memcpy(inspection.name, bytes, sizeof inspection.name);
        inspection.verdict = STEK_INSPECT_UNKNOWN;
        if (find_key(records, contexts, count, now, &inspection, &key)) {
            inspection.verdict = STEK_INSPECT_DAMAGED;
            if (mac_is_right(&ticket, &key))
                result = open_ticket(&ticket, &key, &inspection);
        }
    }
    (void)ERR_pop_to_mark();
    if (result == STEK_OK)
        *ret_inspection = inspection;
    return result;
}
