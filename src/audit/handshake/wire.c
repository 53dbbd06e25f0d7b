/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/wire.h"

#include <string.h>

enum {
    MESSAGE_CLIENT_HELLO = 1,
    MESSAGE_SERVER_HELLO = 2,
    MESSAGE_NEW_TICKET = 4,
    EXT_SUPPORTED_GROUPS = 10,
    EXT_PSK = 41,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_PSK_MODES = 45,
    EXT_KEY_SHARE = 51,
    PSK_KE = 0
};

/* RFC 9846 section 4.1.3: the random of a HelloRetryRequest. */
static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* What is left to read. After a read beyond the end `bad` stays set and reads give zeros. */
struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

static const uint8_t *take(struct reader *in, size_t len)
{
    const uint8_t *at = in->at;

    if (in->bad || len > in->left) {
        in->bad = true;
        return NULL;
    }
    in->at += len;
    in->left -= len;
    return at;
}

static uint32_t number(struct reader *in, size_t len)
{
    const uint8_t *at = take(in, len);
    uint32_t value = 0;

    for (size_t i = 0; at != NULL && i < len; i++)
        value = value << 8 | at[i];
    return value;
}

/* A vector with a length of `prefix` bytes. */
static struct reader vector(struct reader *in, size_t prefix)
{
    const size_t len = number(in, prefix);
    const uint8_t *at = take(in, len);

    return (struct reader){at, at != NULL ? len : 0, at == NULL};
}

/* The body of a whole message of this type. */
static struct reader body_of(const uint8_t *message, size_t len, uint8_t type)
{
    struct reader in = {message, len, false};
    const bool right = number(&in, 1) == type;
    struct reader body = vector(&in, 3);

    body.bad = body.bad || !right || in.left != 0;
    return body;
}

static void note_extension(struct stek_audit_server_hello *hello, uint16_t type,
                           struct reader *data)
{
    if (type == EXT_SUPPORTED_VERSIONS)
        hello->version = (uint16_t)number(data, 2);
    else if (type == EXT_PSK)
        hello->psk = true;
    else if (type == EXT_KEY_SHARE)
        hello->key_share = true;
}

bool stek_audit_read_server_hello(const uint8_t *message, size_t len,
                                  struct stek_audit_server_hello *ret_hello)
{
    struct stek_audit_server_hello hello = {0};
    struct reader in = body_of(message, len, MESSAGE_SERVER_HELLO);

    hello.version = (uint16_t)number(&in, 2);
    const uint8_t *random = take(&in, sizeof retry_random);
    struct reader sid = vector(&in, 1);
    if (random == NULL || sid.bad || sid.left > sizeof hello.sid)
        return false;
    hello.retry = memcmp(random, retry_random, sizeof retry_random) == 0;
    hello.sid_len = (uint8_t)sid.left;
    memcpy(hello.sid, sid.at, sid.left);
    hello.cipher = (uint16_t)number(&in, 2);
    (void)number(&in, 1);
    if (in.bad)
        return false;
    struct reader extensions = in.left > 0 ? vector(&in, 2) : in; /* TLS 1.2 may end without any */
    while (!extensions.bad && extensions.left > 0) {
        const uint16_t type = (uint16_t)number(&extensions, 2);
        struct reader data = vector(&extensions, 2);
        note_extension(&hello, type, &data);
        extensions.bad = extensions.bad || data.bad;
    }
    if (extensions.bad)
        return false;
    *ret_hello = hello;
    return true;
}

bool stek_audit_read_new_ticket(const uint8_t *message, size_t len, uint16_t version,
                                struct stek_audit_new_ticket *ret_ticket)
{
    struct stek_audit_new_ticket ticket = {0};
    struct reader in = body_of(message, len, MESSAGE_NEW_TICKET);

