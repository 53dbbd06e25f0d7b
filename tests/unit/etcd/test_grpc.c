/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"

#include "etcd/grpc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 65536, MESSAGES = 50 };

/* A body of frames, and what comes out of it. */
struct body {
    uint8_t at[ROOM];
    size_t len;
    size_t want_len[MESSAGES];
    unsigned count;
    unsigned got;
    unsigned stop_after; /* 0: never */
};

static void add_message(struct body *body, size_t len)
{
    stek_grpc_head(len, body->at + body->len);
    memset(body->at + body->len + STEK_GRPC_HEAD_LEN, (int)(body->count + 1), len);
    body->len += STEK_GRPC_HEAD_LEN + len;
    body->want_len[body->count++] = len;
}

static bool take(void *arg, struct stek_bytes message)
{
    struct body *body = arg;

    assert_true(body->got < body->count);
    assert_int_equal(message.len, body->want_len[body->got]);
    for (size_t i = 0; i < message.len; i++)
        assert_int_equal(message.at[i], body->got + 1);
    return ++body->got != body->stop_after;
}

static void messages_come_out_whole_however_they_are_cut(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct body body = {.len = 0};
        struct stek_grpc_frames frames = {0};

        while (body.count < MESSAGES)
            add_message(&body, (size_t)prng_scale(&prng, 1000) - 1);
        for (size_t at = 0; at < body.len;) {
            size_t piece = (size_t)prng_scale(&prng, 2000);
            piece = piece < body.len - at ? piece : body.len - at;
            assert_int_equal(
                stek_grpc_feed(&frames, (struct stek_bytes){body.at + at, piece}, take, &body),
                STEK_OK);
            at += piece;
        }
        assert_int_equal(body.got, body.count);
        stek_grpc_frames_fini(&frames);
    }
}

static void a_compressed_message_is_refused(void **state)
{
    struct body body = {.len = 0};
    struct stek_grpc_frames frames = {0};

    (void)state;
    add_message(&body, 3);
    body.at[0] = 1;
    assert_int_equal(stek_grpc_feed(&frames, (struct stek_bytes){body.at, body.len}, take, &body),
                     STEK_ERR_FORMAT);
    assert_int_equal(body.got, 0);
    stek_grpc_frames_fini(&frames);
}

static void a_message_that_is_too_long_is_refused_before_it_comes(void **state)
{
    struct body body = {.len = 0};
    struct stek_grpc_frames frames = {0};
    uint8_t head[STEK_GRPC_HEAD_LEN];

    (void)state;
    stek_grpc_head(STEK_GRPC_MESSAGE_MAX + 1, head);
    assert_int_equal(stek_grpc_feed(&frames, (struct stek_bytes){head, sizeof head}, take, &body),
                     STEK_ERR_ARGUMENT);
    assert_true(frames.room < STEK_GRPC_MESSAGE_MAX);
    stek_grpc_frames_fini(&frames);
    stek_grpc_head(STEK_GRPC_MESSAGE_MAX, head);
    assert_int_equal(stek_grpc_feed(&frames, (struct stek_bytes){head, sizeof head}, take, &body),
                     STEK_OK);
    stek_grpc_frames_fini(&frames);
}

static void feeding_stops_when_the_callback_says_so(void **state)
{
    struct body body = {.stop_after = 2};
    struct stek_grpc_frames frames = {0};

    (void)state;
    for (unsigned i = 0; i < 5; i++)
        add_message(&body, 1);
    assert_int_equal(stek_grpc_feed(&frames, (struct stek_bytes){body.at, body.len}, take, &body),
                     STEK_ERR_BUSY);
    assert_int_equal(body.got, 2);
    stek_grpc_frames_fini(&frames);
}

static struct stek_grpc_trailers after(const char *line)
{
    struct stek_grpc_trailers trailers = {.status = STEK_GRPC_NO_STATUS};

    stek_grpc_trailer(&trailers, line, strlen(line));
    return trailers;
}

static void a_status_is_one_of_seventeen_numbers(void **state)
{
    (void)state;
    assert_int_equal(after("grpc-status: 0\r\n").status, 0);
    assert_int_equal(after("Grpc-Status:7\r\n").status, 7);
    assert_int_equal(after("grpc-status: 16\r\n").status, 16);
    assert_int_equal(after("grpc-status: 20\r\n").status, STEK_GRPC_NO_STATUS);
    assert_int_equal(after("grpc-status: \r\n").status, STEK_GRPC_NO_STATUS);
    assert_int_equal(after("grpc-status: 7x\r\n").status, STEK_GRPC_NO_STATUS);
    assert_int_equal(after("grpc-statuses: 7\r\n").status, STEK_GRPC_NO_STATUS);
    assert_int_equal(after("grpc-status").status, STEK_GRPC_NO_STATUS);
    assert_int_equal(after("").status, STEK_GRPC_NO_STATUS);
}

static void a_message_is_decoded_cut_and_made_printable(void **state)
{
    char line[1000] = "grpc-message: ";

    (void)state;
    assert_string_equal(after("grpc-message: no%20leader%21\r\n").text, "no leader!");
    assert_string_equal(after("grpc-message: a%0a%1b[31mb\xff\r\n").text, "a??[31mb?");
    assert_string_equal(after("grpc-message: 100%\r\n").text, "100%");
    assert_string_equal(after("grpc-message: %zz%4\r\n").text, "%zz%4");
    memset(line + strlen(line), 'x', 900);
    assert_int_equal(strlen(after(line).text), STEK_GRPC_TEXT_MAX - 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_out_whole_however_they_are_cut),
        cmocka_unit_test(a_compressed_message_is_refused),
        cmocka_unit_test(a_message_that_is_too_long_is_refused_before_it_comes),
        cmocka_unit_test(feeding_stops_when_the_callback_says_so),
        cmocka_unit_test(a_status_is_one_of_seventeen_numbers),
        cmocka_unit_test(a_message_is_decoded_cut_and_made_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
