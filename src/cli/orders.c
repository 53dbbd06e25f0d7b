/* SPDX-License-Identifier: Apache-2.0 */
/* stek rotate and stek revoke: orders to stekd. */
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/fleet.h"
#include "cli/format.h"
#include "cli/status/statuses.h"
#include "cli/when.h"

#include "clock/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct revocation {
    const char *ring;
    bool all;
    const char *key;
    const char *before; /* as given */
    int64_t before_at;
    bool this_host;
    bool yes;
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
    (void)puts(
        "Usage: stek revoke RING --all | --key ID | --before TIME [--this-host] [--yes]\n"
        "Destroys keys of a ring. Within a second they are gone from every process on\n"
        "this host, and tickets under them get a full handshake. Keys that were derived\n"
        "from a revoked key are destroyed too, and so are the keys that it was derived\n"
        "from. Fresh keys follow at once.\n\n"
        "  --all          every key, also keys that are not in use yet\n"
        "  --key ID       the key with this SEQ, or the first 4 or more digits of KEY, as\n"
        "                 'stek status' shows them\n"
        "  --before TIME  every key that has sealed before TIME: 2h (ago),\n"
        "                 '2026-11-24 20:10' (local), 2026-11-24T20:10:00Z, @UNIX\n"
        "  --this-host    of a fleet's ring: now, on this host, also when the store is away;\n"
        "                 the store and all hosts follow once it is back. Alone: all keys\n"
        "  --yes          do not ask; needed without a terminal\n"
        "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
        "  --help         show this help\n\n"
        "For root and the group stek-admin. Exit codes: 0 fine, 1 failed, or not revoked,\n"
        "2 usage, 4 stekd not reachable.\n\n"
        "Example:\n"
        "  stek revoke web --before 2h");
}

/* What seals after an order. Nothing more is said when stekd has gone in between. */
static void print_active(const char *command, const char *ring)
{
    struct stek_statuses statuses;
    struct stek_text until;

    if (stek_statuses_collect(command, ring, &statuses) != STEK_EXIT_FINE)
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
    static const struct stek_argument arguments[] = {{.name = NULL}};
    const char *ring = NULL;
    json_t *answer = NULL;
    int code;

    if (!stek_arguments_read("rotate", argc, argv, arguments, print_rotate_help, &code))
        return code;
    if (!stek_arguments_one_ring("rotate", argc, argv, &ring))
        return STEK_EXIT_USAGE;
    code = stek_client_command("rotate", json_pack("{s:s, s:s}", "command", "rotate", "ring", ring),
                               &answer);
    const bool fleet = json_object_get(answer, "fleet") != NULL;
    json_decref(answer);
    if (code == STEK_EXIT_FINE && fleet)
        code = stek_fleet_follow("rotate", ring, NULL);
    if (code == STEK_EXIT_FINE)
        print_active("rotate", ring);
    return code;
}

static bool check_revoke(struct revocation *what)
{
    if (what->this_host && what->key == NULL && what->before == NULL)
        what->all = true;
    const int given = what->all + (what->key != NULL) + (what->before != NULL);

    if (given != 1)
        (void)fprintf(stderr,
                      "stek revoke: which keys? Give one of --all, --key ID and --before TIME\n");
    else if (what->before != NULL &&
             !stek_when_parse(what->before, stek_clock_unix_ms() / 1000, &what->before_at))
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
    json_t *request = json_pack("{s:s, s:s}", "command", "revoke", "ring", what->ring);

    if (what->all)
        json_object_set_new(request, "all", json_true());
    else if (what->key != NULL)
        json_object_set_new(request, "key", json_string(what->key));
    else
        json_object_set_new(request, "before", json_integer((json_int_t)what->before_at));
    if (what->this_host)
        json_object_set_new(request, "this_host", json_true());
    return request;
}

int stek_command_revoke(int argc, char **argv)
{
    struct revocation what = {.ring = NULL};
    const struct stek_argument arguments[] = {
        {"all", 0, &what.all, NULL},       {"key", 0, NULL, &what.key},
        {"before", 0, NULL, &what.before}, {"this-host", 0, &what.this_host, NULL},
        {"yes", 'y', &what.yes, NULL},     {.name = NULL}};
    json_t *answer = NULL;
    int code;

    if (!stek_arguments_read("revoke", argc, argv, arguments, print_revoke_help, &code))
        return code;
    if (!stek_arguments_one_ring("revoke", argc, argv, &what.ring) || !check_revoke(&what))
        return STEK_EXIT_USAGE;
    if (!what.yes && !ask(&what)) {
        (void)fprintf(stderr, "stek revoke: nothing was revoked\n");
        return STEK_EXIT_FAILED;
    }
    code = stek_client_command("revoke", revoke_request(&what), &answer);
    const int64_t revoked = (int64_t)json_integer_value(json_object_get(answer, "revoked"));
    const bool fleet = json_object_get(answer, "fleet") != NULL;
    const bool removed = json_is_true(json_object_get(answer, "removed"));
    const bool here = json_object_get(answer, "this_host") != NULL;
    json_decref(answer);
    if (code == STEK_EXIT_FINE && fleet)
        code = stek_fleet_follow("revoke", what.ring, NULL);
    if (code != STEK_EXIT_FINE)
        return code;
    if (!fleet)
        (void)printf("Ring %s: %" PRId64 " %s revoked%s.\n", what.ring, revoked,
                     revoked == 1 ? "key" : "keys", here ? " on this host" : "");
    if (here)
        (void)puts("The store and the other hosts follow once this host reaches the store. Until\n"
                   "then, give the same order on each of them.");
    if (removed)
        (void)printf("Ring %s: no configuration names it: wiped and removed.\n", what.ring);
    else
        print_active("revoke", what.ring);
    return STEK_EXIT_FINE;
}
