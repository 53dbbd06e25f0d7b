/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/observation.h"

#include "crypto/wipe.h"

#include <stdlib.h>
#include <string.h>

void stek_audit_observation_init(struct stek_audit_observation *obs)
{
    memset(obs, 0, sizeof *obs);
}

static void free_wiped(void *at, size_t len)
{
    if (at != NULL)
        stek_wipe(at, len);
    free(at);
}

void stek_audit_observation_fini(struct stek_audit_observation *obs)
{
    for (size_t i = 0; i < obs->tickets_len; i++) {
        free(obs->tickets[i].bytes);
        free_wiped(obs->tickets[i].session, obs->tickets[i].session_len);
    }
    free_wiped(obs->tickets, obs->tickets_cap * sizeof *obs->tickets);
    free(obs->handshakes);
    free(obs->targets);
    memset(obs, 0, sizeof *obs);
}

/* A list with room for one more. The old one is wiped: realloc() would leave its secrets behind. */
static void *with_room(void *list, size_t len, size_t *cap, size_t item_len)
{
    const size_t wanted = *cap == 0 ? 64 : *cap * 2;
    void *grown = len < *cap ? list : calloc(wanted, item_len);

    if (grown == list || grown == NULL)
        return grown;
    if (len > 0)
        memcpy(grown, list, len * item_len);
    free_wiped(list, *cap * item_len);
    *cap = wanted;
    return grown;
}

enum stek_result stek_audit_add_target(struct stek_audit_observation *obs,
                                       const struct stek_audit_target *target)
{
    if (obs->targets_len == STEK_AUDIT_TARGETS_MAX)
        return STEK_ERR_ARGUMENT;
    if (obs->targets == NULL)
        obs->targets = calloc(STEK_AUDIT_TARGETS_MAX, sizeof *obs->targets);
    if (obs->targets == NULL)
        return STEK_ERR_MEMORY;
    obs->targets[obs->targets_len++] = *target;
    return STEK_OK;
}

enum stek_result stek_audit_add_handshake(struct stek_audit_observation *obs,
                                          const struct stek_audit_handshake *handshake)
{
    if (handshake->target >= obs->targets_len || obs->handshakes_len == STEK_AUDIT_HANDSHAKES_MAX ||
        (handshake->ticket != STEK_AUDIT_NONE && handshake->ticket >= obs->tickets_len))
        return STEK_ERR_ARGUMENT;
    struct stek_audit_handshake *list =
        with_room(obs->handshakes, obs->handshakes_len, &obs->handshakes_cap, sizeof *list);
    if (list == NULL)
        return STEK_ERR_MEMORY;
    obs->handshakes = list;
    list[obs->handshakes_len++] = *handshake;
    return STEK_OK;
}

static uint8_t *copy_bytes(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    if (copy != NULL && len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

bool stek_audit_has_room(const struct stek_audit_observation *obs,
                         const struct stek_audit_ticket *ticket)
{
    return obs->tickets_len < STEK_AUDIT_HANDSHAKES_MAX &&
           ticket->len + ticket->session_len <= STEK_AUDIT_TICKETS_BYTES_MAX - obs->tickets_bytes;
}

enum stek_result stek_audit_add_ticket(struct stek_audit_observation *obs,
                                       const struct stek_audit_ticket *ticket)
{
    if (ticket->handshake >= obs->handshakes_len || ticket->target >= obs->targets_len ||
        ticket->len > STEK_AUDIT_TICKET_LEN_MAX ||
        ticket->session_len > STEK_AUDIT_SESSION_LEN_MAX ||
        ticket->secret_len > STEK_AUDIT_SECRET_LEN_MAX || !stek_audit_has_room(obs, ticket))
        return STEK_ERR_ARGUMENT;
    struct stek_audit_ticket *list =
        with_room(obs->tickets, obs->tickets_len, &obs->tickets_cap, sizeof *list);
    if (list == NULL)
        return STEK_ERR_MEMORY;
    obs->tickets = list;
    uint8_t *bytes = copy_bytes(ticket->bytes, ticket->len);
    uint8_t *session = copy_bytes(ticket->session, ticket->session_len);
    if (bytes == NULL || session == NULL) {
        free(bytes);
        free_wiped(session, ticket->session_len);
        return STEK_ERR_MEMORY;
    }
    list[obs->tickets_len] = *ticket;
    list[obs->tickets_len].bytes = bytes;
    list[obs->tickets_len++].session = session;
    obs->tickets_bytes += ticket->len + ticket->session_len;
    return STEK_OK;
}

int64_t stek_audit_chain_start(const struct stek_audit_observation *obs, uint32_t ticket)
{
    const struct stek_audit_handshake *handshake = &obs->handshakes[obs->tickets[ticket].handshake];

    /* A handshake offers only earlier tickets, so each step goes back in the list and this ends. */
    while (handshake->resumed && handshake->ticket != STEK_AUDIT_NONE &&
           handshake->ticket < ticket) {
        ticket = handshake->ticket;
        handshake = &obs->handshakes[obs->tickets[ticket].handshake];
    }
    return handshake->at;
}
