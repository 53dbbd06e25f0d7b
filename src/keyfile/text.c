/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/text.h"

#include "core/hex.h"
#include "crypto/base64.h"
#include "keyfile/set.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_LEN = 512, SET_MAX = STEK_KEYFILE_NAME_LEN + 2 * STEK_KEYFILE_AES_MAX };

/* A line without the white space around it. It may hold keys. */
struct line {
    char at[LINE_MAX_LEN];
};

static void line_wipe(struct line *line)
{
    stek_wipe(line, sizeof *line);
}

/* Takes the next line that is not empty and no comment. 1: taken, 0: the end, -1: it is too long.
 */
static int next_line(const char **text, const char *end, struct line *ret_line)
{
    while (*text < end) {
        const char *from = *text;
        const char *until = memchr(from, '\n', (size_t)(end - from));

        if (until == NULL)
            until = end;
        *text = until < end ? until + 1 : end;
        while (from < until && isspace((unsigned char)*from))
            from++;
        while (until > from && isspace((unsigned char)until[-1]))
            until--;
        if (until - from >= LINE_MAX_LEN)
            return -1;
        if (until == from || *from == '#' || *from == ';')
            continue;
        memcpy(ret_line->at, from, (size_t)(until - from));
        ret_line->at[until - from] = '\0';
        return 1;
    }
    return 0;
}

static const char *read_base64(const struct stek_keyfile_layout *layout, const char *text,
                               const char *end, struct stek_keyfile_keys *keys)
{
    STEK_SECRET(line) struct line line;
    uint8_t set[SET_MAX + 2];
    const char *problem = NULL;
    int more;

    while (problem == NULL && (more = next_line(&text, end, &line)) != 0) {
        if (more < 0 || !stek_base64_decode(line.at, stek_keyfile_set_len(layout), set))
            problem = "a line is not base64 of a set of keys";
        else if (keys->count == layout->keys_max)
            problem = "it has more than 64 keys";
        else
            stek_keyfile_take_set(layout, set, &keys->at[keys->count++]);
    }
    stek_wipe(set, sizeof set);
    return problem != NULL || keys->count > 0 ? problem : "it has no line of base64";
}

/* Reads exactly `len` bytes of hexadecimal digits in either case. */
static bool read_hex(char *digits, size_t len, uint8_t *ret_bytes)
{
    if (strlen(digits) != 2 * len)
        return false;
    for (char *at = digits; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return stek_hex_read(digits, len, ret_bytes);
}

/* Splits "name: value" or "name = value" at the sign. NULL: there is none. */
static char *split(char *line, char sign)
{
    char *value = strchr(line, sign);

    if (value == NULL)
        return NULL;
    char *end = value;
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    value++;
    while (isspace((unsigned char)*value))
        value++;
    return value;
}

/* h2o writes the AES key and then an HMAC key that fills a block of the digest. */
static bool h2o_key(char *value, struct stek_keyfile_key *key)
{
    uint8_t bytes[STEK_KEYFILE_AES_MAX + STEK_KEYFILE_HMAC_MAX];
    const bool ok = read_hex(value, sizeof bytes, bytes);

    if (ok) {
        memcpy(key->aes, bytes, STEK_KEYFILE_AES_MAX);
        memcpy(key->hmac, bytes + STEK_KEYFILE_AES_MAX, STEK_KEYFILE_HMAC_MAX);
        key->aes_len = STEK_KEYFILE_AES_MAX;
        key->hmac_len = STEK_KEYFILE_HMAC_MAX;
    }
    stek_wipe(bytes, sizeof bytes);
    return ok;
}

static bool read_time(const char *text, int64_t *ret_time)
{
    char *end;
    const long long value = strtoll(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < 0)
        return false;
    *ret_time = value;
    return true;
}

/* NULL, or what is wrong. */
static const char *h2o_field(const char *name, char *value, struct stek_keyfile_key *key)
{
    if (strcmp(name, "name") == 0)
        return read_hex(value, sizeof key->name, key->name) ? NULL
                                                            : "a name is not 16 bytes of hex";
    if (strcmp(name, "cipher") == 0)
        return strcasecmp(value, "AES-256-CBC") == 0 ? NULL : "a cipher is not AES-256-CBC";
    if (strcmp(name, "hash") == 0)
        return strcasecmp(value, "SHA256") == 0 ? NULL : "a hash is not SHA256";
    if (strcmp(name, "key") == 0)
        return h2o_key(value, key) ? NULL : "a key is not 96 bytes of hex";
    if (strcmp(name, "not_before") == 0)
        return read_time(value, &key->from) ? NULL : "a not_before is not a time";
    if (strcmp(name, "not_after") == 0)
        return read_time(value, &key->until) ? NULL : "a not_after is not a time";
    return "a line is not name, cipher, hash, key, not_before or not_after";
}

static bool is_whole(const struct stek_keyfile_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i].aes_len == 0)
            return false;
    return keys->count > 0;
}

static const char *read_h2o(const char *text, const char *end, struct stek_keyfile_keys *keys)
{
    STEK_SECRET(line) struct line line;
    int more;

    while ((more = next_line(&text, end, &line)) != 0) {
        char *name = line.at;

        if (more > 0 && name[0] == '-' && name[1] == ' ') {
            if (keys->count == STEK_KEYFILE_KEYS_MAX)
                return "it has more than 64 keys";
            keys->count++;
            name += 1 + strspn(name + 1, " ");
        }
        char *value = more > 0 ? split(name, ':') : NULL;
        if (value == NULL || keys->count == 0)
            return "it is not a list of keys in YAML";
        const char *problem = h2o_field(name, value, &keys->at[keys->count - 1]);
        if (problem != NULL)
            return problem;
    }
    return is_whole(keys) ? NULL : "it has an entry without a key, or none";
}

/* A secret of stunnel's: 16 or 32 bytes. */
static bool stunnel_secret(char *value, uint8_t *ret_secret, size_t *ret_len)
{
    const size_t len = strlen(value) / 2;

    if ((len != 16 && len != 32) || !read_hex(value, len, ret_secret))
        return false;
    *ret_len = len;
    return true;
}

/* Other lines of the configuration are not looked at. */
static const char *read_stunnel(const char *text, const char *end, struct stek_keyfile_keys *keys)
{
    STEK_SECRET(line) struct line line;
    struct stek_keyfile_key *key = &keys->at[0];
    int more;

    while ((more = next_line(&text, end, &line)) != 0) {
        char *value = more > 0 ? split(line.at, '=') : NULL;

        if (value == NULL)
            continue;
        if (strcasecmp(line.at, "ticketKeySecret") == 0 &&
            !stunnel_secret(value, key->aes, &key->aes_len))
            return "ticketKeySecret is not 16 or 32 bytes of hex";
        if (strcasecmp(line.at, "ticketMacSecret") == 0 &&
            !stunnel_secret(value, key->hmac, &key->hmac_len))
            return "ticketMacSecret is not 16 or 32 bytes of hex";
    }
    if (key->aes_len == 0 || key->hmac_len == 0)
        return "it has no ticketKeySecret with a ticketMacSecret";
    keys->count = 1;
    return NULL;
}

const char *stek_keyfile_read_text(const struct stek_keyfile_layout *layout, const char *text,
                                   size_t len, struct stek_keyfile_keys *keys)
{
    if (layout->form == STEK_KEYFILE_BASE64)
        return read_base64(layout, text, text + len, keys);
    if (layout->form == STEK_KEYFILE_H2O)
        return read_h2o(text, text + len, keys);
    return read_stunnel(text, text + len, keys);
}
