/* SPDX-License-Identifier: Apache-2.0 */
#include "history/entry.h"

#include "core/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 19 };

static const char *const kinds[STEK_HISTORY_KINDS] = {
    [STEK_HISTORY_STARTED] = "started", [STEK_HISTORY_STOPPED] = "stopped",
    [STEK_HISTORY_ALIVE] = "alive",     [STEK_HISTORY_LOST] = "lost",
    [STEK_HISTORY_KEPT] = "kept",       [STEK_HISTORY_UNKEPT] = "unkept",
    [STEK_HISTORY_GONE] = "gone",       [STEK_HISTORY_ROTATED] = "rotated",
    [STEK_HISTORY_ORDER] = "order",     [STEK_HISTORY_REFUSED] = "refused",
    [STEK_HISTORY_RELOAD] = "reload"};

void stek_history_entry_init(enum stek_history_kind kind, struct stek_history_entry *ret_entry)
{
    *ret_entry = (struct stek_history_entry){
        .kind = kind, .number = -1, .one = -1, .other = -1, .uid = -1, .pid = -1};
}

static bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

void stek_history_set_text(struct stek_history_entry *entry, const char *text)
{
    size_t len = strnlen(text, STEK_HISTORY_TEXT_MAX);

    for (size_t i = 0; i < len; i++)
        entry->text[i] = '?';
    for (size_t i = 0; i < len; i++)
        if (is_printable(text[i]))
            entry->text[i] = text[i];
    entry->text[len] = '\0';
}

static const char *number_text(int64_t number, char ret_text[24])
{
    if (number < 0)
        (void)snprintf(ret_text, 24, "-");
    else
        (void)snprintf(ret_text, 24, "%" PRId64, number);
    return ret_text;
}

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

size_t stek_history_format(const struct stek_history_entry *entry,
                           char ret_line[STEK_HISTORY_LINE_MAX])
{
    char number[24], one[24], other[24], uid[24], pid[24];

    const int len =
        snprintf(ret_line, STEK_HISTORY_LINE_MAX, "%" PRId64 " %s %s %s %s %s %s %s %s%s%s .\n",
                 entry->when > 0 ? entry->when : 0, kinds[entry->kind], or_dash(entry->ring),
                 number_text(entry->number, number), number_text(entry->one, one),
                 number_text(entry->other, other), number_text(entry->uid, uid),
                 number_text(entry->pid, pid), or_dash(entry->word),
                 entry->text[0] != '\0' ? " " : "", entry->text);
    return len > 0 && len < STEK_HISTORY_LINE_MAX ? (size_t)len : 0;
}

/* What is left of a line. */
struct rest {
    const char *at;
    const char *end;
};

/* The next word, of at most `max` bytes, with a zero behind it. A space follows, or the end. */
static bool take_word(struct rest *rest, char *ret_word, size_t max)
{
    const char *space = memchr(rest->at, ' ', (size_t)(rest->end - rest->at));
    const char *end = space != NULL ? space : rest->end;
    const size_t len = (size_t)(end - rest->at);

    if (len == 0 || len > max)
        return false;
    memcpy(ret_word, rest->at, len);
    ret_word[len] = '\0';
    rest->at = space != NULL ? space + 1 : rest->end;
    return strlen(ret_word) == len && (space == NULL || rest->at < rest->end);
}

/* A number up to `max` as it is written, without a sign, and without zeros before it. */
static bool take_number(struct rest *rest, int64_t max, int64_t *ret_number)
{
    char text[DIGITS_MAX + 1];
    int64_t number = 0;

    if (!take_word(rest, text, DIGITS_MAX))
        return false;
    if (text[0] == '0' && text[1] != '\0')
        return false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || number > (INT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (*at - '0');
    }
    *ret_number = number;
    return number <= max;
}

/* The same, or "-" for -1. */
static bool take_if_any(struct rest *rest, int64_t max, int64_t *ret_number)
{
    if (rest->end - rest->at < 2 || memcmp(rest->at, "- ", 2) != 0)
        return take_number(rest, max, ret_number);
    rest->at += 2;
    *ret_number = -1;
    return true;
}

static bool take_kind(struct rest *rest, enum stek_history_kind *ret_kind)
{
    char word[STEK_HISTORY_WORD_MAX + 1];

    if (!take_word(rest, word, STEK_HISTORY_WORD_MAX))
        return false;
    for (unsigned i = 0; i < STEK_HISTORY_KINDS; i++) {
        if (strcmp(word, kinds[i]) != 0)
            continue;
        *ret_kind = (enum stek_history_kind)i;
        return true;
    }
    return false;
}

static bool take_ring(struct rest *rest, char *ret_ring)
{
    if (!take_word(rest, ret_ring, STEK_RING_NAME_MAX))
        return false;
    if (strcmp(ret_ring, "-") != 0)
        return stek_ring_name_is_valid(ret_ring);
    ret_ring[0] = '\0';
    return true;
}

/* Letters and hyphens; "-" is none. */
static bool take_short_word(struct rest *rest, char *ret_word)
{
    if (!take_word(rest, ret_word, STEK_HISTORY_WORD_MAX))
        return false;
    for (const char *at = ret_word; *at != '\0'; at++)
        if ((*at < 'a' || *at > 'z') && *at != '-')
            return false;
    if (strcmp(ret_word, "-") == 0)
        ret_word[0] = '\0';
    return true;
}

/* All that is left. */
static bool take_text(const struct rest *rest, char *ret_text)
{
    const size_t len = (size_t)(rest->end - rest->at);

    if (len > STEK_HISTORY_TEXT_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_printable(rest->at[i]))
            return false;
    memcpy(ret_text, rest->at, len);
    ret_text[len] = '\0';
    return true;
}

bool stek_history_parse(const char *line, size_t len, struct stek_history_entry *ret_entry)
{
    struct stek_history_entry entry = {.when = 0};

    if (len < 2 || len >= STEK_HISTORY_LINE_MAX || memcmp(line + len - 2, " .", 2) != 0)
        return false;
    struct rest rest = {line, line + len - 2};
    if (!take_number(&rest, STEK_TIME_MAX, &entry.when) || !take_kind(&rest, &entry.kind) ||
        !take_ring(&rest, entry.ring) ||
        !take_if_any(&rest, (int64_t)STEK_SEQ_MAX, &entry.number) ||
        !take_if_any(&rest, STEK_TIME_MAX, &entry.one) ||
        !take_if_any(&rest, STEK_TIME_MAX, &entry.other) ||
        !take_if_any(&rest, UINT32_MAX, &entry.uid) ||
        !take_if_any(&rest, UINT32_MAX, &entry.pid) || !take_short_word(&rest, entry.word) ||
        !take_text(&rest, entry.text))
        return false;
    *ret_entry = entry;
    return true;
}
