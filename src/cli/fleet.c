/* SPDX-License-Identifier: Apache-2.0 */
/* stek fleet: the fleet as the local stekd sees it, and its key-encryption keys. */
#include "cli/arguments.h"
#include "cli/fleet.h"
#include "core/hex.h"

#include "cli/client.h"
#include "cli/command.h"

#include "core/duration.h"
#include "core/policy.h"
#include "core/settings.h"
#include "crypto/random.h"
#include "fleet/rules/epoch.h"
#include "fleet/store/envelope.h"
#include "fleet/store/kekfile.h"
#include "seed/seedfile.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 100, MEMBERS_WAIT_MS = 5000 };

static void print_help(void)
{
    (void)puts("Usage: stek fleet init FILE\n"
               "       stek fleet status [--json]\n"
               "       stek fleet rekey [--remove HOST]\n"
               "       stek fleet seed RING FILE [--rotate TIME] [--accept TIME]\n"
               "Keeps the same keys on every host through etcd: see [fleet] in stekd.conf(5).\n\n"
               "  init FILE      make a key-encryption key in a new file, for all hosts\n"
               "  status         show the store, the rings, and which hosts hold the next key\n"
               "  rekey          seal the store's values again, under the first key of kek\n"
               "  seed RING FILE make a seed in a new file, for a ring with source = seed\n\n"
               "  --remove HOST  rekey, and revoke all that this host knows; it must not have the\n"
               "                 first key\n"
               "  --rotate TIME  how long a key of the seed seals (default: 1h)\n"
               "  --accept TIME  how long it opens afterwards (default: 12h, or what fits)\n"
               "  --json         print one JSON object\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "Exit codes: 0 fine, 1 failed, 2 usage, 3 degraded, 4 stekd not reachable.\n\n"
               "Example:\n"
               "  stek fleet init /var/lib/stek/fleet.kek\n"
               "  stek fleet status");
}

static int fleet_init(const char *path)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 root;
    STEK_SECRET(stek_kek) struct stek_kek kek;
    const uint64_t today = stek_epoch_at((int64_t)time(NULL));
    char id[2 * STEK_KEK_ID_LEN + 1];

    if (stek_random_secret(&root) != STEK_OK || stek_kek_init(&root, &kek) != STEK_OK ||
        stek_kek_advance(&kek, today) != STEK_OK) {
        (void)fprintf(stderr, "stek fleet init: no key was made: the random generator failed\n");
        return STEK_EXIT_FAILED;
    }
    errno = 0;
    const char *problem = stek_kekfile_write(path, &kek);
    if (problem != NULL) {
        const bool why = errno != 0 && errno != EEXIST; /* which it has said */
        (void)fprintf(stderr, "stek fleet init: %s: %s%s%s\n", path, problem, why ? ": " : "",
                      why ? strerror(errno) : "");
        return STEK_EXIT_FAILED;
    }
    stek_hex_text(kek.id, STEK_KEK_ID_LEN, id);
    (void)printf("%s: key %s\n", path, id);
    (void)puts("Copy the file to every host of the fleet, readable by stekd's user only, and "
               "name it in\n"
               "kek of [fleet] there. Then destroy other copies: stekd rewrites each host's file "
               "every\n"
               "day, so that it opens nothing of days that are over.");
    return STEK_EXIT_FINE;
}

static void rest(void)
{
    const struct timespec pause = {0, POLL_MS * 1000000L};

    (void)nanosleep(&pause, NULL);
}

static int ask(const char *command, bool read, json_t **ret_answer)
{
    return stek_client_command(
        command, json_pack("{s:s, s:b}", "command", "fleet", "read", (int)read), ret_answer);
}

static json_int_t read_at(const json_t *fleet)
{
    return json_integer_value(json_object_get(json_object_get(fleet, "members"), "reading"));
}

int stek_fleet_ask(const char *command, json_t **ret_fleet)
{
    json_t *fleet = NULL;
    int code = ask(command, true, &fleet);

    if (code != STEK_EXIT_FINE || !json_is_true(json_object_get(fleet, "online"))) {
        *ret_fleet = fleet;
        return code;
    }
    const json_int_t before = read_at(fleet);
    for (int waited = 0;
         code == STEK_EXIT_FINE && waited < MEMBERS_WAIT_MS && read_at(fleet) <= before;
         waited += POLL_MS) {
        json_decref(fleet);
        fleet = NULL;
        rest();
        code = ask(command, false, &fleet);
    }
    *ret_fleet = fleet;
    return code;
}

