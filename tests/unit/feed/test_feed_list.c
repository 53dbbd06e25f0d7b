/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of key files that servers include. */
#include "unit.h"

#include "feed/list.h"

#include <stdio.h>
#include <string.h>

static void assert_list(const char *name, const char *list_name, const char *expected)
{
    const struct stek_keyfile_layout *layout = stek_keyfile_layout_find(name);
    char text[512];

    assert_true(stek_feed_needs_directory(layout));
    assert_string_equal(stek_feed_list_name(layout), list_name);
    (void)snprintf(text, sizeof text, "%s", stek_feed_list_head(layout));
    const size_t len = strlen(text);
    assert_true(stek_feed_list_line(layout, "/run/x", "0a.key", text + len, sizeof text - len) > 0);
    assert_string_equal(text, expected);
}

static void each_server_includes_a_list_in_its_own_words(void **state)
{
    (void)state;
    assert_list("nginx", "keys.conf", "ssl_session_ticket_key /run/x/0a.key;\n");
    assert_list("unbound", "keys.conf", "tls-session-ticket-keys: \"/run/x/0a.key\"\n");
    assert_list("nghttpx", "keys.conf", "tls-ticket-key-file=/run/x/0a.key\n");
    assert_list("nginx-aes128", "keys.conf", "ssl_session_ticket_key /run/x/0a.key;\n");
    assert_list("nghttpx-aes128", "keys.conf", "tls-ticket-key-file=/run/x/0a.key\n");
    assert_list("openssl", "keys.conf", "/run/x/0a.key\n");
}

/* As in envoy/extensions/transport_sockets/tls/v3: Secret.session_ticket_keys is a
 * TlsSessionTicketKeys, whose keys are DataSources, of which one kind is a filename. */
static void envoy_reads_a_secret_of_its_api(void **state)
{
    (void)state;
    assert_list(
        "envoy", "keys.yaml",
        "resources:\n"
        "- \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret\n"
        "  name: stek\n"
        "  session_ticket_keys:\n"
        "    keys:\n"
        "    - filename: /run/x/0a.key\n");
}

static void a_line_that_finds_no_room_is_not_cut(void **state)
{
    const struct stek_keyfile_layout *layout = stek_keyfile_layout_find("nginx");
    char text[64];

    (void)state;
    const size_t len = stek_feed_list_line(layout, "/run/x", "0a.key", text, sizeof text);
    assert_int_equal(stek_feed_list_line(layout, "/run/x", "0a.key", text, len), 0);
    assert_int_equal(stek_feed_list_line(layout, "/run/x", "0a.key", text, len + 1), len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_server_includes_a_list_in_its_own_words),
        cmocka_unit_test(envoy_reads_a_secret_of_its_api),
        cmocka_unit_test(a_line_that_finds_no_room_is_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
