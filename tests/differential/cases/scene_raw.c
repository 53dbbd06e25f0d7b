/* SPDX-License-Identifier: Apache-2.0 */
/* Clients who are known by a raw public key (RFC 7250), which OpenSSL has since 3.2. */
#include "cases.h"

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
/* It takes whatever key there is; the program asks for it later. */
static int take_all(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

static SSL_CTX *raw(const char *certificate, int mode)
{
    static const unsigned char kinds[] = {TLSEXT_cert_type_rpk, TLSEXT_cert_type_x509};
    SSL_CTX *ctx = verifying(certificate, mode, "A");

    SSL_CTX_set_verify(ctx, mode, take_all);
    must(SSL_CTX_set1_client_cert_type(ctx, kinds, sizeof kinds) == 1, "raw public keys");
    return ctx;
}

static size_t build(struct place *places)
{
    places[0] = (struct place){.name = "raw", .ctx = raw("server-a", DEMAND)};
    places[1] = (struct place){.name = "raw-too", .ctx = raw("server-a", DEMAND)};
    places[2] = (struct place){.name = "ask", .ctx = raw("server-a", SSL_VERIFY_PEER)};
    places[3] = (struct place){.name = "open", .ctx = server("server-a")};
    places[4] = (struct place){.name = "demand", .ctx = verifying("server-a", DEMAND, "A")};
    return 5;
}

const struct scene scene_raw = {.name = "raw",
                                .build = build,
                                .clients = {"raw-alice", "raw-bob", "alice", "nobody"},
                                .verifies = true,
                                .short_run = true};
#else
const struct scene scene_raw = {.name = "raw"};
#endif
