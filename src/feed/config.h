/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of `stek feed` (stek-feed(8)): a section [feed NAME] for each server. Parsing
 * is pure. A fault is one line: file, line, what is wrong and what is allowed.
 *
 * The attacker: none is meant to write this file. The parser is bounded and fuzzed all the same.
 */
#ifndef STEK_FEED_CONFIG_H
#define STEK_FEED_CONFIG_H

#include "core/ringname.h"
#include "keyfile/layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    STEK_FEEDS_MAX = 64,
    STEK_FEED_VALUE_MAX = 512, /* with the zero at the end */
    STEK_FEED_FILE_LEN_MAX = 64 * 1024
};

/* What a server is told once its keys are there. */
enum stek_feed_after {
    STEK_FEED_NOTHING, /* it looks at its file by itself */
    STEK_FEED_SIGNAL,
    STEK_FEED_LINE,    /* one line to a socket */
    STEK_FEED_HAPROXY, /* HAProxy's own words on its socket, and a look at what it holds */
    STEK_FEED_COMMAND
};

/* [feed NAME]; empty texts are settings that were not given. */
struct stek_feed_config {
    char name[STEK_RING_NAME_MAX + 1];
    char ring[STEK_FEED_VALUE_MAX];
    char context[STEK_FEED_VALUE_MAX];
    char to[STEK_FEED_VALUE_MAX];
    char file[STEK_FEED_VALUE_MAX];
    char directory[STEK_FEED_VALUE_MAX];
    char group[STEK_FEED_VALUE_MAX];
    char keys[STEK_FEED_VALUE_MAX];
    char signal[STEK_FEED_VALUE_MAX];
    char pid_file[STEK_FEED_VALUE_MAX];
    char socket[STEK_FEED_VALUE_MAX];
    char line[STEK_FEED_VALUE_MAX];
    char command[STEK_FEED_VALUE_MAX];
    unsigned place; /* the line of its section */
    /* Made of the settings above by stek_feed_config_parse(): */
    const struct stek_keyfile_layout *layout;
    size_t room; /* the most keys that are handed over */
    int signal_number;
    enum stek_feed_after after;
    gid_t gid; /* of `group`; (gid_t)-1: none. Set by stek_feed_config_load() */
};

struct stek_feed_configs {
    size_t count;
    struct stek_feed_config at[STEK_FEEDS_MAX];
};

/* One line, without a newline. */
struct stek_feed_problem {
    char text[512];
};

/* Reads and checks the text of a file; `file` is its name for faults. */
bool stek_feed_config_parse(struct stek_feed_configs *configs, const char *file, const char *text,
                            size_t len, struct stek_feed_problem *ret_problem);

/* Reads the file, and looks the groups up. */
bool stek_feed_config_load(const char *path, struct stek_feed_configs *configs,
                           struct stek_feed_problem *ret_problem);

/*
 * What is wrong with a feed's settings when they are put together: NULL, or a static text. Fills in
 * what is made of them.
 */
const char *stek_feed_config_resolve(struct stek_feed_config *config);

#endif