static int fleet_status(bool as_json)
{
    json_t *fleet = NULL;
    int code = stek_fleet_ask("fleet status", &fleet);

    if (code == STEK_EXIT_FINE && as_json) {
        (void)json_dumpf(fleet, stdout, JSON_INDENT(2));
        (void)puts("");
    } else if (code == STEK_EXIT_FINE) {
        stek_fleet_print(fleet);
    }
    if (code == STEK_EXIT_FINE)
        code = stek_fleet_is_well(fleet) ? STEK_EXIT_FINE : STEK_EXIT_DEGRADED;
    json_decref(fleet);
    return code;
}

/* What was given beside the words. */
struct given {
    bool as_json;
    const char *rotate; /* of a seed */
    const char *accept;
    const char *remove; /* the host that goes */
};

/* A time of a seed; `text` NULL leaves the default alone. */
static bool take_time(const char *name, const char *text, int64_t *ret_seconds)
{
    if (text == NULL || stek_duration_parse(text, ret_seconds))
        return true;
    (void)fprintf(stderr, "stek fleet: --%s %s: allowed: %s\n", name, text, STEK_ALLOWED_INTERVAL);
    return false;
}

static int fleet_seed(const char *ring, const char *path, const struct given *given)
{
    STEK_SECRET(stek_seed)
    struct stek_seed seed = {
        .rotate_s = STEK_ROTATE_DEFAULT_S, .seq = 1, .active_from = (int64_t)time(NULL)};

    if (!take_time("rotate", given->rotate, &seed.rotate_s) ||
        !take_time("accept", given->accept, &seed.accept_s) ||
        !stek_arguments_ring("fleet seed", ring))
        return STEK_EXIT_USAGE;
    const struct stek_policy policy = {.rotate_s = seed.rotate_s, .accept_s = seed.accept_s};
    const char *problem = stek_policy_problem(&policy);
    seed.accept_s = stek_policy_resolve(&policy).accept_s;
    if (problem != NULL) {
        (void)fprintf(stderr, "stek fleet seed: %s: %s\n", ring, problem);
        return STEK_EXIT_USAGE;
    }
    (void)snprintf(seed.ring, sizeof seed.ring, "%s", ring);
    errno = 0;
    problem = stek_random_secret(&seed.secret) == STEK_OK ? stek_seedfile_make(path, &seed)
                                                          : "the random generator failed";
    if (problem != NULL) {
        (void)fprintf(stderr, "stek fleet seed: %s: %s\n", path, problem);
        return STEK_EXIT_FAILED;
    }
    (void)printf(
        "%s: a seed of ring %s. Copy it to every host now, readable by stekd's user only, with\n"
        "source = seed and seed = FILE in [ring %s]; stekd rewrites each host's copy as time "
        "passes.\n",
        path, ring, ring);
    return STEK_EXIT_FINE;
}

int stek_command_fleet(int argc, char **argv)
{
    struct given given = {.as_json = false};
    const struct stek_argument arguments[] = {{"json", 0, &given.as_json, NULL},
                                              {"rotate", 0, NULL, &given.rotate},
                                              {"accept", 0, NULL, &given.accept},
                                              {"remove", 0, NULL, &given.remove},
                                              {.name = NULL}};
    int code;

    if (!stek_arguments_read("fleet", argc, argv, arguments, print_help, &code))
        return code;
    const bool as_json = given.as_json;
    const char *what = optind < argc ? argv[optind] : "";
    const int more = argc - optind - 1;
    if (strcmp(what, "seed") == 0 && more == 2 && !as_json)
        return fleet_seed(argv[optind + 1], argv[optind + 2], &given);
    if (given.rotate != NULL || given.accept != NULL) {
        (void)fprintf(stderr,
                      "stek fleet: --rotate and --accept are options of 'stek fleet seed'\n");
        return STEK_EXIT_USAGE;
    }
    if (strcmp(what, "rekey") == 0 && more == 0 && !as_json)
        return given.remove != NULL ? stek_fleet_remove(given.remove) : stek_fleet_rekey();
    if (given.remove != NULL) {
        (void)fprintf(stderr, "stek fleet: --remove is an option of 'stek fleet rekey'\n");
        return STEK_EXIT_USAGE;
    }
    if (strcmp(what, "init") == 0 && more == 1 && !as_json)
        return fleet_init(argv[optind + 1]);
    if (strcmp(what, "status") == 0 && more == 0)
        return fleet_status(as_json);
    (void)fprintf(
        stderr,
        "stek fleet: give init FILE, status [--json], rekey or seed RING FILE: try --help\n");
    return STEK_EXIT_USAGE;
}
