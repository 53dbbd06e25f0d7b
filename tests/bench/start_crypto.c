/* SPDX-License-Identifier: Apache-2.0 */
/* bench-start-crypto: the least program that reads OpenSSL's configuration and makes no SSL_CTX. As
 * bench-start-tls. */
#include "start.h"

#include <openssl/crypto.h>

int main(int argc, char **argv)
{
    const int ready = OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);

    (void)argv;
    if (argc > 1)
        start_print_memory();
    return ready == 1 ? 0 : 2;
}
