/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_CLIENT_H
#define TESTS_BENCH_CLIENT_H

#include <openssl/ssl.h>

#include <stdint.h>

struct client_options {
    int port;
    int version; /* TLS1_2_VERSION or TLS1_3_VERSION */
    double seconds;
    long threads;
    long clients; /* of each thread */
};

struct client_result {
    int64_t connections, failed, offered, resumed;
    int64_t wall_ns, cpu_ns;
    char error[120]; /* the first, in words */
};

/* Returns when the seconds are over and all threads have ended. */
struct client_result client_run(const struct client_options *options);

#endif
