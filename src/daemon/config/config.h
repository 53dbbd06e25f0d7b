/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of stekd (stekd.conf(5)): what an INI file says, checked. Parsing is pure;
 * config_file.c reads the files. A fault is one line: file, line, what is wrong and what is
 * allowed.
 *
 * The attacker: none is meant to write these files. The parser is bounded and fuzzed all the same.
 */
#ifndef STEK_DAEMON_CONFIG_H
#define STEK_DAEMON_CONFIG_H

#include "stek.h"

#include "core/ringname.h"
#include "ringfile/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#define STEK_ADMIN_GROUP "stek-admin" /* by default */

enum {
    STEK_CONFIG_RINGS_MAX = 1024,
    STEK_CONFIG_LISTENS_MAX = 8,
    STEK_CONFIG_FILE_LEN_MAX = 256 * 1024,
    STEK_ACCOUNT_NAME_MAX = 64 /* of a user or a group */
};

/* What was set in a section, for finding what is set twice: by the setting's place in its table. */
struct stek_config_marks {
    struct {
        unsigned file; /* 0: not set */
        unsigned line;
    } at[12];
};

/* [fleet] */
enum {
    STEK_CONFIG_ENDPOINTS_MAX = 16,
    STEK_CONFIG_ENDPOINTS_LEN = 2048,
    STEK_CONFIG_PATH_LEN = 512,
    STEK_CONFIG_KEKS_MAX = 2,
    STEK_CONFIG_HOST_LEN = 128
};

struct stek_config_fleet {
    bool given;                                /* there is such a section */
    char endpoints[STEK_CONFIG_ENDPOINTS_LEN]; /* each ended by a zero */
    size_t endpoint_count;
    char ca[STEK_CONFIG_PATH_LEN]; /* PEM files; empty: none given */
    char cert[STEK_CONFIG_PATH_LEN];
    char key[STEK_CONFIG_PATH_LEN];
    char prefix[256];
    char kek[STEK_CONFIG_KEKS_MAX]
            [STEK_CONFIG_PATH_LEN]; /* files; "credential:NAME" as it was written */
    size_t kek_count;
    char name[STEK_CONFIG_HOST_LEN + 1]; /* of this host; empty: what gethostname(2) says */
    char state[STEK_CONFIG_PATH_LEN];    /* the host's state folder */
    bool bootstrap_local;
    struct stek_config_marks marks;
    char place[128];
};

/* [ring NAME] */
struct stek_config_ring {
    char name[STEK_RING_NAME_MAX + 1];
    struct stek_policy policy;             /* zeros: defaults */
    char group[STEK_ACCOUNT_NAME_MAX + 1]; /* empty: none given */
    gid_t gid; /* of `group`; (gid_t)-1: none given. Set by stek_config_load() */
    enum stek_source source;
    char seed[STEK_CONFIG_PATH_LEN]; /* of source = seed: its file; empty: none given */
    struct stek_config_marks marks;
    char place[128]; /* "FILE:LINE" of its first section, for faults that only show at the end; cut
                        when too long */
};

/* An address that metrics are served on. */
struct stek_config_listen {
    struct sockaddr_storage address;
    socklen_t len;
    char text[128]; /* as it was written */
};

/* [stekd], [fleet] and all rings, in the order in which they were first named. */
struct stek_config {
    char user[STEK_ACCOUNT_NAME_MAX + 1]; /* empty: stay this user */
    char admin_group[STEK_ACCOUNT_NAME_MAX + 1];
    gid_t admin_gid; /* (gid_t)-1: there is no such group. Set by stek_config_load() */
    bool allow_disk;
    int64_t orphan_time_s; /* 0: until their last key ends */
    struct stek_config_listen listen[STEK_CONFIG_LISTENS_MAX];
    size_t listen_count;
    bool status_page; /* served there, too */
    struct stek_config_fleet fleet;
    struct stek_config_ring *rings;
    size_t ring_count;
    struct stek_config_marks marks;
    unsigned files; /* read so far */
};

/* One line, without a newline. */
struct stek_config_problem {
    char text[512];
};

/* Fills it in, and returns false. */
bool stek_config_fail(struct stek_config_problem *ret_problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void stek_config_init(struct stek_config *config);
void stek_config_fini(struct stek_config *config);

/*
 * Adds what the text of one file says; `file` is its name for faults. A setting that another file
 * has set is replaced; one that this file has set already is a fault. Returns false at the first
 * fault; *config may only be given to stek_config_fini() then.
 */
bool stek_config_parse(struct stek_config *config, const char *file, const char *text, size_t len,
                       struct stek_config_problem *ret_problem);

/* Checks what only shows when all files are there: that each ring's settings go together. */
bool stek_config_check(const struct stek_config *config, struct stek_config_problem *ret_problem);

/*
 * Reads the file at `path` and then conf.d/NAME.conf beside it, in the order of their names,
 * checks, and looks the groups up. On failure nothing is left to free. *ret_config is the caller's,
 * for stek_config_fini().
 */
bool stek_config_load(const char *path, struct stek_config *ret_config,
                      struct stek_config_problem *ret_problem);

/*
 * Has the C library load all that it asks for groups (nsswitch.conf(5)), also what it asks last:
 * once stekd runs, no code can be loaded any more.
 */
void stek_config_warm_up(void);

/* The ring of that name, or NULL. */
const struct stek_config_ring *stek_config_find(const struct stek_config *config, const char *name);

#endif
