/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as protobuf's encoding rules and etcd's field numbers have them, written out by hand. */
#include "unit.h"

#include "hex.h"

#include "etcd/message.h"

#include <stdlib.h>
#include <string.h>

static struct stek_bytes text(const char *at)
{
    return (struct stek_bytes){(const uint8_t *)at, strlen(at)};
}

static void assert_request(const struct stek_etcd_request *request, const char *hex)
{
    assert_hex_equal(request->at, request->len, hex);
}

static void put_if_absent_is_a_transaction_on_create_revision_0(void **state)
{
    static struct stek_etcd_request request;
    const struct stek_etcd_put put = {
        .key = text("k"), .value = text("v"), .lease = 5, .expected = 0};
    const struct stek_etcd_write write = {.count = 1, .puts = &put};

    (void)state;
    assert_int_equal(stek_etcd_ask_write(&write, &request), STEK_OK);
    /* compare {target CREATE, key "k", create_revision 0}, success {put k v lease 5} */
    assert_request(&request, "0a07"
                             "1001"
                             "1a016b"
                             "2800"
                             "120a"
                             "1208"
                             "0a016b"
                             "120176"
                             "1805");
}

static void a_later_write_compares_the_revision_that_is_known(void **state)
{
    static struct stek_etcd_request request;
    const struct stek_etcd_put put = {
        .key = text("k"), .value = text("v"), .lease = -1, .expected = 300};
    const struct stek_etcd_write write = {.count = 1, .puts = &put};

    (void)state;
    assert_int_equal(stek_etcd_ask_write(&write, &request), STEK_OK);
    /* compare {target MOD, key "k", mod_revision 300}, success {put k v, ignore_lease} */
    assert_request(&request, "0a08"
                             "1002"
                             "1a016b"
                             "30ac02"
                             "120a"
                             "1208"
                             "0a016b"
                             "120176"
                             "3001");
}

static void a_write_may_demand_that_nothing_in_a_span_has_changed_since(void **state)
{
    static struct stek_etcd_request request;
    const struct stek_etcd_write write = {.basis = {text("a"), text("b")}, .based_on = 299};

    (void)state;
    assert_int_equal(stek_etcd_ask_write(&write, &request), STEK_OK);
    /* compare {result LESS, target MOD, key "a", mod_revision 300, range_end "b"} */
    assert_request(&request, "0a0e"
                             "0802"
                             "1002"
                             "1a0161"
                             "30ac02"
                             "82040162");
}

static void a_write_may_delete_a_span(void **state)
{
    static struct stek_etcd_request request;
    const struct stek_etcd_write write = {.deleted = {text("a"), text("b")}};

    (void)state;
    assert_int_equal(stek_etcd_ask_write(&write, &request), STEK_OK);
    assert_request(&request, "1208"
                             "1a06"
                             "0a0161"
                             "120162");
}

static void a_watch_names_its_span_revision_and_number(void **state)
{
    static struct stek_etcd_request request;
    const struct stek_etcd_span span = {text("a"), text("b")};

    (void)state;
    assert_int_equal(stek_etcd_ask_watch(&span, 9, 7, &request), STEK_OK);
    assert_request(&request, "0a0c"
                             "0a0161"
                             "120162"
                             "1807"
                             "3809"
                             "4001");
    assert_int_equal(stek_etcd_ask_progress(&request), STEK_OK);
    assert_request(&request, "1a00");
    assert_int_equal(stek_etcd_ask_cancel(9, &request), STEK_OK);
    assert_request(&request, "12020809");
}

static void a_reading_names_its_span_limit_and_revision_or_that_the_endpoint_will_do(void **state)
{
    static struct stek_etcd_request request;
    const struct stek_etcd_span span = {text("a"), text("b")};

    (void)state;
    assert_int_equal(stek_etcd_ask_range(&span, 64, 7, &request), STEK_OK);
    assert_request(&request, "0a0161"
                             "120162"
                             "1840"
                             "2007");
    assert_int_equal(stek_etcd_ask_names(&span, 64, 7, &request), STEK_OK);
    assert_request(&request, "0a0161"
                             "120162"
                             "1840"
                             "2007"
                             "4001");
    assert_int_equal(stek_etcd_ask_local(text("a"), &request), STEK_OK);
    assert_request(&request, "0a0161"
                             "3801");
}

