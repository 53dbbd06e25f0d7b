/* SPDX-License-Identifier: Apache-2.0 */
/* bench-start-tls: the least program that uses TLS. With an argument it prints what memory it has
 * in the end. */
#include "start.h"

#include <openssl/ssl.h>

int main(int argc, char **argv)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    (void)argv;
    if (argc > 1)
        start_print_memory();
    SSL_CTX_free(ctx);
    return ctx != NULL ? 0 : 2;
}
