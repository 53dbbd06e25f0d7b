/* SPDX-License-Identifier: Apache-2.0 */
/* stek fleet rekey: another key-encryption key for all hosts, or for all but one. */
#include "cli/fleet.h"

#include "cli/client.h"
#include "cli/command.h"
#include "core/plural.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 100, REKEY_WAIT_MS = 60000 };

static int ask(json_t **ret_fleet)
{
    return stek_client_command("fleet rekey", json_pack("{s:s}", "command", "fleet"), ret_fleet);
}

static json_t *hosts_of(const json_t *fleet)
{
    return json_object_get(json_object_get(fleet, "members"), "hosts");
}

/* The key that what is in the store will be sealed under; NULL: none. */
static const char *first_key(const json_t *fleet)
{
    return json_string_value(json_array_get(json_object_get(fleet, "keys"), 0));
}

static bool is(const char *name, const char *removed)
{
    return removed != NULL && strcmp(name, removed) == 0;
}

/* Every host that stays must have that key. Says which have not. */
static bool all_have_key(const json_t *fleet, const char *removed)
{
    const char *key = first_key(fleet);
    const char *name;
    json_t *host;
    bool all = key != NULL && json_object_size(hosts_of(fleet)) > 0;

    json_object_foreach(hosts_of(fleet), name, host)
    {
        if (is(name, removed) || stek_fleet_has_key(host, key))
            continue;
        (void)fprintf(stderr, "stek fleet rekey: host %s does not have key %s yet\n", name,
                      key != NULL ? key : "");
        all = false;
    }
    return all;
}

/* Why nothing can be sealed again now, or NULL. */
static const char *obstacle(const json_t *fleet, const char *removed)
{
    if (!json_is_true(json_object_get(fleet, "configured")))
        return "this host is not in a fleet: no ring has source = fleet; see stekd.conf(5)";
    if (!json_is_true(json_object_get(fleet, "online")))
        return "the store is away, so nothing was changed: 'stek fleet status' says why";
    if (removed != NULL && is(json_string_value(json_object_get(fleet, "host")), removed))
        return "nothing was changed: a host cannot remove itself: use another one";
    if (!all_have_key(fleet, removed))
        return "nothing was changed: give every host both keys first";
    return NULL;
}

/* The names of the hosts that stay, in a line. */
static void print_staying(FILE *to, const json_t *fleet, const char *removed)
{
    const char *name;
    const char *between = "";
    json_t *host;

    json_object_foreach(hosts_of(fleet), name, host)
    {
        if (is(name, removed))
            continue;
        (void)fprintf(to, "%s%s", between, name);
        between = ", ";
    }
}

/* The removed host must not have the key that comes: what to carry where. */
static void explain_key(const json_t *fleet, const char *removed)
{
    const char *key = first_key(fleet);

    (void)fprintf(stderr,
                  "stek fleet rekey: nothing was changed: %s may have key %s, which is the first "
                  "one of kek. So:\n"
                  "  1. make another key:    stek fleet init NEW\n"
                  "  2. carry the file NEW to ",
                  removed, key != NULL ? key : "");
    print_staying(stderr, fleet, removed);
    (void)fprintf(stderr,
                  "; never to %s\n"
                  "  3. on these hosts:      kek = OLD NEW, and reload stekd; when all have it,\n"
                  "                          kek = NEW OLD, and reload again\n"
                  "  4. here:                stek fleet rekey --remove %s\n",
                  removed, removed);
}

static bool may_have_first_key(const json_t *fleet, const char *removed)
{
    return json_array_size(json_object_get(fleet, "keys")) < 2 ||
           stek_fleet_has_key(json_object_get(hosts_of(fleet), removed), first_key(fleet));
}

/* Says why it cannot be; else the exit code is fine. */
static int check(const char *removed)
{
    json_t *fleet = NULL;
    int code = stek_fleet_ask("fleet rekey", &fleet);
    const char *why = code == STEK_EXIT_FINE ? obstacle(fleet, removed) : NULL;

    if (why != NULL) {
        (void)fprintf(stderr, "stek fleet rekey: %s\n", why);
        code = STEK_EXIT_FAILED;
    } else if (code == STEK_EXIT_FINE && removed != NULL && may_have_first_key(fleet, removed)) {
        explain_key(fleet, removed);
        code = STEK_EXIT_FAILED;
    }
    json_decref(fleet);
    return code;
}

