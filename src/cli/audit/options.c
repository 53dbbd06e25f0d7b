/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `stek audit`. */
#include "cli/arguments.h"
#include "cli/audit/audit.h"

#include "core/duration.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAMES_MAX = 32,
    TICKETS_MAX = 10000,
    RATE_MAX = 1000,
    DAY_S = 86400,
    TIMEOUT_MS = 10000,
    SAMPLES = 288, /* in a watch, when --every is not given */
    EVERY_MAX_S = 600
};

/* What is only needed while the line is read. */
struct line {
    struct audit_request *request;
    const char *names[NAMES_MAX];
    size_t names_len;
};

void audit_print_help(void)
{
    (void)puts("Usage: stek audit [OPTION]... HOST[:PORT]...\n"
               "Tests from outside how servers treat their TLS session tickets.\n\n"
               "  --sni NAME         server name to ask for, instead of HOST; may be repeated\n"
               "  --alpn NAMES       protocols to offer, such as h2,http/1.1\n"
               "  --cert FILE        client certificate (PEM), with --key FILE\n"
               "  --ca FILE          CAs to trust (PEM; default: the system's)\n"
               "  --starttls PROTO   smtp, imap, pop3, ftp or postgres\n"
               "  --no-request       send no HTTP request after the handshake\n"
               "  --tickets N        tickets to examine of each server (default 200)\n"
               "  --rate N           connections a second at most (default 20)\n"
               "  --over TIME        spread the first handshakes over TIME\n"
               "  --watch TIME       keep watching until TIME after the start; needs --record\n"
               "  --every TIME       pause between looks (default 1/288 of --watch, up to 10m)\n"
               "  --record FILE      write a recording; --watch continues an existing FILE\n"
               "  --from FILE        judge a recording instead of connecting\n"
               "  --since FILE       compare with a recording: what is new, gone, unchanged\n"
               "  --profile rfc9325  what that RFC says of resumption, rule by rule\n"
               "  --format FORMAT    print table, json, sarif or junit (default table)\n"
               "  --json             the same as --format json\n"
               "  --html FILE        write an HTML page as well\n"
               "  --fail-on LEVEL    critical, high, medium, low, info or never (default high)\n"
               "  --help             show this help\n\n"
               "Examples:\n"
               "  stek audit --sni a.example --sni b.example 192.0.2.1:443 192.0.2.2:443\n"
               "  stek audit --profile rfc9325 www.example.org\n"
               "  stek audit --since last-month.jsonl --record today.jsonl www.example.org\n\n"
               "Exit codes: 0 no finding at LEVEL or above, 1 failed, 2 usage, 3 findings,\n"
               "4 not reachable. With --since only new findings count.\n"
               "The findings are explained in stek-audit(1).");
}

/* Says what is wrong and returns false. */
static bool refuse(const char *what, const char *value, const char *allowed)
{
    (void)fprintf(stderr, "stek audit: %s%s%s: %s\n", what, value[0] != '\0' ? " " : "", value,
                  allowed);
    return false;
}

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("-._:%", text[i]) == NULL)
            return false;
    return len > 0 && len <= STEK_AUDIT_NAME_LEN_MAX;
}

/* With a zone (`fe80::1%eth0`) or without. */
static bool is_ipv6(const char *host, size_t len)
{
    char text[INET6_ADDRSTRLEN] = "";
    unsigned char address[16];
    const char *zone = memchr(host, '%', len);
    const size_t address_len = zone != NULL ? (size_t)(zone - host) : len;

    if (address_len >= sizeof text)
        return false;
    memcpy(text, host, address_len);
    return inet_pton(AF_INET6, text, address) == 1;
}

/* HOST, HOST:PORT, [ADDRESS]:PORT, or an IPv6 address by itself. */
static bool read_target(const char *text, struct stek_audit_target *ret_target)
{
    static const char allowed[] = "allowed: HOST, HOST:PORT or [IPV6]:PORT";
    const char *host = text, *colon = strrchr(text, ':');
    size_t len = strlen(text);
    int64_t port = 0;

    if (text[0] == '[') {
        const char *end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return refuse("target", text, allowed);
        host = text + 1;
        len = (size_t)(end - host);
        colon = end[1] == ':' ? end + 1 : NULL;
    } else if (colon != NULL && strchr(text, ':') == colon) {
        len = (size_t)(colon - text);
    } else {
        colon = NULL;
    }
    if (!is_name(host, len) || (memchr(host, ':', len) != NULL && !is_ipv6(host, len)) ||
        strchr(text, '/') != NULL)
        return refuse("target", text, allowed);
    if (colon != NULL && (!stek_number_parse(colon + 1, &port) || port < 1 || port > UINT16_MAX))
        return refuse("target", text, "a port is a number from 1 to 65535");
    memcpy(ret_target->host, host, len);
    ret_target->port = (uint16_t)port;
    return true;
}