    ticket.hint_s = number(&in, 4);
    if (version >= 0x0304) {
        (void)number(&in, 4);
        struct reader nonce = vector(&in, 1);
        ticket.nonce = nonce.at;
        ticket.nonce_len = (uint8_t)nonce.left;
    }
    ticket.ticket_len = vector(&in, 2).left;
    if (in.bad)
        return false;
    *ret_ticket = ticket;
    return true;
}

bool stek_audit_read_client_sid(const uint8_t *message, size_t len, uint8_t ret_sid[32],
                                uint8_t *ret_sid_len)
{
    struct reader in = body_of(message, len, MESSAGE_CLIENT_HELLO);

    (void)take(&in, 2 + 32);
    struct reader sid = vector(&in, 1);
    if (sid.bad || sid.left > 32)
        return false;
    memcpy(ret_sid, sid.at, sid.left);
    *ret_sid_len = (uint8_t)sid.left;
    return true;
}

static void put_number(uint8_t *at, size_t len, size_t value)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> 8 * (len - 1 - i));
}

/* The lengths in a pre_shared_key extension with one identity and binder; false: another form. */
static bool measure_psk(struct reader data, size_t *ret_binders_at, size_t *ret_binder_len)
{
    const size_t all = data.left;
    struct reader identities = vector(&data, 2);
    (void)vector(&identities, 2);
    (void)number(&identities, 4);
    const size_t binders_at = all - data.left;
    struct reader binders = vector(&data, 2);
    struct reader binder = vector(&binders, 1);

    if (data.bad || data.left != 0 || identities.bad || identities.left != 0 || binder.bad ||
        binders.left != 0)
        return false;
    *ret_binders_at = binders_at;
    *ret_binder_len = binder.left;
    return true;
}

/* Copies the extensions that stay; returns the end of what was written, or NULL. */
static uint8_t *copy_extensions(struct reader *in, uint8_t *out, struct reader *ret_psk)
{
    bool psk = false;

    while (!in->bad && in->left > 0) {
        const uint8_t *start = in->at;
        const uint32_t type = number(in, 2);
        const struct reader data = vector(in, 2);
        if (data.bad || psk) /* the PSK must be the last */
            return NULL;
        if (type == EXT_KEY_SHARE || type == EXT_SUPPORTED_GROUPS)
            continue;
        memcpy(out, start, 4 + data.left);
        if (type == EXT_PSK_MODES && data.left >= 2) {
            put_number(out + 2, 2, 2);
            out[4] = 1;
            out[5] = PSK_KE;
            out += 6;
            continue;
        }
        if (type == EXT_PSK) {
            psk = true;
            *ret_psk = data;
        }
        out += 4 + data.left;
    }
    return in->bad || !psk ? NULL : out;
}

bool stek_audit_make_psk_only(const uint8_t *message, size_t len, uint8_t *ret_out, size_t *ret_len,
                              size_t *ret_truncated_len, size_t *ret_binder_len)
{
    struct reader in = body_of(message, len, MESSAGE_CLIENT_HELLO);
    struct reader psk = {NULL, 0, true};
    size_t binders_at, binder_len;

    (void)take(&in, 2 + 32);
    (void)vector(&in, 1);
    (void)vector(&in, 2);
    (void)vector(&in, 1);
    if (in.bad)
        return false;
    const size_t head = (size_t)(in.at - message);
    struct reader extensions = vector(&in, 2);
    if (extensions.bad || in.left != 0)
        return false;
    memcpy(ret_out, message, head);
    const uint8_t *end = copy_extensions(&extensions, ret_out + head + 2, &psk);
    if (end == NULL || !measure_psk(psk, &binders_at, &binder_len))
        return false;
    const size_t out_len = (size_t)(end - ret_out);
    put_number(ret_out + 1, 3, out_len - 4);
    put_number(ret_out + head, 2, out_len - head - 2);
    memset(ret_out + out_len - binder_len, 0, binder_len);
    *ret_len = out_len;
    *ret_truncated_len = out_len - psk.left + binders_at;
    *ret_binder_len = binder_len;
    return true;
}