static void what_is_too_long_is_refused(void **state)
{
    static struct stek_etcd_request request;
    static char key[STEK_ETCD_REQUEST_MAX];

    (void)state;
    memset(key, 'x', sizeof key - 1);
    request.len = 42;
    assert_int_equal(stek_etcd_ask_delete(text(key), &request), STEK_ERR_ARGUMENT);
    assert_int_equal(request.len, 42);
}

struct items {
    unsigned count;
    char last_key[16];
    int64_t revision;
    bool gone;
};

static void take(void *arg, const struct stek_etcd_answer *head, const struct stek_etcd_item *item)
{
    struct items *items = arg;

    assert_int_equal(head->revision, 9);
    items->count++;
    memcpy(items->last_key, item->key.at, item->key.len);
    items->revision = item->revision;
    items->gone = item->gone;
}

static struct stek_bytes read_hex(const char *hex)
{
    static uint8_t room[256];

    return (struct stek_bytes){room, hex_read(hex, room, sizeof room)};
}

static void a_page_says_whether_there_is_more_and_how_many_keys_there_are(void **state)
{
    struct stek_etcd_answer answer;
    struct items items = {0};

    (void)state;
    /* header {cluster 3, revision 9}, kvs {key "k", mod_revision 7, value "v"}, more, a field that
     * we do not know; there are 300 keys in all */
    const struct stek_bytes message = read_hex("0a04"
                                               "0803"
                                               "1809"
                                               "1208"
                                               "0a016b"
                                               "1807"
                                               "2a0176"
                                               "1801"
                                               "20ac02"
                                               "f20700");
    assert_int_equal(stek_etcd_read_range(message, take, &items, &answer), STEK_OK);
    assert_int_equal(answer.cluster_id, 3);
    assert_int_equal(answer.revision, 9);
    assert_true(answer.more);
    assert_int_equal(answer.count, 300);
    assert_int_equal(items.count, 1);
    assert_string_equal(items.last_key, "k");
    assert_int_equal(items.revision, 7);
}

/* `count` values without content behind a header, each two bytes long. */
static struct stek_bytes values_without_content(size_t count, uint8_t *ret_room)
{
    const struct stek_bytes head = read_hex("0a021809");

    memcpy(ret_room, head.at, head.len);
    for (size_t i = 0; i < count; i++)
        memcpy(ret_room + head.len + 2 * i, "\x12\x00", 2);
    return (struct stek_bytes){ret_room, head.len + 2 * count};
}

static void a_message_that_would_take_up_too_much_memory_is_refused(void **state)
{
    struct stek_etcd_answer answer = {.revision = 42};
    uint8_t *room = malloc(4 << 20);

    (void)state;
    assert_non_null(room);
    assert_int_equal(
        stek_etcd_read_range(values_without_content(2000000, room), NULL, NULL, &answer),
        STEK_ERR_FORMAT);
    assert_int_equal(answer.revision, 42);
    assert_int_equal(
        stek_etcd_read_range(values_without_content(100000, room), NULL, NULL, &answer), STEK_OK);
    assert_int_equal(answer.revision, 9);
    free(room);
}

static void a_write_says_whether_it_was_done(void **state)
{
    struct stek_etcd_answer answer;

    (void)state;
    /* header {revision 9}, and with succeeded */
    assert_int_equal(stek_etcd_read_write(read_hex("0a02"
                                                   "1809"),
                                          &answer),
                     STEK_OK);
    assert_false(answer.succeeded);
    assert_int_equal(answer.revision, 9);
    assert_int_equal(stek_etcd_read_write(read_hex("0a02"
                                                   "1809"
                                                   "1001"),
                                          &answer),
                     STEK_OK);
    assert_true(answer.succeeded);
}

static void a_watch_hands_out_what_is_gone_as_gone(void **state)
{
    struct stek_etcd_answer answer;
    struct items items = {0};

    (void)state;
    /* header {revision 9}, watch_id 4, events { DELETE, kv {key "k", mod 9} } */
    const struct stek_bytes message = read_hex("0a02"
                                               "1809"
                                               "1004"
                                               "5a09"
                                               "0801"
                                               "1205"
                                               "0a016b"
                                               "1809");
    assert_int_equal(stek_etcd_read_watch(message, take, &items, &answer), STEK_OK);
    assert_int_equal(answer.watch_id, 4);
    assert_int_equal(items.count, 1);
    assert_true(items.gone);
}

