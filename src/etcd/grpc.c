/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/grpc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void stek_grpc_head(size_t message_len, uint8_t ret_head[STEK_GRPC_HEAD_LEN])
{
    ret_head[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        ret_head[1 + i] = (uint8_t)(message_len >> (24 - 8 * i));
}

static size_t message_len(const uint8_t *head)
{
    return (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
}

static enum stek_result head_result(const uint8_t *head)
{
    if (head[0] != 0)
        return STEK_ERR_FORMAT;
    return message_len(head) > STEK_GRPC_MESSAGE_MAX ? STEK_ERR_ARGUMENT : STEK_OK;
}

/* Makes room for `len` bytes in all; what comes is never much more than what was announced. */
static enum stek_result reserve(struct stek_grpc_frames *frames, size_t len)
{
    if (len <= frames->room)
        return STEK_OK;
    size_t room = len < 4096 ? 4096 : len + len / 2;
    uint8_t *at = realloc(frames->at, room);
    if (at == NULL)
        return STEK_ERR_MEMORY;
    frames->at = at;
    frames->room = room;
    return STEK_OK;
}

/* Moves bytes from the piece into the frame until it holds `want`; says whether it does. */
static enum stek_result fill(struct stek_grpc_frames *frames, size_t want, struct stek_bytes *piece,
                             bool *ret_full)
{
    size_t missing = want - frames->len;
    size_t take = piece->len < missing ? piece->len : missing;
    enum stek_result result = reserve(frames, frames->len + take);

    if (result != STEK_OK)
        return result;
    if (take > 0)
        memcpy(frames->at + frames->len, piece->at, take);
    frames->len += take;
    piece->at += take;
    piece->len -= take;
    *ret_full = take == missing;
    return STEK_OK;
}

enum stek_result stek_grpc_feed(struct stek_grpc_frames *frames, struct stek_bytes piece,
                                stek_grpc_message_fn on_message, void *arg)
{
    enum stek_result result = STEK_OK;

    while (piece.len > 0) {
        bool full = true;
        if (frames->len < STEK_GRPC_HEAD_LEN)
            result = fill(frames, STEK_GRPC_HEAD_LEN, &piece, &full);
        if (result == STEK_OK && full)
            result = head_result(frames->at);
        if (result == STEK_OK && full)
            result = fill(frames, STEK_GRPC_HEAD_LEN + message_len(frames->at), &piece, &full);
        if (result != STEK_OK || !full)
            return result;
        const struct stek_bytes message = {frames->at + STEK_GRPC_HEAD_LEN,
                                           frames->len - STEK_GRPC_HEAD_LEN};
        frames->len = 0;
        if (!on_message(arg, message))
            return STEK_ERR_BUSY;
    }
    return STEK_OK;
}

void stek_grpc_frames_fini(struct stek_grpc_frames *frames)
{
    free(frames->at);
    *frames = (struct stek_grpc_frames){0};
}

/* The value of a header line with this name, without blanks and line end around it; NULL for
 * another name. */
static const char *header_value(const char *line, size_t len, const char *name, size_t *ret_len)
{
    const size_t name_len = strlen(name);

    if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
        return NULL;
    const char *at = line + name_len + 1;
    const char *end = line + len;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\r' || end[-1] == '\n'))
        end--;
    *ret_len = (size_t)(end - at);
    return at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_text(const char *at, size_t len, char ret_text[STEK_GRPC_TEXT_MAX])
{
    size_t out = 0;

    for (size_t i = 0; i < len && out + 1 < STEK_GRPC_TEXT_MAX; i++) {
        int c = (unsigned char)at[i];
        if (c == '%' && i + 2 < len && hex_digit(at[i + 1]) >= 0 && hex_digit(at[i + 2]) >= 0) {
            c = hex_digit(at[i + 1]) << 4 | hex_digit(at[i + 2]);
            i += 2;
        }
        ret_text[out++] = (char)(c >= ' ' && c <= '~' ? c : '?');
    }
    ret_text[out] = '\0';
}

static int decode_status(const char *at, size_t len)
{
    if (len == 1 && at[0] >= '0' && at[0] <= '9')
        return at[0] - '0';
    if (len == 2 && at[0] == '1' && at[1] >= '0' && at[1] <= '9')
        return 10 + at[1] - '0';
    return STEK_GRPC_NO_STATUS;
}

void stek_grpc_trailer(struct stek_grpc_trailers *trailers, const char *line, size_t len)
{
    size_t value_len;
    const char *value = header_value(line, len, "grpc-status", &value_len);

    if (value != NULL)
        trailers->status = decode_status(value, value_len);
    value = header_value(line, len, "grpc-message", &value_len);
    if (value != NULL)
        decode_text(value, value_len, trailers->text);
}
