/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "audit_scene.h"

#include <openssl/rand.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LEN = 16, TICKET_LEN = 160, START = 1795000000 };

int scene_set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    if (scene == NULL)
        return -1;
    stek_audit_observation_init(&scene->obs);
    scene->obs.started = scene->now = START;
    *state = scene;
    return 0;
}

int scene_tear_down(void **state)
{
    struct scene *scene = *state;

    stek_audit_findings_fini(&scene->findings);
    stek_audit_observation_fini(&scene->obs);
    free(scene);
    return 0;
}

uint32_t scene_target(struct scene *scene, const char *host, const char *sni)
{
    struct stek_audit_target target = {.port = 443};

    (void)snprintf(target.host, sizeof target.host, "%s", host);
    (void)snprintf(target.sni, sizeof target.sni, "%s", sni);
    assert_int_equal(stek_audit_add_target(&scene->obs, &target), STEK_OK);
    return (uint32_t)scene->obs.targets_len - 1;
}

static struct stek_audit_handshake *add(struct scene *scene,
                                        const struct stek_audit_handshake *handshake)
{
    assert_int_equal(stek_audit_add_handshake(&scene->obs, handshake), STEK_OK);
    scene->obs.ended = scene->now++;
    return &scene->obs.handshakes[scene->obs.handshakes_len - 1];
}

static struct stek_audit_handshake sound_handshake(const struct scene *scene,
                                                   enum stek_audit_purpose purpose, uint32_t target,
                                                   uint16_t version)
{
    struct stek_audit_handshake h = {
        .purpose = purpose,
        .target = target,
        .ticket = STEK_AUDIT_NONE,
        .at = scene->now,
        .version_offered = version,
        .version = version,
        .cipher = version == STEK_AUDIT_TLS13 ? 0x1301 : 0xc02b,
        .flip_at = -1,
        .outcome = STEK_AUDIT_DONE,
        .finished = true,
        .dhe = true,
    };

    (void)snprintf(h.sni, sizeof h.sni, "%s", scene->obs.targets[target].sni);
    return h;
}

struct stek_audit_handshake *scene_full(struct scene *scene, enum stek_audit_purpose purpose,
                                        uint32_t target, uint16_t version)
{
    struct stek_audit_handshake h = sound_handshake(scene, purpose, target, version);

    h.cert_seen = h.cert_fits = h.cert_trusted = true;
    memset(h.cert_sha256, (int)target + 1, sizeof h.cert_sha256);
    return add(scene, &h);
}

struct stek_audit_ticket *scene_ticket(struct scene *scene, uint8_t name)
{
    struct stek_audit_handshake *h = &scene->obs.handshakes[scene->obs.handshakes_len - 1];
    uint8_t bytes[TICKET_LEN];
    struct stek_audit_ticket ticket = {
        .handshake = (uint32_t)scene->obs.handshakes_len - 1,
        .target = h->target,
        .received = h->at,
        .version = h->version,
        .cipher = h->cipher,
        .hint_s = 7200,
        .secret_len = h->version == STEK_AUDIT_TLS13 ? 32 : 48,
        .bytes = bytes,
        .len = sizeof bytes,
    };

    h->tickets++;
    (void)snprintf(ticket.sni, sizeof ticket.sni, "%s", h->sni);
    assert_int_equal(RAND_bytes(bytes, sizeof bytes), 1);
    assert_int_equal(RAND_bytes(ticket.secret, ticket.secret_len), 1);
    memset(bytes, name, NAME_LEN);
    bytes[NAME_LEN] = (uint8_t)scene->obs.tickets_len; /* no two IVs of a test begin alike */
    assert_int_equal(stek_audit_add_ticket(&scene->obs, &ticket), STEK_OK);
    return &scene->obs.tickets[scene->obs.tickets_len - 1];
}

uint32_t scene_offer(struct scene *scene, uint32_t target, uint16_t version, uint8_t name)
{
    (void)scene_full(scene, STEK_AUDIT_OFFER, target, version);
    (void)scene_ticket(scene, name);
    return (uint32_t)scene->obs.tickets_len - 1;
}

struct stek_audit_handshake *scene_try_at(struct scene *scene, enum stek_audit_purpose purpose,
                                          uint32_t target, uint32_t ticket, bool resumed)
{
    const struct stek_audit_ticket *offered = &scene->obs.tickets[ticket];
    struct stek_audit_handshake h = sound_handshake(scene, purpose, target, offered->version);

    h.ticket = ticket;
    h.resumed = resumed;
    h.dhe = !resumed || offered->version == STEK_AUDIT_TLS13;
    h.cert_seen = h.cert_fits = h.cert_trusted = !resumed;
    h.tickets = resumed && offered->version == STEK_AUDIT_TLS13 ? 1 : 0;
    if (purpose == STEK_AUDIT_MATRIX)
        (void)snprintf(h.sni, sizeof h.sni, "%s", offered->sni);
    return add(scene, &h);
}

struct stek_audit_handshake *scene_try(struct scene *scene, enum stek_audit_purpose purpose,
                                       uint32_t ticket, bool resumed)
{
    return scene_try_at(scene, purpose, scene->obs.tickets[ticket].target, ticket, resumed);
}

uint32_t scene_sound(struct scene *scene)
{
    const uint32_t target = scene_target(scene, "a.example", "a.example");

    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) {
            const uint32_t ticket =
                scene_offer(scene, target, k == 0 ? STEK_AUDIT_TLS12 : STEK_AUDIT_TLS13, 'k');
            (void)scene_try(scene, STEK_AUDIT_RESUME, ticket, true);
            (void)scene_try(scene, STEK_AUDIT_UNKNOWN, ticket, false);
            for (int32_t at = 0; at < TICKET_LEN; at += 32)
                scene_try(scene, STEK_AUDIT_TAMPER, ticket, false)->flip_at = at;
        }
    return target;
}

void scene_judge(struct scene *scene)
{
    stek_audit_findings_fini(&scene->findings);
    assert_int_equal(stek_audit_judge(&scene->obs, NULL, &scene->findings), STEK_OK);
}

size_t scene_count(const struct scene *scene, enum stek_audit_id id)
{
    size_t count = 0;

    for (size_t i = 0; i < scene->findings.len; i++)
        count += scene->findings.items[i].id == id;
    return count;
}

const struct stek_audit_finding *scene_found(const struct scene *scene, enum stek_audit_id id)
{
    for (size_t i = 0; i < scene->findings.len; i++)
        if (scene->findings.items[i].id == id)
            return &scene->findings.items[i];
    return NULL;
}

void scene_expect(struct scene *scene, enum stek_audit_id id, enum stek_audit_severity severity,
                  const char *words)
{
    scene_judge(scene);
    const struct stek_audit_finding *finding = scene_found(scene, id);
    if (finding == NULL) {
        fail_msg("no finding %s", stek_audit_id_info(id)->name);
        return;
    }
    if (strstr(finding->observed, words) == NULL)
        fail_msg("%s observed \"%s\", not \"%s\"", stek_audit_id_info(id)->name, finding->observed,
                 words);
    assert_int_equal(finding->severity, severity);
}

void scene_expect_none(struct scene *scene, enum stek_audit_id id)
{
    scene_judge(scene);
    const struct stek_audit_finding *finding = scene_found(scene, id);
    if (finding != NULL)
        fail_msg("%s: %s", stek_audit_id_info(id)->name, finding->observed);
}
