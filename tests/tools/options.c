/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of ticket-client. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "options.h"

static const char usage[] =
    "usage: ticket-client --port N --tls 1.2|1.3 [--count N] [--seconds S] [--interval-ms MS] "
    "[--burst N]\n"
    "                     [--clients N] [--resume last|none] [--http] [--sni NAME] [--cert FILE "
    "--key FILE]\n"
    "                     [--sess-in FILE] [--sess-out FILE] [--timeout-ms MS] [--delay-ms MS]\n"
    "                     [--no-tickets]";

void die(const char *what)
{
    fprintf(stderr, "ticket-client: %s\n", what);
    exit(2);
}

static long number(const char *text, long min, long max)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < min || value > max)
        die("a number is out of range");
    return value;
}

static int tls_version(const char *text)
{
    if (strcmp(text, "1.2") == 0)
        return TLS1_2_VERSION;
    if (strcmp(text, "1.3") == 0)
        return TLS1_3_VERSION;
    die(usage);
}

static bool resumes(const char *text)
{
    if (strcmp(text, "last") != 0 && strcmp(text, "none") != 0)
        die(usage);
    return strcmp(text, "last") == 0;
}

static void apply(struct options *opt, int name, const char *arg)
{
    switch (name) {
    case 'p':
        opt->port = (int)number(arg, 1, 65535);
        return;
    case 't':
        opt->version = tls_version(arg);
        return;
    case 'n':
        opt->count = number(arg, 1, 1000000);
        return;
    case 'd':
        opt->seconds = number(arg, 1, 3600);
        return;
    case 'C':
        opt->clients = number(arg, 1, CLIENTS_MAX);
        return;
    case 'i':
        opt->interval_ms = number(arg, 0, 3600000);
        return;
    case 'b':
        opt->burst = number(arg, 1, 1000000);
        return;
    case 'D':
        opt->delay_ms = number(arg, 0, 3600000);
        return;
    case 'T':
        opt->timeout_ms = number(arg, 1, 3600000);
        return;
    case 'r':
        opt->resume = resumes(arg);
        return;
    case 's':
        opt->sni = arg;
        return;
    case 'c':
        opt->cert = arg;
        return;
    case 'k':
        opt->key = arg;
        return;
    case 'I':
        opt->sess_in = arg;
        return;
    case 'O':
        opt->sess_out = arg;
        return;
    case 'h':
        opt->http = true;
        return;
    case 'N':
        opt->no_tickets = true;
        return;
    default:
        die(usage);
    }
}

struct options options_parse(int argc, char **argv)
{
    static const struct option names[] = {
        {"port", 1, NULL, 'p'},    {"tls", 1, NULL, 't'},         {"count", 1, NULL, 'n'},
        {"seconds", 1, NULL, 'd'}, {"interval-ms", 1, NULL, 'i'}, {"timeout-ms", 1, NULL, 'T'},
        {"resume", 1, NULL, 'r'},  {"sni", 1, NULL, 's'},         {"cert", 1, NULL, 'c'},
        {"key", 1, NULL, 'k'},     {"sess-in", 1, NULL, 'I'},     {"sess-out", 1, NULL, 'O'},
        {"clients", 1, NULL, 'C'}, {"burst", 1, NULL, 'b'},       {"delay-ms", 1, NULL, 'D'},
        {"http", 0, NULL, 'h'},    {"no-tickets", 0, NULL, 'N'},  {NULL, 0, NULL, 0}};
    struct options opt = {.resume = true, .timeout_ms = 20000, .clients = 1, .burst = 1};
    int name;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
        apply(&opt, name, optarg);
    if (!opt.port || !opt.version || optind != argc || !opt.cert != !opt.key)
        die(usage);
    if (!opt.count && !opt.seconds)
        opt.count = 1;
    return opt;
}
