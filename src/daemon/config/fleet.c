/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of [fleet], and what has to go together. Pure. */
#include "daemon/config/keys.h"

#include <stdio.h>
#include <string.h>

enum { ENDPOINTS, CA, CERT, KEY, PREFIX, KEK, NAME, BOOTSTRAP, STATE };

const struct stek_config_key stek_config_fleet_keys[] = {
    [ENDPOINTS] =
        {"endpoints",
         "up to 16 of https://HOST:PORT (or http://, in the clear), with spaces between; an "
         "IPv6 address as [ADDRESS]:PORT"},
    [CA] = {"ca", "the absolute path of a PEM file"},
    [CERT] = {"cert", "the absolute path of a PEM file"},
    [KEY] = {"key", "the absolute path of a PEM file"},
    [PREFIX] = {"prefix", "/NAME, of A-Z a-z 0-9 . _ - and further /, not ending with /"},
    [KEK] = {"kek", "one or two keys, each an absolute path or credential:NAME, with a space "
                    "between; the first one seals"},
    [NAME] = {"name", "1 to 128 of A-Z a-z 0-9 . _ -"},
    [BOOTSTRAP] = {"bootstrap", "wait or local"},
    [STATE] = {"state", "the absolute path of a folder that outlives a reboot"},
    {NULL, NULL},
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* Letters, digits and a few marks, and what else is in `more`; at least one. */
static bool is_made_of(const char *text, const char *more)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (!is_plain(*text) && strchr(more, *text) == NULL)
            return false;
    return true;
}

bool stek_config_set_path(char setting[STEK_CONFIG_PATH_LEN], const char *value)
{
    const size_t len = strlen(value);

    if (value[0] != '/' || len >= STEK_CONFIG_PATH_LEN)
        return false;
    memcpy(setting, value, len + 1);
    return true;
}

/* HOST, up to the colon before the port: a name or an address, in brackets with colons (IPv6). */
static bool is_host(const char *host, size_t len)
{
    const bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    const char *at = bracketed ? host + 1 : host;

    for (const char *end = host + len - (bracketed ? 1 : 0); at < end; at++)
        if (!is_plain(*at) && !(bracketed && *at == ':'))
            return false;
    return len > 0;
}

/* https://HOST:PORT. No user, path or anything else that a URL can have. */
static bool is_endpoint(const char *text)
{
    const char *host = strncmp(text, "https://", 8) == 0  ? text + 8
                       : strncmp(text, "http://", 7) == 0 ? text + 7
                                                          : "";
    const char *port = strrchr(host, ':');
    unsigned number = 0;

    if (port == NULL || port[1] == '\0' || strlen(port) > 6 ||
        !is_host(host, (size_t)(port - host)))
        return false;
    for (const char *at = port + 1; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (unsigned)(*at - '0');
    }
    return number > 0 && number < 65536;
}

/* Cuts a list at blanks into texts that follow each other, each ended by a zero. Returns how many,
 * 0 if too long. */
static size_t cut_list(const char *value, char *ret_list, size_t size)
{
    size_t count = 0;
    size_t len = 0;

    for (const char *at = value + strspn(value, " \t"); *at != '\0'; at += strspn(at, " \t")) {
        const size_t word = strcspn(at, " \t");
        if (len + word + 2 > size)
            return 0;
        memcpy(ret_list + len, at, word);
        ret_list[len + word] = '\0';
        len += word + 1;
        at += word;
        count++;
    }
    return count;
}

static bool set_endpoints(struct stek_config_fleet *fleet, const char *value)
{
    char list[STEK_CONFIG_ENDPOINTS_LEN];
    const size_t count = cut_list(value, list, sizeof list);
    const char *at = list;

    if (count == 0 || count > STEK_CONFIG_ENDPOINTS_MAX)
        return false;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1)
        if (!is_endpoint(at))
            return false;
    memset(fleet->endpoints, 0, sizeof fleet->endpoints);
    memcpy(fleet->endpoints, list, (size_t)(at - list));
    fleet->endpoint_count = count;
    return true;
}

