/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seed is a text of eight lines in this order. Each is a word, a space, a value, and a line feed:
 *
 *     stek-seed 1
 *     ring NAME          1 to 64 of A-Z a-z 0-9 . _ -, not beginning with . or -
 *     rotate SECONDS     1 to 604800
 *     accept SECONDS     1 to 604800
 *     seq NUMBER         1 to 2^61
 *     from TIME          when the record `seq` begins, Unix seconds, 0 to 2^39
 *     secret HEX         64 lower-case digits
 *     check HEX          16: the first 8 bytes of the secret's fingerprint. It finds a damaged
 *                        seed, which would split the fleet without a word
 *
 * An attacker who can write the file controls the ring; one who can read it has its keys.
 */
#include "core/policy.h"
#include "core/hex.h"
#include "crypto/derive.h"
#include "crypto/keycheck.h"
#include "seed/seed.h"

#include <string.h>

enum { CHECK_LEN = 8, DIGITS_MAX = 19 };

#define SEED_TIME_MAX ((uint64_t)1 << 39)
#define SEED_SEQ_MAX (STEK_SEQ_MAX >> 1) /* there is always a next one */

/* What is left to read. */
struct reader {
    const char *at;
    size_t left;
};

/* Takes `word`, a space, and the value up to the line feed. False: the text differs. */
static bool take_line(struct reader *reader, const char *word, const char **ret_value,
                      size_t *ret_len)
{
    const size_t word_len = strlen(word);
    const char *end = memchr(reader->at, '\n', reader->left);

    if (end == NULL || (size_t)(end - reader->at) < word_len + 2 ||
        memcmp(reader->at, word, word_len) != 0 || reader->at[word_len] != ' ')
        return false;
    *ret_value = reader->at + word_len + 1;
    *ret_len = (size_t)(end - *ret_value);
    reader->left -= (size_t)(end + 1 - reader->at);
    reader->at = end + 1;
    return true;
}

static bool take_number(struct reader *reader, const char *word, uint64_t least, uint64_t most,
                        uint64_t *ret_number)
{
    const char *value;
    size_t len;
    uint64_t number = 0;

    if (!take_line(reader, word, &value, &len) || len > DIGITS_MAX || (value[0] == '0' && len > 1))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value[i] - '0');
    }
    *ret_number = number;
    return number >= least && number <= most;
}

static bool take_bytes(struct reader *reader, const char *word, uint8_t *ret_bytes, size_t wanted)
{
    const char *value;
    size_t len;

    if (!take_line(reader, word, &value, &len) || len != 2 * wanted)
        return false;
    return stek_hex_read(value, wanted, ret_bytes);
}

static bool name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
}