static bool is_address(const char *host)
{
    unsigned char address[16];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 ||
           strchr(host, '%') != NULL;
}

/* Each target once for each --sni; without --sni, under its own name. */
static bool add_targets(struct line *line, const char *text)
{
    struct audit_request *request = line->request;
    struct stek_audit_target target = {0};

    if (!read_target(text, &target))
        return false;
    if (target.port == 0)
        target.port = stek_audit_starttls_port(request->client.starttls);
    for (size_t i = 0; i < (line->names_len > 0 ? line->names_len : 1); i++) {
        if (request->targets_len == STEK_AUDIT_TARGETS_MAX)
            return refuse("targets", "",
                          "at most 64 targets: each HOST counts once for each --sni");
        if (line->names_len > 0)
            (void)snprintf(target.sni, sizeof target.sni, "%s", line->names[i]);
        else if (!is_address(target.host))
            (void)snprintf(target.sni, sizeof target.sni, "%s", target.host);
        request->targets[request->targets_len++] = target;
    }
    return true;
}

static bool read_number(const char *option, const char *value, int64_t min, int64_t max,
                        uint32_t *ret_number)
{
    char allowed[64];
    int64_t number = 0;

    (void)snprintf(allowed, sizeof allowed, "allowed: a number from %lld to %lld", (long long)min,
                   (long long)max);
    if (!stek_number_parse(value, &number) || number < min || number > max)
        return refuse(option, value, allowed);
    *ret_number = (uint32_t)number;
    return true;
}

static bool read_time(const char *option, const char *value, int64_t max_s, int64_t *ret_seconds)
{
    int64_t seconds = 0;

    if (!stek_duration_parse(value, &seconds) || seconds < 1 || seconds > max_s)
        return refuse(option, value, "allowed: a time such as 90s, 30m, 48h, up to 90d");
    *ret_seconds = seconds;
    return true;
}

static bool read_name(struct line *line, const char *value)
{
    if (line->names_len == NAMES_MAX)
        return refuse("--sni", value, "allowed: at most 32 names");
    if (value[0] != '\0' && (!is_name(value, strlen(value)) || is_address(value)))
        return refuse("--sni", value, "allowed: a DNS name, or nothing for no server name");
    line->names[line->names_len++] = value;
    return true;
}

static bool read_level(struct audit_request *request, const char *value)
{
    if (strcmp(value, "never") == 0) {
        request->fail_on = STEK_AUDIT_SEVERITIES;
        return true;
    }
    return stek_audit_severity_parse(value, &request->fail_on) ||
           refuse("--fail-on", value, "allowed: critical, high, medium, low, info, never");
}

static bool read_format(struct audit_request *request, const char *value)
{
    static const char *const names[] = {"table", "json", "sarif", "junit"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i]) == 0) {
            request->format = (enum audit_format)i;
            return true;
        }
    return refuse("--format", value, "allowed: table, json, sarif, junit");
}

enum option_number {
    OPT_SNI = 256,
    OPT_ALPN,
    OPT_CERT,
    OPT_KEY,
    OPT_CA,
    OPT_STARTTLS,
    OPT_NO_REQUEST,
    OPT_TICKETS,
    OPT_RATE,
    OPT_OVER,
    OPT_WATCH,
    OPT_EVERY,
    OPT_RECORD,
    OPT_FROM,
    OPT_SINCE,
    OPT_PROFILE,
    OPT_JSON,
    OPT_FORMAT,
    OPT_HTML,
    OPT_FAIL_ON,
    OPT_HELP
};

static const struct option options[] = {{"sni", required_argument, NULL, OPT_SNI},
                                        {"alpn", required_argument, NULL, OPT_ALPN},
                                        {"cert", required_argument, NULL, OPT_CERT},
                                        {"key", required_argument, NULL, OPT_KEY},
                                        {"ca", required_argument, NULL, OPT_CA},
                                        {"starttls", required_argument, NULL, OPT_STARTTLS},
                                        {"no-request", no_argument, NULL, OPT_NO_REQUEST},
                                        {"tickets", required_argument, NULL, OPT_TICKETS},
                                        {"rate", required_argument, NULL, OPT_RATE},
                                        {"over", required_argument, NULL, OPT_OVER},
                                        {"watch", required_argument, NULL, OPT_WATCH},
                                        {"every", required_argument, NULL, OPT_EVERY},
                                        {"record", required_argument, NULL, OPT_RECORD},
                                        {"from", required_argument, NULL, OPT_FROM},
                                        {"since", required_argument, NULL, OPT_SINCE},
                                        {"profile", required_argument, NULL, OPT_PROFILE},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"format", required_argument, NULL, OPT_FORMAT},
                                        {"html", required_argument, NULL, OPT_HTML},
                                        {"fail-on", required_argument, NULL, OPT_FAIL_ON},
                                        {"help", no_argument, NULL, OPT_HELP},
                                        {NULL, 0, NULL, 0}};