static bool is_kek(const char *text)
{
    static const char mark[] = "credential:";

    if (strncmp(text, mark, sizeof mark - 1) == 0)
        return is_made_of(text + sizeof mark - 1, "") && strlen(text) < STEK_CONFIG_PATH_LEN;
    return text[0] == '/' && strlen(text) < STEK_CONFIG_PATH_LEN;
}

static bool set_keks(struct stek_config_fleet *fleet, const char *value)
{
    char list[STEK_CONFIG_KEKS_MAX * STEK_CONFIG_PATH_LEN];
    const size_t count = cut_list(value, list, sizeof list);
    const char *at = list;

    if (count == 0 || count > STEK_CONFIG_KEKS_MAX)
        return false;
    for (size_t i = 0; i < count; i++, at += strlen(at) + 1) {
        if (!is_kek(at))
            return false;
        memcpy(fleet->kek[i], at, strlen(at) + 1);
    }
    fleet->kek_count = count;
    return true;
}

static bool set_prefix(struct stek_config_fleet *fleet, const char *value)
{
    const size_t len = strlen(value);

    if (len < 2 || len >= sizeof fleet->prefix || value[0] != '/' || value[len - 1] == '/' ||
        !is_made_of(value, "/"))
        return false;
    memcpy(fleet->prefix, value, len + 1);
    return true;
}

static bool set_name(struct stek_config_fleet *fleet, const char *value)
{
    if (!is_made_of(value, "") || strlen(value) > STEK_CONFIG_HOST_LEN)
        return false;
    memcpy(fleet->name, value, strlen(value) + 1);
    return true;
}

bool stek_config_set_fleet(struct stek_config_fleet *fleet, size_t key, const char *value)
{
    switch (key) {
    case ENDPOINTS:
        return set_endpoints(fleet, value);
    case CA:
        return stek_config_set_path(fleet->ca, value);
    case CERT:
        return stek_config_set_path(fleet->cert, value);
    case KEY:
        return stek_config_set_path(fleet->key, value);
    case PREFIX:
        return set_prefix(fleet, value);
    case KEK:
        return set_keks(fleet, value);
    case NAME:
        return set_name(fleet, value);
    case STATE:
        return stek_config_set_path(fleet->state, value);
    default:
        fleet->bootstrap_local = strcmp(value, "local") == 0;
        return fleet->bootstrap_local || strcmp(value, "wait") == 0;
    }
}

const char *stek_config_fleet_problem(const struct stek_config_fleet *fleet)
{
    if (!fleet->given)
        return NULL;
    if (fleet->endpoint_count == 0)
        return "endpoints is missing: the addresses of etcd's members, https://HOST:PORT ...";
    if (fleet->kek_count == 0)
        return "kek is missing: a key-encryption key, which 'stek fleet init FILE' makes";
    if ((fleet->cert[0] == '\0') != (fleet->key[0] == '\0'))
        return "cert and key must be given together";
    for (const char *at = fleet->endpoints;
         at < fleet->endpoints + sizeof fleet->endpoints && *at != '\0'; at += strlen(at) + 1)
        if (strncmp(at, "https:", 6) == 0 && fleet->ca[0] == '\0')
            return "ca is missing: https endpoints need the authority that signed their "
                   "certificates";
    return NULL;
}

const char *stek_config_source_problem(const struct stek_config *config,
                                       const struct stek_config_ring *ring)
{
    if (ring->source == STEK_SOURCE_FLEET && !config->fleet.given)
        return "source = fleet needs a section [fleet]";
    if (ring->source == STEK_SOURCE_SEED && ring->seed[0] == '\0')
        return "source = seed needs seed = FILE, which 'stek fleet seed RING FILE' makes";
    if (ring->source != STEK_SOURCE_SEED && ring->seed[0] != '\0')
        return "seed is only allowed with source = seed";
    return NULL;
}
