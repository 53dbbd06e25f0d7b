/* SPDX-License-Identifier: Apache-2.0 */
/* stek feed wipe: overwrites and removes the keys that feeds left behind. */
#include "cli/feed/feed.h"

#include "cli/command.h"

#include "feed/left.h"
#include "feed/lock.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * As root it becomes the user whose service wrote the files. What it is told of them, and the
 * directories that they are in, are that user's: root must not remove other files at its word.
 */
static bool become_owner(const char *state_dir)
{
    struct stat status;

    if (stat(state_dir, &status) != 0)
        return errno == ENOENT;
    if (geteuid() != 0 || status.st_uid == 0)
        return true;
    return setgroups(0, NULL) == 0 && setresgid(status.st_gid, status.st_gid, status.st_gid) == 0 &&
           setresuid(status.st_uid, status.st_uid, status.st_uid) == 0;
}

/* What is to go: what feeds left, and with `all` what the feeds have, too. Returns an exit code. */
static int find_places(const struct stek_feed_options *options, bool all,
                       struct stek_feed_places *ret_places)
{
    static struct stek_feed_places feeds;
    static struct stek_feed_configs configs;
    struct stek_feed_problem problem;
    const bool served = stek_feed_is_served(options->state_dir);

    if (all && served) {
        (void)fprintf(stderr, "stek feed: it runs, and would write the keys again: first "
                              "'systemctl stop stek-feed'\n");
        return STEK_EXIT_FAILED;
    }
    if (!all && !served && !stek_feed_config_load(options->config, &configs, &problem)) {
        (void)fprintf(stderr, "stek feed: %s\n", problem.text);
        return STEK_EXIT_USAGE;
    }
    stek_feed_places_remembered(options->state_dir, &feeds, ret_places);
    if (!served)
        stek_feed_places_add(ret_places, &feeds);
    stek_feed_places_drop_used(ret_places, &configs);
    stek_feed_places_drop_gone(ret_places);
    return STEK_EXIT_FINE;
}

int stek_feed_wipe(const struct stek_feed_options *options, bool all)
{
    static struct stek_feed_places places;
    struct stek_feed_fault fault;
    int code = find_places(options, all, &places);

    if (code != STEK_EXIT_FINE)
        return code;
    if (!become_owner(options->state_dir)) {
        (void)fprintf(stderr, "stek feed: %s: %s\n", options->state_dir, strerror(errno));
        return STEK_EXIT_FAILED;
    }
    for (size_t i = 0; i < places.count; i++) {
        if (stek_feed_wipe_place(places.at[i], &fault))
            (void)printf("wiped %s\n", places.at[i]);
        else {
            (void)fprintf(stderr, "stek feed: %s\n", fault.text);
            code = STEK_EXIT_FAILED;
        }
    }
    if (places.count == 0)
        (void)puts("nothing to wipe");
    return code;
}
