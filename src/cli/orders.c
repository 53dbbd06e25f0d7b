/* SPDX-License-Identifier: Apache-2.0 */
/* stek rotate and stek revoke: orders to stekd. */
#include "cli/command.h"
#include "cli/fleet.h"
#include "cli/format.h"
#include "cli/statuses.h"
#include "cli/when.h"

#include "core/ringname.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct revocation {
    const char *ring;
    bool all;
    const char *key;
    const char *before; /* as given */
    int64_t before_at;
    bool yes;
    bool help;
};

static void print_rotate_help(void)
{
    (void)puts("Usage: stek rotate RING\n"
               "Makes the next key of a ring the active one now. Tickets under the previous key\n"
               "still open for as long as they were promised, and are renewed.\n\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "For root and the group stek-admin. Exit codes: 0 fine, 1 failed, 2 usage,\n"
               "4 stekd not reachable.\n\n"
               "Example:\n"
               "  stek rotate web");
}

static void print_revoke_help(void)
{
    (void)puts("Usage: stek revoke RING --all | --key ID | --before TIME [--yes]\n"
               "Destroys keys of a ring. Within a second they are gone from every process on\n"
               "this host, and tickets under them get a full handshake. Keys that were derived\n"
               "from a revoked key are destroyed too, and so are the keys that it was derived\n"
               "from. Fresh keys follow at once.\n\n"
               "  --all          every key, also keys that are not in use yet\n"
               "  --key ID       the key with this SEQ, or the first 4 or more digits of KEY, as\n"
               "                 'stek status' shows them\n"
               "  --before TIME  every key that has sealed before TIME: 2h (ago),\n"
               "                 '2026-11-24 20:10' (local), 2026-11-24T20:10:00Z, @UNIX\n"
               "  --yes          do not ask; needed without a terminal\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "For root and the group stek-admin. Exit codes: 0 fine, 1 failed, or not revoked,\n"
               "2 usage, 4 stekd not reachable.\n\n"
               "Example:\n"
               "  stek revoke web --before 2h");
}

/* The one ring that is named. Returns false, having said why. */
static bool take_ring(const char *command, int argc, char **argv, const char **ret_ring)
{
    if (optind >= argc)
        (void)fprintf(stderr, "stek %s: RING is missing: 'stek status' lists the rings\n", command);
    else if (optind + 1 < argc)
        (void)fprintf(stderr, "stek %s: give one ring only, not '%s' as well: try --help\n",
                      command, argv[optind + 1]);
    else if (!stek_ring_name_is_valid(argv[optind]))
        (void)fprintf(stderr,
                      "stek %s: '%s' is not a valid ring name: 1 to 64 letters, digits and . _ -\n",
                      command, argv[optind]);
    else {
        *ret_ring = argv[optind];
        return true;
    }
    return false;
}

/* What seals after an order. Nothing more is said when stekd has gone in between. */
static void print_active(const char *ring)
{
    struct stek_statuses statuses;
    struct stek_text until;

    if (stek_statuses_collect(ring, &statuses) != STEK_EXIT_FINE)
        return;
    const struct stek_status_key *active =
        statuses.count == 1 ? stek_status_active(&statuses.ring[0]) : NULL;
    if (active != NULL)
        (void)printf("Ring %s: key %.8s (seq %" PRIu64 ") seals now, until %s.\n", ring,
                     active->fingerprint, active->seq,
                     stek_format_time(active->active_until, &until));
    stek_statuses_fini(&statuses);
}

int stek_command_rotate(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    static char program[] = "stek rotate";
    const char *ring = NULL;
    json_t *answer = NULL;
    int option;

    argv[0] = program;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return STEK_EXIT_USAGE;
        print_rotate_help();
        return STEK_EXIT_FINE;
    }
    if (!take_ring("rotate", argc, argv, &ring))
        return STEK_EXIT_USAGE;
    int code = stek_client_command(
        "rotate", json_pack("{s:s, s:s}", "command", "rotate", "ring", ring), &answer);
    const bool fleet = json_object_get(answer, "fleet") != NULL;
    json_decref(answer);
    if (code == STEK_EXIT_FINE && fleet)
        code = stek_fleet_follow("rotate", ring);
    if (code == STEK_EXIT_FINE)
        print_active(ring);
    return code;
}

