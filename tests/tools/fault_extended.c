/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_extended.h"

#if OPENSSL_VERSION_NUMBER >= 0x30000000L

void fault_without_extended_secret(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
}

#else

#include <stdint.h>

enum {
    BEFORE_SESSION_ID = 4 + 2 + 32, /* the message's head, version, random */
    RESERVED_BYTE = 0xfa,           /* twice: a type that libssl passes over (RFC 8701) */
    EXTENDED_MASTER_SECRET = 23,
    SUPPORTED_VERSIONS = 43
};

static size_t number16(const unsigned char *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* Where the extensions of a ClientHello begin; `len` where it has none. */
static size_t extensions(const unsigned char *hello, size_t len)
{
    size_t at = BEFORE_SESSION_ID;

    if (at + 1 > len)
        return len;
    at += 1 + (size_t)hello[at];
    if (at + 2 > len)
        return len;
    at += 2 + number16(hello + at);
    if (at + 1 > len)
        return len;
    at += 1 + (size_t)hello[at];
    return at + 2 < len ? at + 2 : len;
}

/* The extension of this type, or NULL. */
static unsigned char *find(unsigned char *hello, size_t len, size_t type)
{
    for (size_t at = extensions(hello, len); at + 4 <= len; at += 4 + number16(hello + at + 2))
        if (number16(hello + at) == type)
            return hello + at;
    return NULL;
}

/*
 * libssl 1.1.1 has no such option. It shows a message when it has hashed it and before it reads it:
 * there the extension of a ClientHello of TLS 1.2 gets another type.
 */
static void on_message(int is_written, int version, int content, const void *data, size_t len,
                       SSL *ssl, void *arg)
{
    unsigned char *hello = (unsigned char *)(uintptr_t)data;

    (void)version;
    (void)ssl;
    (void)arg;
    if (is_written || content != SSL3_RT_HANDSHAKE || len < 4 || hello[0] != SSL3_MT_CLIENT_HELLO ||
        find(hello, len, SUPPORTED_VERSIONS) != NULL)
        return;
    unsigned char *extension = find(hello, len, EXTENDED_MASTER_SECRET);
    if (extension != NULL)
        extension[0] = extension[1] = RESERVED_BYTE;
}

void fault_without_extended_secret(SSL_CTX *ctx)
{
    SSL_CTX_set_msg_callback(ctx, on_message);
}

#endif
