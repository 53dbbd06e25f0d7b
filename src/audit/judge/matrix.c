/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/matrix.h"

#include <stdlib.h>
#include <string.h>

/* `HTTP/1.1 400 Bad Request` */
static bool answered_4xx(const struct stek_audit_handshake *h)
{
    const char *space = strncmp(h->answer, "HTTP/", 5) == 0 ? strchr(h->answer, ' ') : NULL;

    return space != NULL && space[1] == '4';
}

bool stek_audit_denied(const struct stek_audit_handshake *h)
{
    if (!h->cert_requested || h->cert_sent)
        return false;
    return h->outcome == STEK_AUDIT_ALERT || h->outcome == STEK_AUDIT_CLOSED || answered_4xx(h);
}

bool stek_audit_granted(const struct stek_audit_handshake *h)
{
    return h->outcome == STEK_AUDIT_DONE && !answered_4xx(h);
}

struct stek_audit_control stek_audit_control_find(const struct stek_audit_observation *obs,
                                                  uint32_t target, const char *sni)
{
    struct stek_audit_control control = {0};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->purpose != STEK_AUDIT_CONTROL || h->target != target || strcmp(h->sni, sni) != 0 ||
            h->outcome == STEK_AUDIT_UNREACHABLE || h->outcome == STEK_AUDIT_TIMEOUT)
            continue;
        control.handshake = h;
        control.served = control.served || (h->finished && h->cert_seen && h->cert_fits);
        control.denied = control.denied || stek_audit_denied(h);
    }
    return control;
}

/* Resumptions of a target's own tickets stand on the diagonal. */
static bool belongs(const struct stek_audit_observation *obs, const struct stek_audit_handshake *h)
{
    if (h->ticket == STEK_AUDIT_NONE || h->outcome == STEK_AUDIT_UNREACHABLE)
        return false;
    const bool own = obs->tickets[h->ticket].target == h->target;
    return h->purpose == STEK_AUDIT_MATRIX || (own && h->purpose == STEK_AUDIT_RESUME);
}

/* Nothing is called a flaw on the word of one arm alone. */
static enum stek_audit_cell_verdict verdict_of(const struct stek_audit_observation *obs,
                                               const struct stek_audit_handshake *h)
{
    const struct stek_audit_ticket *ticket = &obs->tickets[h->ticket];

    if (!h->resumed)
        return STEK_AUDIT_CELL_REFUSED;
    if (ticket->target == h->target)
        return STEK_AUDIT_CELL_ORDINARY;
    const struct stek_audit_control control = stek_audit_control_find(obs, h->target, h->sni);
    const bool flaw = control.handshake != NULL && !control.served;
    return flaw ? STEK_AUDIT_CELL_FLAW : STEK_AUDIT_CELL_ORDINARY;
}

static bool share_a_name(const struct stek_audit_name_index *names, uint32_t from, uint32_t to)
{
    for (size_t i = 0; i < names->names.len; i++)
        for (size_t k = 0; k < names->names.len; k++) {
            const struct stek_audit_key_name *a = &names->names.items[i],
                                             *b = &names->names.items[k];
            if (a->target == from && b->target == to && stek_audit_same_name(a, b))
                return true;
        }
    return false;
}

enum stek_result stek_audit_matrix_new(const struct stek_audit_observation *obs,
                                       const struct stek_audit_name_index *names,
                                       struct stek_audit_cell **ret_cells)
{
    const size_t n = obs->targets_len;
    struct stek_audit_cell *cells = calloc(n * n + 1, sizeof *cells);

    if (cells == NULL)
        return STEK_ERR_MEMORY;
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to < n; to++) {
            struct stek_audit_cell *cell = &cells[from * n + to];
            *cell = (struct stek_audit_cell){.from = from, .to = to};
            cell->same_key_name = share_a_name(names, from, to);
        }
    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (!belongs(obs, h))
            continue;
        struct stek_audit_cell *cell = &cells[obs->tickets[h->ticket].target * n + h->target];
        const enum stek_audit_cell_verdict verdict = verdict_of(obs, h);
        cell->tried++;
        cell->resumed += h->resumed;
        cell->verdict = verdict > cell->verdict ? verdict : cell->verdict;
    }
    *ret_cells = cells;
    return STEK_OK;
}

enum stek_result stek_audit_find_matrix(const struct stek_audit_observation *obs,
                                        struct stek_audit_cell **ret_cells)
{
    struct stek_audit_name_index names;
    enum stek_result result = stek_audit_name_index_init(obs, &names);

    if (result != STEK_OK)
        return result;
    result = stek_audit_matrix_new(obs, &names, ret_cells);
    stek_audit_name_index_fini(&names);
    return result;
}
