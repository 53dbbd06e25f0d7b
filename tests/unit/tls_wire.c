/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_wire.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>

enum { MTU = 1400 };

struct datagram {
    struct datagram *next;
    size_t len;
    char bytes[];
};

/* One direction. Whoever reads from it frees it; the writer is gone by then, or never writes again.
 */
struct lane {
    struct datagram *first;
    struct datagram **end;
    unsigned ends;
};

/* What a BIO holds. */
struct end {
    struct lane *in;
    struct lane *out;
};

static struct lane *lane_new(void)
{
    struct lane *lane = calloc(1, sizeof *lane);

    assert_non_null(lane);
    lane->end = &lane->first;
    lane->ends = 2;
    return lane;
}

static void lane_release(struct lane *lane)
{
    if (--lane->ends > 0)
        return;
    while (lane->first != NULL) {
        struct datagram *next = lane->first->next;
        free(lane->first);
        lane->first = next;
    }
    free(lane);
}

static int send_datagram(BIO *bio, const char *bytes, int len)
{
    struct lane *lane = ((struct end *)BIO_get_data(bio))->out;
    struct datagram *datagram = malloc(sizeof *datagram + (size_t)len);

    if (datagram == NULL)
        return -1;
    datagram->next = NULL;
    datagram->len = (size_t)len;
    memcpy(datagram->bytes, bytes, datagram->len);
    *lane->end = datagram;
    lane->end = &datagram->next;
    return len;
}

/* Like recv(2): what does not fit is lost. */
static int receive_datagram(BIO *bio, char *ret_bytes, int len)
{
    struct lane *lane = ((struct end *)BIO_get_data(bio))->in;
    struct datagram *datagram = lane->first;

    BIO_clear_retry_flags(bio);
    if (datagram == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const int received = datagram->len < (size_t)len ? (int)datagram->len : len;
    memcpy(ret_bytes, datagram->bytes, (size_t)received);
    lane->first = datagram->next;
    if (lane->first == NULL)
        lane->end = &lane->first;
    free(datagram);
    return received;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int end_free(BIO *bio)
{
    struct end *end = BIO_get_data(bio);

    if (end != NULL) {
        lane_release(end->in);
        lane_release(end->out);
        free(end);
    }
    return 1;
}

static BIO *end_new(struct lane *in, struct lane *out)
{
    static BIO_METHOD *method;
    struct end *end = malloc(sizeof *end);

    if (method == NULL) {
        method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
        assert_non_null(method);
        BIO_meth_set_write(method, send_datagram);
        BIO_meth_set_read(method, receive_datagram);
        BIO_meth_set_ctrl(method, control);
        BIO_meth_set_destroy(method, end_free);
    }
    assert_non_null(end);
    *end = (struct end){in, out};
    BIO *bio = BIO_new(method);
    assert_non_null(bio);
    BIO_set_data(bio, end);
    BIO_set_init(bio, 1);
    return bio;
}

static void join_by_datagrams(SSL *client, SSL *server, BIO **ret_client_end, BIO **ret_server_end)
{
    struct lane *up = lane_new();
    struct lane *down = lane_new();

    (void)SSL_set_options(client, SSL_OP_NO_QUERY_MTU);
    (void)SSL_set_options(server, SSL_OP_NO_QUERY_MTU);
    assert_int_not_equal(SSL_set_mtu(client, MTU), 0);
    assert_int_not_equal(SSL_set_mtu(server, MTU), 0);
    *ret_client_end = end_new(down, up);
    *ret_server_end = end_new(up, down);
}

void tls_wire_join(SSL *client, SSL *server, bool datagrams)
{
    BIO *client_end = NULL;
    BIO *server_end = NULL;

    if (datagrams)
        join_by_datagrams(client, server, &client_end, &server_end);
    else
        assert_int_equal(BIO_new_bio_pair(&client_end, 0, &server_end, 0), 1);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
}
