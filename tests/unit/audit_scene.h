/* SPDX-License-Identifier: Apache-2.0 */
/* Observations made by hand, for the judge: a server that has nothing wrong unless the test says
 * so. */
#ifndef TESTS_UNIT_AUDIT_SCENE_H
#define TESTS_UNIT_AUDIT_SCENE_H

#include "audit/finding.h"
#include "audit/judge.h"
#include "audit/observation.h"

#include <stdio.h>

struct scene {
    struct stek_audit_observation obs;
    struct stek_audit_findings findings; /* of the last scene_judge() */
    int64_t now;
};

/* cmocka set-up and tear-down: `*state` is the scene. */
int scene_set_up(void **state);
int scene_tear_down(void **state);

uint32_t scene_target(struct scene *scene, const char *host, const char *sni);

/* A finished full handshake of this purpose, with a certificate that fits. To be changed by the
 * test as it needs. */
struct stek_audit_handshake *scene_full(struct scene *scene, enum stek_audit_purpose purpose,
                                        uint32_t target, uint16_t version);

/* A ticket of the last handshake: 16 bytes `name`, then random ones. */
struct stek_audit_ticket *scene_ticket(struct scene *scene, uint8_t name);

/* A full handshake with one such ticket; returns its index. */
uint32_t scene_offer(struct scene *scene, uint32_t target, uint16_t version, uint8_t name);

/* A ticket offered where it came from. A resumption in TLS 1.3 says that it brought a new ticket.
 */
struct stek_audit_handshake *scene_try(struct scene *scene, enum stek_audit_purpose purpose,
                                       uint32_t ticket, bool resumed);

/* A ticket offered at another target. */
struct stek_audit_handshake *scene_try_at(struct scene *scene, enum stek_audit_purpose purpose,
                                          uint32_t target, uint32_t ticket, bool resumed);

/* A sound server: tickets in both versions, each resumes, damage is answered with a full handshake.
 * Returns it. */
uint32_t scene_sound(struct scene *scene);

/* Sets a text field. */
#define SCENE_SET(field, text) (void)snprintf(field, sizeof(field), "%s", text)

#define WITH_SCENE(name) cmocka_unit_test_setup_teardown(name, scene_set_up, scene_tear_down)

void scene_judge(struct scene *scene);

/* After scene_judge(): the first finding of an id, or NULL; and how many there are. */
const struct stek_audit_finding *scene_found(const struct scene *scene, enum stek_audit_id id);
size_t scene_count(const struct scene *scene, enum stek_audit_id id);

/* Judges, and fails the test unless the id is there with this severity and these words in what was
 * observed. */
void scene_expect(struct scene *scene, enum stek_audit_id id, enum stek_audit_severity severity,
                  const char *words);

/* Judges, and fails the test if the id is there. */
void scene_expect_none(struct scene *scene, enum stek_audit_id id);

#endif
