/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Early data, and the same early data again. A replay must be the very same bytes, or a server that
 * keeps ClientHellos would not see one; but only a client with the keys of those bytes can read
 * whether the server accepted them. So libssl writes its first flight into memory, the process
 * forks a few times, and all send that flight: the parent first, then one child after another, each
 * with its own copy of the handshake's state. A child sends its handshake back through a pipe.
 */
#include "audit/handshake/child.h"
#include "audit/handshake/shake.h"
#include "audit/handshake/talk.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <unistd.h>

enum { REQUEST_LEN_MAX = 512, FLIGHT_LEN_MAX = 20000, SPARE_MS = 500 };

struct flight {
    uint8_t bytes[FLIGHT_LEN_MAX];
    size_t len;
};

/* ClientHello and early data, as they will be on the wire. */
static bool make_flight(struct stek_audit_talk *talk, struct flight *ret_flight)
{
    char request[REQUEST_LEN_MAX] = "\n"; /* where nothing can be asked, an empty line */
    const size_t len =
        talk->client->settings.request ? stek_audit_talk_request(talk, request, sizeof request) : 1;
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    size_t written = 0;

    if (in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    SSL_set_bio(talk->ssl, in, out);
    if (SSL_write_early_data(talk->ssl, request, len, &written) != 1)
        return false;
    const int got = BIO_read(out, ret_flight->bytes, sizeof ret_flight->bytes);
    ret_flight->len = got > 0 ? (size_t)got : 0;
    talk->shake.early = STEK_AUDIT_EARLY_REFUSED;
    return got > 0 && BIO_pending(out) == 0;
}

static void send_flight(struct stek_audit_talk *talk, const struct flight *flight)
{
    if (!stek_audit_talk_dial(talk))
        return;
    if (stek_audit_send(talk->fd, flight->bytes, flight->len, talk->deadline_ms,
                        &talk->client->stop))
        stek_audit_talk_over(talk);
    else
        talk->shake.outcome = STEK_AUDIT_CLOSED;
}

/* The child waits, replays, reports and ends. It must not touch the parent's state. */
__attribute__((noreturn)) static void replay(struct stek_audit_talk *talk,
                                             const struct flight *flight,
                                             const struct stek_audit_child *parent)
{
    char word;

    if (read(parent->from, &word, 1) == 1) {
        talk->shake.purpose = STEK_AUDIT_EARLY_REPLAY;
        talk->shake.at = stek_audit_now();
        send_flight(talk, flight);
        (void)!write(parent->to, &talk->shake, sizeof talk->shake);
    }
    _exit(0);
}

static bool start_replayer(struct stek_audit_talk *talk, const struct flight *flight,
                           struct stek_audit_child *ret_replayer)
{
    if (!stek_audit_child_start(ret_replayer))
        return false;
    if (ret_replayer->pid == 0)
        replay(talk, flight, ret_replayer);
    return true;
}

/* Lets the child go ahead (or ends it), and takes what it saw. */
static enum stek_result end_replayer(struct stek_audit_child *replayer,
                                     struct stek_audit_client *client,
                                     struct stek_audit_observation *obs, bool go)
{
    const int64_t deadline_ms = stek_audit_now_ms() + client->settings.timeout_ms + SPARE_MS;
    struct stek_audit_handshake shake;
    enum stek_result result = STEK_OK;

    if (go && write(replayer->to, "", 1) == 1 &&
        stek_audit_child_read(replayer, &shake, sizeof shake, deadline_ms, &client->stop)) {
        shake.tickets = 0; /* they stayed with the child */
        result = stek_audit_add_handshake(obs, &shake);
    }
    stek_audit_child_end(replayer);
    return result;
}

static enum stek_result send_once(struct stek_audit_talk *talk, struct stek_audit_observation *obs)
{
    struct flight flight;

    if (make_flight(talk, &flight))
        send_flight(talk, &flight);
    else
        talk->shake.outcome = STEK_AUDIT_REJECTED;
    return stek_audit_talk_end(talk, obs, STEK_OK);
}

/* Returns how many there are. */
static size_t start_replayers(struct stek_audit_talk *talk, const struct flight *flight,
                              struct stek_audit_child ret_replayers[STEK_AUDIT_EARLY_REPLAYS])
{
    size_t count = 0;

    while (count < STEK_AUDIT_EARLY_REPLAYS && start_replayer(talk, flight, &ret_replayers[count]))
        count++;
    return count;
}

/* The last one first: each has copies of the pipes of those before it, which would not see their
 * end. */
static enum stek_result end_replayers(struct stek_audit_child *replayers, size_t count,
                                      struct stek_audit_client *client,
                                      struct stek_audit_observation *obs, bool go)
{
    enum stek_result result = STEK_OK;

    while (count-- > 0) {
        const enum stek_result one =
            end_replayer(&replayers[count], client, obs, go && result == STEK_OK);
        if (result == STEK_OK)
            result = one;
    }
    return result;
}

static enum stek_result send_again_and_again(struct stek_audit_talk *talk,
                                             struct stek_audit_observation *obs)
{
    struct stek_audit_client *client = talk->client;
    struct stek_audit_child replayers[STEK_AUDIT_EARLY_REPLAYS];
    struct flight flight;

    if (!make_flight(talk, &flight)) {
        talk->shake.outcome = STEK_AUDIT_REJECTED;
        return stek_audit_talk_end(talk, obs, STEK_OK);
    }
    const size_t started = start_replayers(talk, &flight, replayers);
    if (started > 0)
        send_flight(talk, &flight);
    const bool accepted = talk->shake.early == STEK_AUDIT_EARLY_ACCEPTED;
    enum stek_result result =
        stek_audit_talk_end(talk, obs, started > 0 ? STEK_OK : STEK_ERR_SYSTEM);
    const enum stek_result replayed =
        end_replayers(replayers, started, client, obs, accepted && result == STEK_OK);
    return result == STEK_OK ? replayed : result;
}

enum stek_result stek_audit_shake_early(struct stek_audit_client *client,
                                        struct stek_audit_observation *obs,
                                        const struct stek_audit_ask *ask)
{
    struct stek_audit_talk talk;
    const enum stek_result result = stek_audit_talk_begin(&talk, client, obs, ask);

    if (result != STEK_OK)
        return stek_audit_talk_end(&talk, obs, result);
    return ask->purpose == STEK_AUDIT_EARLY_FIRST ? send_again_and_again(&talk, obs)
                                                  : send_once(&talk, obs);
}