static void a_watch_that_came_too_late_says_from_where_to_read(void **state)
{
    struct stek_etcd_answer answer;

    (void)state;
    /* header {revision 9}, watch_id 4, canceled, compact_revision 8, cancel_reason "x\n" */
    const struct stek_bytes message = read_hex("0a02"
                                               "1809"
                                               "1004"
                                               "2001"
                                               "2808"
                                               "3202780a");
    assert_int_equal(stek_etcd_read_watch(message, NULL, NULL, &answer), STEK_OK);
    assert_true(answer.canceled);
    assert_int_equal(answer.compacted, 8);
    assert_string_equal(answer.text, "x?");
}

static void what_is_not_etcds_is_refused_and_the_output_left_alone(void **state)
{
    struct stek_etcd_answer answer = {.revision = 42};

    (void)state;
    assert_int_equal(stek_etcd_read_range(read_hex(""), NULL, NULL, &answer),
                     STEK_ERR_FORMAT); /* no header */
    assert_int_equal(stek_etcd_read_range(read_hex("0a05"), NULL, NULL, &answer), STEK_ERR_FORMAT);
    assert_int_equal(stek_etcd_read_write(read_hex("ff"), &answer), STEK_ERR_FORMAT);
    assert_int_equal(stek_etcd_read_watch(read_hex("1004"), NULL, NULL, &answer), STEK_ERR_FORMAT);
    assert_int_equal(stek_etcd_read_lease(read_hex("0a"), &answer), STEK_ERR_FORMAT);
    assert_int_equal(stek_etcd_read_keepalive(read_hex("0a"), &answer), STEK_ERR_FORMAT);
    assert_int_equal(answer.revision, 42);
}

static void a_change_after_the_answer_that_tells_of_it_is_refused(void **state)
{
    struct stek_etcd_answer answer = {.revision = 42};
    struct items items = {0};

    (void)state;
    /* header {revision 9}, kvs {key "k", mod_revision 10} */
    assert_int_equal(stek_etcd_read_range(read_hex("0a021809"
                                                   "12050a016b180a"),
                                          take, &items, &answer),
                     STEK_ERR_FORMAT);
    /* header {revision 9}, watch_id 4, events {kv {key "k", mod 2^63 - 1}} */
    assert_int_equal(stek_etcd_read_watch(read_hex("0a021809"
                                                   "1004"
                                                   "5a0f120d0a016b18ffffffffffffffff7f"),
                                          take, &items, &answer),
                     STEK_ERR_FORMAT);
    assert_int_equal(items.count, 0);
    assert_int_equal(answer.revision, 42);
}

static void a_revision_that_has_no_next_one_is_refused(void **state)
{
    struct stek_etcd_answer answer = {.revision = 42};

    (void)state;
    /* header {revision 2^63 - 1}, and -1 */
    assert_int_equal(stek_etcd_read_write(read_hex("0a0a18ffffffffffffffff7f"), &answer),
                     STEK_ERR_FORMAT);
    assert_int_equal(stek_etcd_read_write(read_hex("0a0b18ffffffffffffffffff01"), &answer),
                     STEK_ERR_FORMAT);
    assert_int_equal(answer.revision, 42);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_if_absent_is_a_transaction_on_create_revision_0),
        cmocka_unit_test(a_later_write_compares_the_revision_that_is_known),
        cmocka_unit_test(a_write_may_demand_that_nothing_in_a_span_has_changed_since),
        cmocka_unit_test(a_write_may_delete_a_span),
        cmocka_unit_test(a_watch_names_its_span_revision_and_number),
        cmocka_unit_test(a_reading_names_its_span_limit_and_revision_or_that_the_endpoint_will_do),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(a_page_says_whether_there_is_more_and_how_many_keys_there_are),
        cmocka_unit_test(a_message_that_would_take_up_too_much_memory_is_refused),
        cmocka_unit_test(a_write_says_whether_it_was_done),
        cmocka_unit_test(a_watch_hands_out_what_is_gone_as_gone),
        cmocka_unit_test(a_watch_that_came_too_late_says_from_where_to_read),
        cmocka_unit_test(what_is_not_etcds_is_refused_and_the_output_left_alone),
        cmocka_unit_test(a_change_after_the_answer_that_tells_of_it_is_refused),
        cmocka_unit_test(a_revision_that_has_no_next_one_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