/* Options that are taken as they are. */
static bool take_text(struct audit_request *request, int option, const char *value)
{
    const char **const places[] = {
        &request->client.alpn, &request->client.cert, &request->client.key, &request->client.ca,
        &request->record,      &request->from,        &request->since,      &request->html};
    static const int numbers[] = {OPT_ALPN,   OPT_CERT, OPT_KEY,   OPT_CA,
                                  OPT_RECORD, OPT_FROM, OPT_SINCE, OPT_HTML};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] == option) {
            *places[i] = value;
            return true;
        }
    return false;
}

static bool take_option(struct line *line, int option, const char *value)
{
    struct audit_request *request = line->request;

    if (take_text(request, option, value))
        return true;
    switch (option) {
    case OPT_SNI:
        return read_name(line, value);
    case OPT_STARTTLS:
        return stek_audit_starttls_parse(value, &request->client.starttls) ||
               refuse("--starttls", value, "allowed: smtp, imap, pop3, ftp, postgres");
    case OPT_TICKETS:
        return read_number("--tickets", value, 1, TICKETS_MAX, &request->plan.tickets);
    case OPT_RATE:
        return read_number("--rate", value, 1, RATE_MAX, &request->plan.rate);
    case OPT_OVER:
        return read_time("--over", value, INT64_C(90) * DAY_S, &request->plan.over_s);
    case OPT_WATCH:
        return read_time("--watch", value, INT64_C(90) * DAY_S, &request->plan.watch_s);
    case OPT_EVERY:
        return read_time("--every", value, INT64_C(90) * DAY_S, &request->plan.sample_s);
    case OPT_FAIL_ON:
        return read_level(request, value);
    case OPT_NO_REQUEST:
        request->client.request = false;
        return true;
    case OPT_JSON:
        request->format = AUDIT_JSON;
        return true;
    case OPT_FORMAT:
        return read_format(request, value);
    case OPT_PROFILE:
        request->profile = true;
        return strcmp(value, "rfc9325") == 0 || refuse("--profile", value, "allowed: rfc9325");
    case OPT_HELP:
        request->help = true;
        return true;
    default:
        return false;
    }
}

/* What does not go together. */
static bool check(const struct audit_request *request, int targets)
{
    if (request->from != NULL &&
        (targets > 0 || request->record != NULL || request->plan.watch_s > 0))
        return refuse("--from", "", "cannot be used with HOST, --record or --watch");
    if (request->from == NULL && targets == 0)
        return refuse("no target given", "", "try 'stek audit --help'");
    if ((request->client.cert == NULL) != (request->client.key == NULL))
        return refuse("--cert and --key", "", "one needs the other");
    if (request->client.alpn != NULL && !stek_audit_alpn_allowed(request->client.alpn))
        return refuse("--alpn", request->client.alpn,
                      "allowed: names of 1 to 255 characters, with commas between them");
    if (request->plan.watch_s > 0 && request->record == NULL)
        return refuse("--watch", "", "needs --record FILE, so that it can be continued");
    if (request->plan.watch_s == 0 && request->plan.sample_s > 0)
        return refuse("--every", "", "needs --watch TIME");
    return true;
}

bool audit_options_read(int argc, char **argv, struct audit_request *ret_request)
{
    struct line line = {.request = ret_request};
    int option;

    *ret_request = (struct audit_request){.client = {.request = true, .timeout_ms = TIMEOUT_MS},
                                          .plan = {.tickets = 200, .rate = 20},
                                          .fail_on = STEK_AUDIT_HIGH};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option == '?' || option == ':')
            stek_arguments_refuse("stek audit", argv, option);
        if (!take_option(&line, option, optarg != NULL ? optarg : ""))
            return false;
    }
    if (ret_request->help)
        return true;
    if (!check(ret_request, argc - optind))
        return false;
    if (ret_request->client.starttls != STEK_AUDIT_PLAIN_TLS)
        ret_request->client.request = false;
    (void)snprintf(ret_request->plan.starttls, sizeof ret_request->plan.starttls, "%s",
                   stek_audit_starttls_name(ret_request->client.starttls));
    if (ret_request->plan.watch_s > 0 && ret_request->plan.sample_s == 0) {
        const int64_t every = ret_request->plan.watch_s / SAMPLES;
        ret_request->plan.sample_s = every < 1 ? 1 : every > EVERY_MAX_S ? EVERY_MAX_S : every;
    }
    for (int i = optind; i < argc; i++)
        if (!add_targets(&line, argv[i]))
            return false;
    return true;
}