/* How it ended: how many values were sealed again. */
static int tell_rekeyed(const json_t *fleet, const char *state, json_int_t *ret_sealed)
{
    const json_t *rekey = json_object_get(fleet, "rekey");
    const json_int_t left = json_integer_value(json_object_get(rekey, "left"));
    const json_int_t sealed = json_integer_value(json_object_get(rekey, "resealed"));

    if (strcmp(state, "done") != 0 || left != 0) {
        (void)fprintf(stderr,
                      "stek fleet rekey: %lld %s still sealed under the other key: keep "
                      "both keys, and try again\n",
                      (long long)left, stek_plural((uint64_t)left, "value is", "values are"));
        return STEK_EXIT_FAILED;
    }
    (void)printf("Sealed %lld %s again.", (long long)sealed,
                 stek_plural((uint64_t)sealed, "value", "values"));
    *ret_sealed = sealed;
    return STEK_EXIT_FINE;
}

static int wait_for_rekey(json_int_t *ret_sealed)
{
    const struct timespec pause = {0, POLL_MS * 1000000L};
    json_t *fleet = NULL;
    char state[16] = "running";
    int code = STEK_EXIT_FINE;

    for (int waited = 0;
         code == STEK_EXIT_FINE && strcmp(state, "running") == 0 && waited < REKEY_WAIT_MS;
         waited += POLL_MS) {
        (void)nanosleep(&pause, NULL);
        json_decref(fleet);
        fleet = NULL;
        code = ask(&fleet);
        const char *said =
            json_string_value(json_object_get(json_object_get(fleet, "rekey"), "state"));
        (void)snprintf(state, sizeof state, "%s", said != NULL ? said : "failed");
    }
    if (code == STEK_EXIT_FINE)
        code = tell_rekeyed(fleet, state, ret_sealed);
    json_decref(fleet);
    return code;
}

static int seal_again(json_int_t *ret_sealed)
{
    json_t *answer = NULL;
    const int code =
        stek_client_command("fleet rekey", json_pack("{s:s}", "command", "rekey"), &answer);

    json_decref(answer);
    return code == STEK_EXIT_FINE ? wait_for_rekey(ret_sealed) : code;
}

int stek_fleet_rekey(void)
{
    json_int_t sealed;
    int code = check(NULL);

    if (code == STEK_EXIT_FINE)
        code = seal_again(&sealed);
    if (code == STEK_EXIT_FINE)
        (void)puts(" You can now remove the other key from kek on all hosts.");
    return code;
}

static int revoke(const char *ring, const char *removed)
{
    json_t *answer = NULL;
    int code = stek_client_command(
        "fleet rekey", json_pack("{s:s, s:s, s:b}", "command", "revoke", "ring", ring, "all", 1),
        &answer);

    json_decref(answer);
    if (code == STEK_EXIT_FINE)
        code = stek_fleet_follow("fleet rekey", ring, removed);
    if (code != STEK_EXIT_FINE)
        (void)fprintf(stderr,
                      "stek fleet rekey: ring %s: %s knows its keys still: stek revoke %s --all\n",
                      ring, removed, ring);
    return code;
}

static int revoke_all(const json_t *fleet, const char *removed)
{
    const json_t *rings = json_object_get(fleet, "rings");
    int worst = STEK_EXIT_FINE;

    for (size_t i = 0; i < json_array_size(rings); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(rings, i), "name"));
        const int code = name != NULL ? revoke(name, removed) : STEK_EXIT_FAILED;
        if (code != STEK_EXIT_FINE)
            worst = code;
    }
    return worst;
}

static void explain_rest(const json_t *fleet, const char *removed)
{
    (void)printf("%s opens nothing that is sealed from now on. What is left to do:\n"
                 "  on ",
                 removed);
    print_staying(stdout, fleet, removed);
    (void)printf(": kek = the file of key %s alone; reload stekd; destroy the\n"
                 "  other file\n"
                 "  in etcd: take the access of %s away\n"
                 "  on %s: nothing; it gets the new key when it was set up anew\n",
                 first_key(fleet), removed, removed);
}

int stek_fleet_remove(const char *removed)
{
    json_t *fleet = NULL;
    json_int_t sealed = 0;
    int code = check(removed);

    if (code == STEK_EXIT_FINE)
        code = seal_again(&sealed);
    if (code == STEK_EXIT_FINE) {
        (void)puts("");
        code = stek_fleet_ask("fleet rekey", &fleet);
    }
    if (code == STEK_EXIT_FINE && sealed == 0) {
        explain_key(fleet, removed);
        code = STEK_EXIT_FAILED;
    }
    if (code == STEK_EXIT_FINE)
        code = revoke_all(fleet, removed);
    if (code == STEK_EXIT_FINE)
        explain_rest(fleet, removed);
    json_decref(fleet);
    return code;
}
