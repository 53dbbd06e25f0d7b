/* SPDX-License-Identifier: Apache-2.0 */
#include "status/ticketfile.h"

#include "tls/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdlib.h>
#include <string.h>

static const char pem_begin[] = "-----BEGIN ";
static const char pem_head[] = "-----BEGIN SSL SESSION PARAMETERS-----";

static SSL_SESSION *read_pem(const uint8_t *bytes, size_t len)
{
    BIO *memory = BIO_new_mem_buf(bytes, (int)len);
    SSL_SESSION *session = NULL;

    (void)ERR_set_mark();
    if (memory != NULL)
        session = PEM_read_bio_SSL_SESSION(memory, NULL, NULL, NULL);
    BIO_free(memory);
    (void)ERR_pop_to_mark();
    return session;
}

static const char *take_ticket(const uint8_t *ticket, size_t len, uint8_t *ret_ticket,
                               size_t *ret_len)
{
    if (len > STEK_INSPECT_TICKET_MAX)
        return "the ticket is longer than 32 KiB";
    memcpy(ret_ticket, ticket, len);
    *ret_len = len;
    return NULL;
}

static const char *from_pem(const uint8_t *bytes, size_t len, uint8_t *ret_ticket, size_t *ret_len)
{
    SSL_SESSION *session = read_pem(bytes, len);
    const unsigned char *ticket = NULL;
    size_t ticket_len = 0;

    if (session == NULL)
        return "it begins like a session in PEM, but OpenSSL cannot read it";
    SSL_SESSION_get0_ticket(session, &ticket, &ticket_len);
    const char *problem =
        ticket != NULL && ticket_len > 0
            ? take_ticket(ticket, ticket_len, ret_ticket, ret_len)
            : "its session has no ticket: the server sent none (in TLS 1.3 tickets come after the "
              "handshake: keep the connection open until then)";
    SSL_SESSION_free(session);
    return problem;
}

const char *stek_ticket_from_file(const uint8_t *bytes, size_t len,
                                  uint8_t ret_ticket[STEK_INSPECT_TICKET_MAX], size_t *ret_len)
{
    if (len == 0)
        return "it is empty";
    if (len > STEK_TICKET_FILE_MAX)
        return "it is longer than 256 KiB: neither a session in PEM nor a ticket";
    if (memmem(bytes, len, pem_head, sizeof pem_head - 1) != NULL)
        return from_pem(bytes, len, ret_ticket, ret_len);
    if (memmem(bytes, len, pem_begin, sizeof pem_begin - 1) != NULL)
        return "it is PEM, but no session: give the file that 'openssl s_client -sess_out FILE' "
               "writes";
    return take_ticket(bytes, len, ret_ticket, ret_len);
}

void stek_ticket_encode(const uint8_t *ticket, size_t len, char ret_text[STEK_TICKET_BASE64_MAX])
{
    (void)EVP_EncodeBlock((unsigned char *)ret_text, ticket, (int)len);
}

bool stek_ticket_decode(const char *text, uint8_t ret_ticket[STEK_INSPECT_TICKET_MAX],
                        size_t *ret_len)
{
    const size_t len = strlen(text);
    size_t padding = 0;

    if (len == 0 || len % 4 != 0 || len >= STEK_TICKET_BASE64_MAX)
        return false;
    while (padding < 2 && text[len - 1 - padding] == '=')
        padding++;
    unsigned char *bytes = malloc(len / 4 * 3);
    const int decoded =
        bytes != NULL ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len) : -1;
    const bool ok = decoded > 0 && (size_t)decoded - padding <= STEK_INSPECT_TICKET_MAX;
    if (ok) {
        *ret_len = (size_t)decoded - padding;
        memcpy(ret_ticket, bytes, *ret_len);
    }
    free(bytes);
    return ok;
}
