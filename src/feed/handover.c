/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/handover.h"

#include "core/hex.h"
#include "core/label.h"
#include "core/plural.h"
#include "feed/after.h"
#include "feed/haproxy.h"
#include "feed/list.h"
#include "feed/rules/choose.h"
#include "keyfile/derived.h"

#include <stdio.h>
#include <string.h>

enum { PATH_LEN = STEK_FEED_VALUE_MAX, KEY_FILE_LEN = 2 * STEK_KEYFILE_NAME_LEN + 5 };

/* HAProxy holds three keys, unless it was built for more; its file may have more. */
enum { HAPROXY_PLACES = 3 };

/*
 * Each worker of lighttpd looks at its file when the clock's seconds are a multiple of 64, and a
 * busy one misses such a second. The feed looks at the ring each ten seconds. So a worker has read
 * a key before it seals, also if it misses one look.
 */
enum { LIGHTTPD_EARLY_S = 2 * 64 + 10 + 6 };

/* dnsdist adds the keys of a file to those that it holds. Only as many as it holds make it forget
 * the others, so the key that seals fills the places that are free. */
static void fill_up(struct stek_feed_choice *choice, size_t room)
{
    while (choice->count > 0 && choice->count < room)
        choice->at[choice->count++] = choice->at[0];
}

static void turn_round(struct stek_feed_choice *choice)
{
    for (size_t i = 0; i < choice->count / 2; i++) {
        const size_t at = choice->at[i];
        choice->at[i] = choice->at[choice->count - 1 - i];
        choice->at[choice->count - 1 - i] = at;
    }
}

static void choose(const struct stek_feed_config *config, const struct stek_records *records,
                   int64_t now, struct stek_feed_choice *ret_choice)
{
    if (config->layout->seals == STEK_KEYFILE_LAST_BUT_ONE) {
        stek_feed_choose(records, now, config->room, ret_choice);
        const size_t places =
            ret_choice->count > HAPROXY_PLACES ? ret_choice->count : HAPROXY_PLACES;
        stek_feed_line_up(records, now, places, ret_choice);
    } else if (config->layout->form == STEK_KEYFILE_LIGHTTPD)
        stek_feed_choose_early(records, now, LIGHTTPD_EARLY_S, ret_choice);
    else
        stek_feed_choose(records, now, config->room, ret_choice);
    if (config->layout->seals == STEK_KEYFILE_LAST) {
        fill_up(ret_choice, config->room);
        turn_round(ret_choice);
    }
}

bool stek_feed_make_keys(const struct stek_feed_config *config, const struct stek_records *records,
                         int64_t now, struct stek_keyfile_keys *ret_keys,
                         struct stek_feed_fault *ret_fault)
{
    struct stek_context context;
    struct stek_feed_choice choice;

    memset(ret_keys, 0, sizeof *ret_keys);
    ret_keys->layout = config->layout;
    if (!stek_context_label(config->context, &context))
        return false; /* it was checked */
    choose(config, records, now, &choice);
    for (size_t i = 0; i < choice.count; i++) {
        const enum stek_result result =
            stek_keyfile_add_derived(&records->at[choice.at[i]], &context, ret_keys);
        if (result != STEK_OK) {
            stek_feed_fault_say(ret_fault, "keys cannot be derived: %s", stek_result_text(result));
            return false;
        }
    }
    if (choice.count == 0)
        stek_feed_fault_say(ret_fault, "ring %s has no active key: see 'stek status'",
                            config->ring);
    return choice.count > 0;
}

/* Opens the directory of its one file. */
static bool open_for_file(const struct stek_feed_config *config, bool make,
                          struct stek_feed_place *ret_place, struct stek_feed_fault *ret_fault)
{
    char directory[PATH_LEN];
    const char *slash = strrchr(config->file, '/');
    const int len = slash > config->file ? (int)(slash - config->file) : 1;

    (void)snprintf(directory, sizeof directory, "%.*s", len, config->file);
    return stek_feed_place_open(directory, make, config->gid, ret_place, ret_fault);
}

