/* SPDX-License-Identifier: Apache-2.0 */
#include "wolfssl_server.h"

#include <stek-wolfssl.h>

/* They are wolfSSL's own objects; tests never look into them. */
static WOLFSSL_CTX *ctx_of(struct wolfssl_server *server)
{
    return (WOLFSSL_CTX *)server;
}

static WOLFSSL *ssl_of(struct wolfssl_side *side)
{
    return (WOLFSSL *)side;
}

static int send_bytes(WOLFSSL *ssl, char *at, int len, void *arg)
{
    const struct wolfssl_wire *wire = arg;
    const int sent = wire->send(wire->arg, at, len);

    (void)ssl;
    return sent > 0 ? sent : WOLFSSL_CBIO_ERR_WANT_WRITE;
}

static int receive_bytes(WOLFSSL *ssl, char *at, int len, void *arg)
{
    const struct wolfssl_wire *wire = arg;
    const int received = wire->receive(wire->arg, at, len);

    (void)ssl;
    return received > 0 ? received : WOLFSSL_CBIO_ERR_WANT_READ;
}

static bool set_up(WOLFSSL_CTX *ctx, struct stek_label *label, struct wolfssl_der cert,
                   struct wolfssl_der key)
{
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
    wolfSSL_CTX_SetIORecv(ctx, receive_bytes);
    wolfSSL_CTX_SetIOSend(ctx, send_bytes);
    return wolfSSL_CTX_use_certificate_buffer(ctx, cert.at, cert.len, WOLFSSL_FILETYPE_ASN1) ==
               WOLFSSL_SUCCESS &&
           wolfSSL_CTX_use_PrivateKey_buffer(ctx, key.at, key.len, WOLFSSL_FILETYPE_ASN1) ==
               WOLFSSL_SUCCESS &&
           (label == NULL || stek_wolfssl_attach(ctx, label) == STEK_OK);
}

struct wolfssl_server *wolfssl_server_new(struct stek_label *label, struct wolfssl_der cert,
                                          struct wolfssl_der key)
{
    WOLFSSL_CTX *ctx = NULL;

    if (wolfSSL_Init() == WOLFSSL_SUCCESS)
        ctx = wolfSSL_CTX_new(wolfSSLv23_server_method());
    if (ctx != NULL && !set_up(ctx, label, cert, key)) {
        wolfSSL_CTX_free(ctx);
        ctx = NULL;
    }
    return (struct wolfssl_server *)ctx;
}

void wolfssl_server_free(struct wolfssl_server *server)
{
    wolfSSL_CTX_free(ctx_of(server));
}

struct wolfssl_side *wolfssl_side_new(struct wolfssl_server *server, struct wolfssl_wire *wire)
{
    WOLFSSL *ssl = wolfSSL_new(ctx_of(server));

    if (ssl != NULL) {
        wolfSSL_SetIOReadCtx(ssl, wire);
        wolfSSL_SetIOWriteCtx(ssl, wire);
    }
    return (struct wolfssl_side *)ssl;
}

void wolfssl_side_free(struct wolfssl_side *side)
{
    wolfSSL_free(ssl_of(side));
}

int wolfssl_side_turn(struct wolfssl_side *side)
{
    const int answer = wolfSSL_accept(ssl_of(side));

    if (answer == WOLFSSL_SUCCESS)
        return 1;
    const int error = wolfSSL_get_error(ssl_of(side), answer);
    return error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE ? 0 : -1;
}

bool wolfssl_side_resumed(struct wolfssl_side *side)
{
    return wolfSSL_session_reused(ssl_of(side)) == 1;
}
