/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of bench-client, which client.c tells. */
#include "client.h"

#include "timing.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>

static const char usage[] =
    "usage: bench-client --port N --tls 1.2|1.3 [--seconds S] [--threads N] [--clients N]";

static struct client_options parse(int argc, char **argv)
{
    static const struct option names[] = {{"port", 1, NULL, 'p'},    {"tls", 1, NULL, 't'},
                                          {"seconds", 1, NULL, 's'}, {"threads", 1, NULL, 'n'},
                                          {"clients", 1, NULL, 'c'}, {NULL, 0, NULL, 0}};
    struct client_options options = {.seconds = 1, .threads = 4, .clients = 1};
    int name;

    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 'p')
            options.port = (int)strtol(optarg, NULL, 10);
        else if (name == 't')
            options.version = strcmp(optarg, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
        else if (name == 's')
            options.seconds = strtod(optarg, NULL);
        else if (name == 'n')
            options.threads = strtol(optarg, NULL, 10);
        else if (name == 'c')
            options.clients = strtol(optarg, NULL, 10);
        else
            bench_die(usage);
    }
    bench_must(options.port > 0 && options.version != 0 && options.threads > 0 &&
                   options.clients > 0,
               usage);
    return options;
}

int main(int argc, char **argv)
{
    const struct client_options options = parse(argc, argv);

    (void)signal(SIGPIPE, SIG_IGN);
    bench_must(OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1, "libssl does not start");
    const struct client_result result = client_run(&options);
    printf("{\"connections\":%lld,\"failed\":%lld,\"offered\":%lld,\"resumed\":%lld,",
           (long long)result.connections, (long long)result.failed, (long long)result.offered,
           (long long)result.resumed);
    printf("\"wall_ns\":%lld,\"cpu_ns\":%lld,\"error\":%s%s%s}\n", (long long)result.wall_ns,
           (long long)result.cpu_ns, result.error[0] != '\0' ? "\"" : "",
           result.error[0] != '\0' ? result.error : "null", result.error[0] != '\0' ? "\"" : "");
    return 0;
}