static const char *own_name(const struct stek_feed_config *config)
{
    return strrchr(config->file, '/') + 1;
}

static bool put_file(const struct stek_feed_config *config, const struct stek_keyfile_keys *keys,
                     struct stek_feed_fault *ret_fault)
{
    static struct stek_keyfile_bytes bytes; /* too large for a stack */
    struct stek_feed_place place;

    /* stunnel includes a directory, so its file has one of its own. */
    const bool own_directory = config->layout->form == STEK_KEYFILE_STUNNEL;
    if (!open_for_file(config, own_directory, &place, ret_fault))
        return false;
    stek_keyfile_write(keys, &bytes);
    const bool ok = stek_feed_place_put(&place, own_name(config), bytes.at, bytes.len, ret_fault);
    stek_keyfile_bytes_wipe(&bytes);
    stek_feed_place_close(&place);
    return ok;
}

static bool has_file(const struct stek_feed_config *config)
{
    struct stek_feed_place place;
    struct stek_feed_fault fault;

    if (!open_for_file(config, false, &place, &fault))
        return false;
    const bool there = stek_feed_place_has(&place, own_name(config));
    stek_feed_place_close(&place);
    return there;
}

/* A key's file is called by the key's name, which is no secret: its bytes never change. */
static void file_name(const struct stek_keyfile_key *key, char ret_name[KEY_FILE_LEN])
{
    stek_hex_text(key->name, sizeof key->name, ret_name);
    memcpy(ret_name + 2 * sizeof key->name, STEK_FEED_KEY_SUFFIX, sizeof STEK_FEED_KEY_SUFFIX);
}

static bool is_among(const char *name, const void *arg)
{
    const struct stek_keyfile_keys *keys = arg;
    char wanted[KEY_FILE_LEN];

    for (size_t i = 0; i < keys->count; i++) {
        file_name(&keys->at[i], wanted);
        if (strcmp(wanted, name) == 0)
            return true;
    }
    return false;
}

static bool put_key(const struct stek_feed_place *place, const struct stek_keyfile_keys *keys,
                    size_t i, struct stek_feed_fault *ret_fault)
{
    static struct stek_keyfile_bytes bytes;
    STEK_SECRET(stek_keyfile_keys)
    struct stek_keyfile_keys one = {.layout = keys->layout, .count = 1, .at = {keys->at[i]}};
    char name[KEY_FILE_LEN];

    file_name(&keys->at[i], name);
    if (stek_feed_place_has(place, name))
        return true;
    stek_keyfile_write(&one, &bytes);
    const bool ok = stek_feed_place_put(place, name, bytes.at, bytes.len, ret_fault);
    stek_keyfile_bytes_wipe(&bytes);
    return ok;
}

static bool put_list(const struct stek_feed_config *config, const struct stek_feed_place *place,
                     const struct stek_keyfile_keys *keys, struct stek_feed_fault *ret_fault)
{
    static char list[STEK_KEYFILE_KEYS_MAX * 2 * PATH_LEN];
    char name[KEY_FILE_LEN];
    const char *head = stek_feed_list_head(config->layout);
    size_t len = strlen(head);

    memcpy(list, head, len);
    for (size_t i = 0; i < keys->count; i++) {
        file_name(&keys->at[i], name);
        len += stek_feed_list_line(config->layout, config->directory, name, list + len,
                                   sizeof list - len);
    }
    return stek_feed_place_put(place, stek_feed_list_name(config->layout), (const uint8_t *)list,
                               len, ret_fault);
}

/* New files, then the list that names them, and only then are the old ones removed. */
static bool put_directory(const struct stek_feed_config *config,
                          const struct stek_keyfile_keys *keys, struct stek_feed_fault *ret_fault)
{
    struct stek_feed_place place;
    bool ok = true;

    if (!stek_feed_place_open(config->directory, true, config->gid, &place, ret_fault))
        return false;
    for (size_t i = 0; i < keys->count && ok; i++)
        ok = put_key(&place, keys, i, ret_fault);
    ok = ok && put_list(config, &place, keys, ret_fault) &&
         stek_feed_place_clear(&place, STEK_FEED_KEY_SUFFIX, is_among, keys, ret_fault) &&
         stek_feed_place_clear(&place, STEK_FEED_KEY_SUFFIX ".new", is_among, keys, ret_fault);
    stek_feed_place_close(&place);
    return ok;
}