static bool take_ring(struct reader *reader, char ret_ring[STEK_SEED_RING_MAX + 1])
{
    const char *value;
    size_t len;

    if (!take_line(reader, "ring", &value, &len) || len > STEK_SEED_RING_MAX || value[0] == '.' ||
        value[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!name_letter(value[i]))
            return false;
    memset(ret_ring, 0, STEK_SEED_RING_MAX + 1);
    memcpy(ret_ring, value, len);
    return true;
}

/* NULL, or what is wrong with the lines that hold the times. */
static const char *take_times(struct reader *reader, struct stek_seed *seed)
{
    uint64_t rotate_s;
    uint64_t accept_s;
    uint64_t from;

    if (!take_number(reader, "rotate", 1, STEK_ROTATE_MAX_S, &rotate_s))
        return "its third line must be `rotate SECONDS`, from 1 to 604800";
    if (!take_number(reader, "accept", 1, STEK_ACCEPT_MAX_S, &accept_s))
        return "its fourth line must be `accept SECONDS`, from 1 to 604800";
    if (!take_number(reader, "seq", 1, SEED_SEQ_MAX, &seed->seq))
        return "its fifth line must be `seq NUMBER`, from 1 to 2^61";
    if (!take_number(reader, "from", 0, SEED_TIME_MAX, &from))
        return "its sixth line must be `from TIME` in Unix seconds";
    seed->rotate_s = (int64_t)rotate_s;
    seed->accept_s = (int64_t)accept_s;
    seed->active_from = (int64_t)from;
    return NULL;
}

static const char *take_secret(struct reader *reader, struct stek_seed *seed)
{
    struct stek_fingerprint fingerprint;
    uint8_t check[CHECK_LEN];

    if (!take_bytes(reader, "secret", seed->secret.bytes, sizeof seed->secret.bytes))
        return "its seventh line must be `secret ` and 64 lower-case hexadecimal digits";
    if (!take_bytes(reader, "check", check, sizeof check) || reader->left > 0)
        return "its eighth and last line must be `check ` and 16 lower-case hexadecimal digits";
    if (stek_key_is_weak(seed->secret.bytes, sizeof seed->secret.bytes))
        return "its secret is weak: make a new seed with 'stek fleet seed'";
    if (stek_derive_fingerprint(&seed->secret, &fingerprint) != STEK_OK)
        return "a libcrypto call failed";
    if (CRYPTO_memcmp(fingerprint.bytes, check, sizeof check) != 0)
        return "its secret does not match its check: the file is damaged; copy it again from "
               "another host";
    return NULL;
}

const char *stek_seed_parse(const char *text, size_t len, struct stek_seed *ret_seed)
{
    STEK_SECRET(stek_seed) struct stek_seed seed = {0};
    struct reader reader = {text, len};
    uint64_t version;

    if (!take_number(&reader, "stek-seed", 1, 1, &version))
        return "it is not a seed of this version: its first line must be `stek-seed 1`";
    if (!take_ring(&reader, seed.ring))
        return "its second line must be `ring NAME`, of 1 to 64 letters, digits, `.`, `_` and `-`";
    const char *problem = take_times(&reader, &seed);
    if (problem == NULL)
        problem = take_secret(&reader, &seed);
    if (problem == NULL)
        *ret_seed = seed;
    return problem;
}

/* Where the text is written. */
struct writer {
    char *at;
    size_t len;
};

static void put_text(struct writer *writer, const char *text)
{
    const size_t len = strlen(text);

    memcpy(writer->at + writer->len, text, len);
    writer->len += len;
}

static void put_number(struct writer *writer, const char *word, uint64_t number)
{
    char digits[DIGITS_MAX + 2] = {0};
    size_t first = sizeof digits - 1;

    do
        digits[--first] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put_text(writer, word);
    put_text(writer, digits + first);
}

static void put_bytes(struct writer *writer, const char *word, const uint8_t *bytes, size_t len)
{
    put_text(writer, word);
    stek_hex_digits(bytes, len, writer->at + writer->len);
    writer->len += 2 * len;
}

enum stek_result stek_seed_format(const struct stek_seed *seed, char ret_text[STEK_SEED_TEXT_MAX],
                                  size_t *ret_len)
{
    struct writer writer = {.len = 0};
    struct stek_fingerprint fingerprint;

    enum stek_result result = stek_derive_fingerprint(&seed->secret, &fingerprint);
    if (result != STEK_OK)
        return result;
    writer.at = ret_text;
    put_text(&writer, "stek-seed 1\nring ");
    put_text(&writer, seed->ring);
    put_number(&writer, "\nrotate ", (uint64_t)seed->rotate_s);
    put_number(&writer, "\naccept ", (uint64_t)seed->accept_s);
    put_number(&writer, "\nseq ", seed->seq);
    put_number(&writer, "\nfrom ", (uint64_t)seed->active_from);
    put_bytes(&writer, "\nsecret ", seed->secret.bytes, sizeof seed->secret.bytes);
    put_bytes(&writer, "\ncheck ", fingerprint.bytes, CHECK_LEN);
    put_text(&writer, "\n");
    *ret_len = writer.len;
    return STEK_OK;
}
