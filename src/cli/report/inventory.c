/* SPDX-License-Identifier: Apache-2.0 */
/* stek inventory */
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/format.h"
#include "cli/status/statuses.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOST_MAX = 256, SECRET_BITS = 256, MINUTES_LEN = 16 };

static void print_help(void)
{
    (void)puts("Usage: stek inventory [--json]\n"
               "Lists the keys of all rings on this host, with their periods, and what they are\n"
               "used with: for an inventory of keys, as PCI DSS 4.2.1.1 asks for. It shows no\n"
               "secret. Asks stekd; if stekd does not run, reads the ring files.\n\n"
               "  --json         print JSON: docs/formats.md, \"Inventory\"\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "Exit codes: 0 fine, 1 the keys of a ring are not known, 2 usage, 4 there is no\n"
               "run directory.\n\n"
               "Example:\n"
               "  stek inventory --json > keys-$(hostname)-$(date +%F).json");
}

/* The name of this host, which has these keys. */
static void find_host(char ret_host[HOST_MAX])
{
    if (gethostname(ret_host, HOST_MAX - 1) != 0)
        ret_host[0] = '\0';
    ret_host[HOST_MAX - 1] = '\0';
}

/* ---- JSON ---- */

static json_t *key_json(const struct stek_status_ring *ring, const struct stek_status_key *key)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:I}", "ring", ring->name,
                     "fingerprint", key->fingerprint, "seq", (json_int_t)key->seq, "source",
                     stek_source_name(ring->source), "state", stek_state_name(key->state), "origin",
                     stek_origin_name(key->origin), "seals_from", (json_int_t)key->active_from,
                     "seals_until", (json_int_t)key->active_until, "opens_until",
                     (json_int_t)key->accept_until);
}

static json_t *keys_json(const struct stek_statuses *statuses)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < statuses->count; i++)
        for (size_t k = 0; k < statuses->ring[i].key_count; k++)
            (void)json_array_append_new(keys,
                                        key_json(&statuses->ring[i], &statuses->ring[i].key[k]));
    return keys;
}

static json_t *policies_json(const struct stek_statuses *statuses)
{
    json_t *rings = json_array();

    for (size_t i = 0; i < statuses->count; i++) {
        const struct stek_status_ring *ring = &statuses->ring[i];
        const bool unknown = stek_status_is_unknown(ring);
        (void)json_array_append_new(
            rings, json_pack("{s:s, s:b, s:I, s:I, s:s?}", "name", ring->name, "known", !unknown,
                             "rotate_s", (json_int_t)ring->policy.rotate_s, "accept_s",
                             (json_int_t)ring->policy.accept_s, "problem",
                             ring->problem[0] != '\0' ? ring->problem : NULL));
    }
    return rings;
}

static void print_json(const struct stek_statuses *statuses, const char *host)
{
    json_t *object =
        json_pack("{s:I, s:s, s:{s:s, s:s, s:s, s:i}, s:o, s:o}", "time", (json_int_t)statuses->now,
                  "host", host, "algorithms", "cipher", "AES-256-CBC", "mac", "HMAC-SHA-256",
                  "derivation", "HKDF-SHA-256", "secret_bits", SECRET_BITS, "rings",
                  policies_json(statuses), "keys", keys_json(statuses));

    (void)json_dumpf(object, stdout, JSON_INDENT(2));
    (void)puts("");
    json_decref(object);
}

/* ---- text ---- */

/* 2026-11-24 20:10: the heading says in which time zone. */
static const char *short_time(int64_t when, struct stek_text *text)
{
    (void)stek_format_time(when, text);
    if (strlen(text->at) > MINUTES_LEN)
        text->at[MINUTES_LEN] = '\0';
    return text->at;
}

static void print_keys(const struct stek_status_ring *ring, int columns)
{
    struct stek_text from;
    struct stek_text until;
    struct stek_text opens;

    if (stek_status_is_unknown(ring))
        (void)printf("%-*s not known: %s\n", columns, ring->name, ring->problem);
    for (size_t i = 0; i < ring->key_count; i++) {
        const struct stek_status_key *key = &ring->key[i];
        (void)printf("%-*s %.8s %-8s %s  %s  %s\n", columns, ring->name, key->fingerprint,
                     stek_state_name(key->state), short_time(key->active_from, &from),
                     short_time(key->active_until, &until), short_time(key->accept_until, &opens));
    }
}

static void print_text(const struct stek_statuses *statuses, const char *host)
{
    struct stek_text now;
    int columns = 4;

    for (size_t i = 0; i < statuses->count; i++)
        if ((int)strlen(statuses->ring[i].name) > columns)
            columns = (int)strlen(statuses->ring[i].name);
    (void)printf("Ticket keys of %s at %s.\n", host, stek_format_time(statuses->now, &now));
    (void)printf("Each key: %d random bits, or derived from such; by HKDF-SHA-256 of them AES-256\n"
                 "(CBC) and HMAC-SHA-256 keys seal tickets of TLS 1.2 and 1.3.\n\n",
                 SECRET_BITS);
    (void)printf("%-*s KEY      STATE    SEALS FROM        SEALS UNTIL       OPENS UNTIL\n",
                 columns, "RING");
    for (size_t i = 0; i < statuses->count; i++)
        print_keys(&statuses->ring[i], columns);
}

int stek_command_inventory(int argc, char **argv)
{
    bool json = false;
    const struct stek_argument arguments[] = {{"json", 'j', &json, NULL}, {.name = NULL}};
    struct stek_statuses statuses;
    char host[HOST_MAX];
    int code;

    if (!stek_arguments_read("inventory", argc, argv, arguments, print_help, &code))
        return code;
    if (optind < argc) {
        (void)fprintf(stderr,
                      "stek inventory: '%s' is not an option: try 'stek inventory --help'\n",
                      argv[optind]);
        return STEK_EXIT_USAGE;
    }
    code = stek_statuses_collect("inventory", NULL, &statuses);
    if (code != STEK_EXIT_FINE)
        return code;
    find_host(host);
    if (json)
        print_json(&statuses, host);
    else
        print_text(&statuses, host);
    for (size_t i = 0; i < statuses.count; i++)
        if (stek_status_is_unknown(&statuses.ring[i]))
            code = STEK_EXIT_FAILED;
    stek_statuses_fini(&statuses);
    return code;
}