static bool parse_revoke(int argc, char **argv, struct revocation *what)
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'},          {"key", required_argument, NULL, 'k'},
        {"before", required_argument, NULL, 'b'}, {"yes", no_argument, NULL, 'y'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    static char program[] = "stek revoke";
    int option;

    argv[0] = program;
    while ((option = getopt_long(argc, argv, "yh", options, NULL)) != -1) {
        if (option == '?')
            return false;
        what->all |= option == 'a';
        what->yes |= option == 'y';
        what->help |= option == 'h';
        if (option == 'k')
            what->key = optarg;
        if (option == 'b')
            what->before = optarg;
    }
    return what->help || take_ring("revoke", argc, argv, &what->ring);
}

static bool check_revoke(struct revocation *what)
{
    const int given = what->all + (what->key != NULL) + (what->before != NULL);

    if (given != 1)
        (void)fprintf(stderr,
                      "stek revoke: which keys? Give one of --all, --key ID and --before TIME\n");
    else if (what->before != NULL &&
             !stek_when_parse(what->before, (int64_t)time(NULL), &what->before_at))
        (void)fprintf(stderr, "stek revoke: --before %s: allowed: %s\n", what->before,
                      STEK_WHEN_ALLOWED);
    else if (!what->yes && isatty(STDIN_FILENO) != 1)
        (void)fprintf(
            stderr,
            "stek revoke: nothing was revoked: there is no terminal to ask on, so add --yes\n");
    else
        return true;
    return false;
}

/* Says what is about to happen, and asks. */
static bool ask(const struct revocation *what)
{
    struct stek_text before;
    char answer[16];

    if (what->all)
        (void)fprintf(stderr, "Revoke ALL keys of ring %s?", what->ring);
    else if (what->key != NULL)
        (void)fprintf(stderr, "Revoke key %s of ring %s?", what->key, what->ring);
    else
        (void)fprintf(stderr, "Revoke the keys of ring %s that have sealed before %s?", what->ring,
                      stek_format_time(what->before_at, &before));
    (void)fprintf(stderr, " Clients with tickets under them get full handshakes. [y/N] ");
    (void)fflush(stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static json_t *revoke_request(const struct revocation *what)
{
    if (what->all)
        return json_pack("{s:s, s:s, s:b}", "command", "revoke", "ring", what->ring, "all", 1);
    if (what->key != NULL)
        return json_pack("{s:s, s:s, s:s}", "command", "revoke", "ring", what->ring, "key",
                         what->key);
    return json_pack("{s:s, s:s, s:I}", "command", "revoke", "ring", what->ring, "before",
                     (json_int_t)what->before_at);
}

int stek_command_revoke(int argc, char **argv)
{
    struct revocation what = {.ring = NULL};
    json_t *answer = NULL;

    if (!parse_revoke(argc, argv, &what))
        return STEK_EXIT_USAGE;
    if (what.help) {
        print_revoke_help();
        return STEK_EXIT_FINE;
    }
    if (!check_revoke(&what))
        return STEK_EXIT_USAGE;
    if (!what.yes && !ask(&what)) {
        (void)fprintf(stderr, "stek revoke: nothing was revoked\n");
        return STEK_EXIT_FAILED;
    }
    int code = stek_client_command("revoke", revoke_request(&what), &answer);
    const int64_t revoked = (int64_t)json_integer_value(json_object_get(answer, "revoked"));
    const bool fleet = json_object_get(answer, "fleet") != NULL;
    json_decref(answer);
    if (code == STEK_EXIT_FINE && fleet)
        code = stek_fleet_follow("revoke", what.ring);
    if (code != STEK_EXIT_FINE)
        return code;
    if (!fleet)
        (void)printf("Ring %s: %" PRId64 " %s revoked.\n", what.ring, revoked,
                     revoked == 1 ? "key" : "keys");
    print_active(what.ring);
    return STEK_EXIT_FINE;
}
