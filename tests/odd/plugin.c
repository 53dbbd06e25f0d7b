/* SPDX-License-Identifier: Apache-2.0 */
/* A part of a program that brings libssl with it: unloads.c loads it and takes it out again. */
#include "odd.h"

#include <stdio.h>

extern const char *identity;

void odd_plugin_run(const char *file);

void odd_plugin_run(const char *file)
{
    identity = file;
    SSL_CTX *server = new_server(TLS_server_method());
    print_both("plugin", server, 3);
    SSL_CTX_free(server);
    (void)fflush(stdout);
}
