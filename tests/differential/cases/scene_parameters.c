/* SPDX-License-Identifier: Apache-2.0 */
/* SSL_CTXs of one program with the same certificate, each with one thing different. */
#include "cases.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static SSL_CTX *demand(const char *authority)
{
    return verifying("server-a", DEMAND, authority);
}

static int take_all(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

static int take_all_else(X509_STORE_CTX *store, void *arg)
{
    (void)store, (void)arg;
    return 1;
}

static SSL_CTX *with_callback(void)
{
    SSL_CTX *ctx = demand("B");

    SSL_CTX_set_verify(ctx, DEMAND, take_all);
    return ctx;
}

static SSL_CTX *with_other_verification(void)
{
    SSL_CTX *ctx = demand("B");

    SSL_CTX_set_cert_verify_callback(ctx, take_all_else, NULL);
    return ctx;
}

static SSL_CTX *more_trust(void)
{
    SSL_CTX *ctx = demand("AB");

    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(file_of("A", ".trust")));
    return ctx;
}

static SSL_CTX *with_crls(void)
{
    SSL_CTX *ctx = demand("A");

    add_crls(SSL_CTX_get_cert_store(ctx));
    return ctx;
}

static SSL_CTX *with_verify_store(void)
{
    SSL_CTX *ctx = demand("A");

    must(SSL_CTX_set1_verify_cert_store(ctx, store_of("B")) == 1, "a store that verifies");
    return ctx;
}

static SSL_CTX *with_depth(int depth)
{
    SSL_CTX *ctx = demand("A");

    SSL_CTX_set_verify_depth(ctx, depth);
    return ctx;
}

static SSL_CTX *with_flags(unsigned long flags)
{
    SSL_CTX *ctx = demand("A");

    must(X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), flags) == 1, "verify flags");
    return ctx;
}

static SSL_CTX *with_purpose(int purpose)
{
    SSL_CTX *ctx = demand("A");

    must(SSL_CTX_set_purpose(ctx, purpose) == 1, "a purpose");
    return ctx;
}

static SSL_CTX *with_host(const char *host, unsigned flags)
{
    SSL_CTX *ctx = demand("A");
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(ctx);

    X509_VERIFY_PARAM_set_hostflags(parameters, flags);
    must(host == NULL || X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1, "a host");
    return ctx;
}

static SSL_CTX *with_level(int level)
{
    SSL_CTX *ctx = demand("A");

    SSL_CTX_set_security_level(ctx, level);
    return ctx;
}

static SSL_CTX *with_ciphers(void)
{
    SSL_CTX *ctx = demand("A");

    must(SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-CHACHA20-POLY1305") == 1 &&
             SSL_CTX_set_ciphersuites(ctx, "TLS_CHACHA20_POLY1305_SHA256") == 1,
         "ciphers");
    return ctx;
}

static SSL_CTX *with_announced(const char *authority)
{
    SSL_CTX *ctx = demand("A");

    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(file_of(authority, ".trust")));
    return ctx;
}

static SSL_CTX *with_id_context(const char *text, unsigned len)
{
    SSL_CTX *ctx = demand("A");

    must(SSL_CTX_set_session_id_context(ctx, (const unsigned char *)text, len) == 1, "id context");
    return ctx;
}

static size_t build(struct place *places)
{
    const struct place all[] = {
        {.name = "demand", .ctx = demand("A")},
        {.name = "same-again", .ctx = demand("A")},
        {.name = "open", .ctx = server("server-a")},
        {.name = "optional", .ctx = verifying("server-a", SSL_VERIFY_PEER, "A")},
        {.name = "other-ca", .ctx = demand("B")},
        {.name = "same-name-ca", .ctx = demand("A2")},
        {.name = "more-trust", .ctx = more_trust()},
        {.name = "crl", .ctx = with_crls()},
        {.name = "verify-store", .ctx = with_verify_store()},
        {.name = "depth", .ctx = with_depth(0)},
        {.name = "strict", .ctx = with_flags(X509_V_FLAG_X509_STRICT)},
        {.name = "purpose", .ctx = with_purpose(X509_PURPOSE_SSL_SERVER)},
        {.name = "host", .ctx = with_host("bob", X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT)},
        {.name = "hostflags", .ctx = with_host(NULL, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)},
        {.name = "callback", .ctx = with_callback()},
        {.name = "verification", .ctx = with_other_verification()},
        {.name = "announced", .ctx = with_announced("B")},
        {.name = "level", .ctx = with_level(4)},
        {.name = "ciphers", .ctx = with_ciphers()},
        {.name = "id-context", .ctx = with_id_context("another", 7)},
        {.name = "no-id-context", .ctx = with_id_context("", 0)},
    };
    const size_t count = sizeof all / sizeof *all;

    for (size_t i = 0; i < count; i++)
        places[i] = all[i];
    return count;
}

const struct scene scene_parameters = {.name = "parameters",
                                       .build = build,
                                       .clients = {"alice", "bob", "alice2", "nobody"},
                                       .verifies = true,
                                       .short_run = true};
