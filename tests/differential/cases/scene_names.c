/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody is verified: certificates with names of all kinds, without any, and none at all. */
#include "cases.h"

static size_t build_names(struct place *places)
{
    static const struct place all[] = {
        {.name = "a", .names = "a"},
        {.name = "a2", .names = "a"},
        {.name = "b", .names = "b"},
        {.name = "ip1", .names = "ip1"},
        {.name = "ip2", .names = "ip2"},
        {.name = "nameless1", .names = "nameless1"},
        {.name = "nameless2", .names = "nameless2"},
    };
    static const char *const files[] = {"server-a",        "server-a2",  "server-b",
                                        "server-ip1",      "server-ip2", "server-nameless1",
                                        "server-nameless2"};
    const size_t count = sizeof all / sizeof *all;

    for (size_t i = 0; i < count; i++) {
        places[i] = all[i];
        places[i].ctx = server(files[i]);
    }
    return count;
}

const struct scene scene_names = {"names", build_names, {"nobody"}, .short_run = true};

/* SSL_CTX_set_cert_cb(3): the certificate comes with the connection. */
static int choose(SSL *ssl, void *file)
{
    return SSL_use_certificate_file(ssl, file_of(file, ".crt"), SSL_FILETYPE_PEM) == 1 &&
           SSL_use_PrivateKey_file(ssl, file_of(file, ".key"), SSL_FILETYPE_PEM) == 1;
}

static SSL_CTX *choosing(const char *file)
{
    SSL_CTX *ctx = server(NULL);

    SSL_CTX_set_cert_cb(ctx, choose, (void *)(uintptr_t)file);
    return ctx;
}

static SSL_CTX *anonymous(void)
{
    SSL_CTX *ctx = server(NULL);

    must(SSL_CTX_set_cipher_list(ctx, "aNULL:@SECLEVEL=0") == 1, "anonymous ciphers");
    return ctx;
}

static SSL *with_certificate(struct place *place)
{
    SSL *ssl = SSL_new(place->ctx);

    must(ssl != NULL && choose(ssl, (void *)(uintptr_t) "server-a"), "a certificate for one SSL");
    return ssl;
}

static size_t build_certless(struct place *places)
{
    places[0] = (struct place){.name = "callback-a", .ctx = choosing("server-a")};
    places[1] = (struct place){.name = "callback-b", .ctx = choosing("server-b")};
    places[2] = (struct place){.name = "anonymous1", .ctx = anonymous()};
    places[3] = (struct place){.name = "anonymous2", .ctx = anonymous()};
    places[4] = (struct place){.name = "ssl-a", .ctx = server(NULL), .accept = with_certificate};
    places[5] = (struct place){.name = "certificate", .names = "a", .ctx = server("server-a")};
    return 6;
}

const struct scene scene_certless = {"certless", build_certless, {"nobody"}, .short_run = true};
