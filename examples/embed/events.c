/* SPDX-License-Identifier: Apache-2.0 */
/* A server with an event loop: one thread, epoll(7), and no call that blocks. The one thing that
 * stek asks of a loop is to call stek_ring_maintain() now and then, so that old keys go in time
 * even when no client comes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <openssl/err.h>

#include "start.h"

enum { EVENTS = 64, TICK_S = 10, ROOM = 4096 };

struct client {
    SSL *ssl;
    int connection;
    int ticks; /* that it has seen: at the second one it is dropped */
    char text[ROOM];
    size_t answer_len; /* 0 until the request has come */
    struct client *next;
    struct client **link; /* what points to this client */
};

struct loop {
    struct start start;
    int epoll;
    int timer;
    struct client *clients;
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
    (void)number;
    ended = 1;
}

static int watch(const struct loop *loop, int act, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data.ptr = data};

    return epoll_ctl(loop->epoll, act, fd, &event);
}

static void client_drop(struct client *client)
{
    *client->link = client->next;
    if (client->next != NULL)
        client->next->link = client->link;
    SSL_free(client->ssl);
    close(client->connection);
    free(client);
}

/* Drops those that have seen so many ticks. */
static void drop_slow(struct loop *loop, int ticks)
{
    struct client *client = loop->clients;

    while (client != NULL) {
        struct client *next = client->next;

        if (client->ticks >= ticks)
            client_drop(client);
        else
            client->ticks++;
        client = next;
    }
}

static void client_take(struct loop *loop)
{
    int connection = accept4(loop->start.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct client *client = connection < 0 ? NULL : calloc(1, sizeof *client);

    if (client == NULL) {
        if (connection >= 0)
            close(connection);
        return;
    }
    client->connection = connection;
    client->next = loop->clients;
    client->link = &loop->clients;
    if (client->next != NULL)
        client->next->link = &client->next;
    loop->clients = client;
    client->ssl = SSL_new(loop->start.ctx);
    if (client->ssl == NULL || SSL_set_fd(client->ssl, connection) != 1 ||
        watch(loop, EPOLL_CTL_ADD, connection, EPOLLIN, client) != 0) {
        client_drop(client);
        return;
    }
    SSL_set_accept_state(client->ssl);
}

/* The next step: SSL_read() also does the handshake. Returns what libssl answered. */
static int client_step(struct client *client)
{
    if (client->answer_len == 0) {
        int got = SSL_read(client->ssl, client->text, sizeof client->text);

        if (got <= 0)
            return got;
        client->answer_len = answer_to(client->ssl, "event loop", client->text, ROOM);
    }
    return SSL_write(client->ssl, client->text, (int)client->answer_len);
}

static void client_go_on(const struct loop *loop, struct client *client)
{
    int result = client_step(client);
    int error = SSL_get_error(client->ssl, result);

    /* An error of one client, left in the queue, would count as one of the next. */
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ) {
        watch(loop, EPOLL_CTL_MOD, client->connection, EPOLLIN, client);
    } else if (error == SSL_ERROR_WANT_WRITE) {
        watch(loop, EPOLL_CTL_MOD, client->connection, EPOLLOUT, client);
    } else {
        if (error == SSL_ERROR_NONE)
            SSL_shutdown(client->ssl);
        client_drop(client);
    }
}

static void tick(struct loop *loop)
{
    uint64_t count;

    if (read(loop->timer, &count, sizeof count) != sizeof count)
        return;
    drop_slow(loop, 1);
    /* It rotates when that is due. If another process does it right now, it says STEK_ERR_BUSY, and
     * nothing is lost. */
    enum stek_result result = stek_ring_maintain(loop->start.ring);
    if (result != STEK_OK && result != STEK_ERR_BUSY)
        fprintf(stderr, "ring: %s\n", stek_result_text(result));
}

static void make_loop(struct loop *loop)
{
    struct itimerspec every = {.it_interval.tv_sec = TICK_S, .it_value.tv_sec = TICK_S};
    struct sigaction action = {.sa_handler = on_end};

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fcntl(loop->start.listener, F_SETFL, O_NONBLOCK) != 0 || loop->epoll < 0 ||
        loop->timer < 0 || timerfd_settime(loop->timer, 0, &every, NULL) != 0 ||
        watch(loop, EPOLL_CTL_ADD, loop->start.listener, EPOLLIN, &loop->start) != 0 ||
        watch(loop, EPOLL_CTL_ADD, loop->timer, EPOLLIN, &loop->timer) != 0 ||
        sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0) {
        perror("event loop");
        exit(1);
    }
}

static void run(struct loop *loop)
{
    struct epoll_event events[EVENTS];

    while (!ended) {
        int count = epoll_wait(loop->epoll, events, EVENTS, -1);
        int due = 0;

        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &loop->start) {
                client_take(loop);
            } else if (events[i].data.ptr == &loop->timer) {
                due = 1;
            } else {
                client_go_on(loop, events[i].data.ptr);
            }
        }
        /* Last, since it drops clients that the other events may be about. */
        if (due)
            tick(loop);
    }
}

int main(int argc, char **argv)
{
    struct loop loop = {.clients = NULL};

    start(argc, argv, &loop.start);
    make_loop(&loop);
    run(&loop);
    drop_slow(&loop, 0);
    close(loop.timer);
    close(loop.epoll);
    start_end(&loop.start);
    return 0;
}
