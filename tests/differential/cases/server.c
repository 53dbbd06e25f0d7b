/* SPDX-License-Identifier: Apache-2.0 */
/* The servers' SSL_CTXs, and the files of the run. */
#include "cases.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <stdlib.h>

static const char *folder = ".";

void files_are_in(const char *where)
{
    folder = where;
}

const char *file_of(const char *name, const char *end)
{
    static char paths[2][1024];
    static unsigned used;
    char *path = paths[used++ % 2];

    (void)snprintf(path, sizeof paths[0], "%s/%s%s", folder, name, end);
    return path;
}

void must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "cases: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(2);
}

SSL_CTX *server(const char *certificate)
{
    static const unsigned char of_all[] = "one for all";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    must(ctx != NULL, "no SSL_CTX");
    must(SSL_CTX_set_session_id_context(ctx, of_all, sizeof of_all - 1) == 1, "id context");
    if (certificate == NULL)
        return ctx;
    must(SSL_CTX_use_certificate_file(ctx, file_of(certificate, ".crt"), SSL_FILETYPE_PEM) == 1 &&
             SSL_CTX_use_PrivateKey_file(ctx, file_of(certificate, ".key"), SSL_FILETYPE_PEM) == 1,
         certificate);
    return ctx;
}

void trust(SSL_CTX *ctx, const char *authority)
{
    must(SSL_CTX_load_verify_locations(ctx, file_of(authority, ".trust"), NULL) == 1, authority);
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(file_of(authority, ".trust")));
}

SSL_CTX *verifying(const char *certificate, int mode, const char *authority)
{
    SSL_CTX *ctx = server(certificate);

    SSL_CTX_set_verify(ctx, mode, NULL);
    trust(ctx, authority);
    return ctx;
}

X509_STORE *store_of(const char *authority)
{
    X509_STORE *store = X509_STORE_new();

    must(store != NULL && X509_STORE_load_locations(store, file_of(authority, ".trust"), NULL) == 1,
         authority);
    return store;
}

void add_crls(X509_STORE *store)
{
    must(X509_load_crl_file(X509_STORE_add_lookup(store, X509_LOOKUP_file()), file_of("A", ".crl"),
                            X509_FILETYPE_PEM) > 0 &&
             X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1,
         "revocation lists");
}
