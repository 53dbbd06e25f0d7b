/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/observe/watch_choice.h"

enum { LIFE_STEPS = 40, MIDDLE = 2 };

/* Between which ages tickets die, as far as is known. */
struct bounds {
    int64_t alive, dead; /* dead 0: none has died */
};

static struct bounds known_bounds(const struct stek_audit_observation *obs, uint32_t target,
                                  uint16_t version)
{
    struct bounds bounds = {0, 0};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *shake = &obs->handshakes[i];
        if (shake->purpose != STEK_AUDIT_LIFE || shake->target != target ||
            shake->version_offered != version)
            continue;
        const int64_t age = shake->at - obs->tickets[shake->ticket].received;
        if (shake->resumed && age > bounds.alive)
            bounds.alive = age;
        if (!shake->resumed && shake->finished && (bounds.dead == 0 || age < bounds.dead))
            bounds.dead = age;
    }
    return bounds;
}

static bool was_offered(const struct stek_audit_observation *obs, uint32_t ticket)
{
    for (size_t i = obs->tickets[ticket].handshake; i < obs->handshakes_len; i++)
        if (obs->handshakes[i].ticket == ticket)
            return true;
    return false;
}

/* The age to try next: a step beyond what lives, or the middle of the gap. */
static int64_t wanted_age(const struct stek_audit_observation *obs, const struct bounds *bounds,
                          uint32_t hint_s)
{
    const int64_t span = hint_s > 0 && hint_s < obs->plan.watch_s ? hint_s : obs->plan.watch_s;
    const int64_t step =
        span / LIFE_STEPS > obs->plan.sample_s ? span / LIFE_STEPS : obs->plan.sample_s;

    return bounds->dead == 0 ? bounds->alive + step
                             : bounds->alive + (bounds->dead - bounds->alive) / MIDDLE;
}

/* Whether this age would narrow the gap. */
static bool tells_something(const struct stek_audit_observation *obs, const struct bounds *bounds,
                            int64_t age)
{
    if (bounds->dead == 0)
        return true;
    return age > bounds->alive && age < bounds->dead &&
           bounds->dead - bounds->alive > obs->plan.sample_s;
}

uint32_t stek_audit_choose_life(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version, int64_t now)
{
    const struct bounds bounds = known_bounds(obs, target, version);

    /* From the oldest on; in a gap, the first that is not too old, or the youngest useful one. */
    uint32_t chosen = STEK_AUDIT_NONE;
    for (uint32_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        const int64_t age = now - ticket->received;
        if (ticket->target != target || ticket->version != version || was_offered(obs, i))
            continue;
        const int64_t wanted = wanted_age(obs, &bounds, ticket->hint_s);
        if (bounds.dead == 0)
            return age >= wanted ? i : STEK_AUDIT_NONE;
        if (!tells_something(obs, &bounds, age))
            continue;
        chosen = i;
        if (age <= wanted)
            break;
    }
    return chosen;
}

static uint32_t newest_of(const struct stek_audit_observation *obs, uint32_t handshake)
{
    for (uint32_t i = (uint32_t)obs->tickets_len; i-- > 0;)
        if (obs->tickets[i].handshake == handshake)
            return i;
    return STEK_AUDIT_NONE;
}

static uint32_t newest_sample(const struct stek_audit_observation *obs, uint32_t target,
                              uint16_t version)
{
    for (uint32_t i = (uint32_t)obs->tickets_len; i-- > 0;) {
        const struct stek_audit_handshake *shake = &obs->handshakes[obs->tickets[i].handshake];
        if (obs->tickets[i].target == target && obs->tickets[i].version == version &&
            (shake->purpose == STEK_AUDIT_SAMPLE || shake->purpose == STEK_AUDIT_OFFER) &&
            !was_offered(obs, i))
            return i;
    }
    return STEK_AUDIT_NONE;
}

uint32_t stek_audit_choose_chain(const struct stek_audit_observation *obs, uint32_t target,
                                 uint16_t version)
{
    for (uint32_t i = (uint32_t)obs->handshakes_len; i-- > 0;) {
        const struct stek_audit_handshake *shake = &obs->handshakes[i];
        if (shake->purpose != STEK_AUDIT_CHAIN || shake->target != target ||
            shake->version_offered != version)
            continue;
        if (!shake->finished) /* nothing was learnt: the same again */
            return shake->ticket;
        if (!shake->resumed)
            break;
        const uint32_t next = newest_of(obs, i);
        if (next != STEK_AUDIT_NONE || version == STEK_AUDIT_TLS12)
            return next != STEK_AUDIT_NONE ? next : shake->ticket;
        break; /* a TLS 1.3 server that does not renew has no chains */
    }
    return newest_sample(obs, target, version);
}