static bool has_directory(const struct stek_feed_config *config,
                          const struct stek_keyfile_keys *keys)
{
    struct stek_feed_place place;
    struct stek_feed_fault fault;
    char name[KEY_FILE_LEN];

    if (!stek_feed_place_open(config->directory, false, config->gid, &place, &fault))
        return false;
    bool there = stek_feed_place_has(&place, stek_feed_list_name(config->layout));
    for (size_t i = 0; i < keys->count && there; i++) {
        file_name(&keys->at[i], name);
        there = stek_feed_place_has(&place, name);
    }
    stek_feed_place_close(&place);
    return there;
}

bool stek_feed_has_files(const struct stek_feed_config *config,
                         const struct stek_keyfile_keys *keys)
{
    return stek_feed_needs_directory(config->layout) ? has_directory(config, keys)
                                                     : has_file(config);
}

bool stek_feed_put_keys(const struct stek_feed_config *config, const struct stek_keyfile_keys *keys,
                        struct stek_feed_fault *ret_fault)
{
    return stek_feed_needs_directory(config->layout) ? put_directory(config, keys, ret_fault)
                                                     : put_file(config, keys, ret_fault);
}

/* As many of the newest keys as HAProxy holds. */
static bool cut_to(const struct stek_keyfile_keys *keys, size_t count,
                   struct stek_keyfile_keys *ret_keys, struct stek_feed_fault *ret_fault)
{
    if (count > keys->count) {
        stek_feed_fault_say(ret_fault, "HAProxy holds %zu %s, and the ring has %zu", count,
                            stek_plural(count, "key", "keys"), keys->count);
        return false;
    }
    memset(ret_keys, 0, sizeof *ret_keys);
    ret_keys->layout = keys->layout;
    ret_keys->count = count;
    memcpy(ret_keys->at, keys->at + (keys->count - count), count * sizeof *keys->at);
    return true;
}

/* What HAProxy holds, and what it is to hold. */
struct haproxy {
    struct stek_keyfile_keys held;
    struct stek_keyfile_keys wanted;
};

static void haproxy_wipe(struct haproxy *haproxy)
{
    stek_wipe(haproxy, sizeof *haproxy);
}

static bool ask_haproxy(const struct stek_feed_config *config, const struct stek_keyfile_keys *keys,
                        struct haproxy *ret_haproxy, struct stek_feed_fault *ret_fault)
{
    return stek_feed_haproxy_ask(config->socket, config->file, config->layout, &ret_haproxy->held,
                                 ret_fault) &&
           cut_to(keys, ret_haproxy->held.count, &ret_haproxy->wanted, ret_fault);
}

bool stek_feed_hand_over(const struct stek_feed_config *config,
                         const struct stek_keyfile_keys *keys, struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(haproxy) struct haproxy haproxy;

    if (!stek_feed_put_keys(config, keys, ret_fault))
        return false;
    if (config->after != STEK_FEED_HAPROXY)
        return stek_feed_tell(config, ret_fault);
    return ask_haproxy(config, keys, &haproxy, ret_fault) &&
           stek_feed_haproxy_set(config->socket, config->file, &haproxy.held, &haproxy.wanted,
                                 ret_fault);
}

bool stek_feed_is_held(const struct stek_feed_config *config, const struct stek_keyfile_keys *keys,
                       struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(haproxy) struct haproxy haproxy;

    ret_fault->text[0] = '\0';
    if (config->after != STEK_FEED_HAPROXY)
        return true;
    return ask_haproxy(config, keys, &haproxy, ret_fault) &&
           stek_feed_haproxy_steps(&haproxy.held, &haproxy.wanted) == 0;
}
