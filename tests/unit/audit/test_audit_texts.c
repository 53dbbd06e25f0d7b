/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of findings: they speak of the version that they are about, and count in English. */
#include "unit.h"

#include "audit_scene.h"

#include <ctype.h>
#include <string.h>

static void expect_silence(enum stek_audit_id id, uint16_t version, const char *about)
{
    const struct stek_audit_id_info *info = stek_audit_id_info(id);
    const struct stek_audit_explanation said = stek_audit_explain(id, version);
    const char *const texts[] = {info->title, said.why, said.reference, said.advice};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strstr(texts[i], about) != NULL)
            fail_msg("%s of %x speaks of %s: %s", info->name, (unsigned)version, about, texts[i]);
}

/* It is about both. */
static bool crosses(enum stek_audit_id id)
{
    return id == STEK_AUDIT_PROTOCOL_CHANGED;
}

static void words_about_tls13_do_not_speak_of_tls12(void **state)
{
    (void)state;
    for (int i = 0; i < STEK_AUDIT_IDS; i++) {
        const enum stek_audit_id id = (enum stek_audit_id)i;
        if (crosses(id) || id == STEK_AUDIT_KEY_NAME) /* of either version: RFC 5077 alone has it */
            continue;
        expect_silence(id, STEK_AUDIT_TLS13, "TLS 1.2");
        expect_silence(id, STEK_AUDIT_TLS13, "RFC 5077");
        expect_silence(id, STEK_AUDIT_TLS13, "RFC 5246");
        expect_silence(id, 0, "TLS 1.2");
    }
}

/* These are found in TLS 1.3 alone, or without a version. */
static bool is_not_of_tls12(enum stek_audit_id id)
{
    static const enum stek_audit_id others[] = {
        STEK_AUDIT_EARLY_DATA_REPLAY, STEK_AUDIT_EARLY_DATA_PARTLY, STEK_AUDIT_EARLY_DATA,
        STEK_AUDIT_PSK_WITHOUT_DHE,   STEK_AUDIT_RENEWAL_MISSING,   STEK_AUDIT_TICKET_REUSED,
        STEK_AUDIT_SHARED_KEYS};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i] == id)
            return true;
    return false;
}

static void words_about_tls12_do_not_speak_of_tls13(void **state)
{
    (void)state;
    for (int i = 0; i < STEK_AUDIT_IDS; i++) {
        const enum stek_audit_id id = (enum stek_audit_id)i;
        if (crosses(id) || is_not_of_tls12(id))
            continue;
        expect_silence(id, STEK_AUDIT_TLS12, "TLS 1.3");
        expect_silence(id, STEK_AUDIT_TLS12, "RFC 9846");
    }
}

static void every_finding_has_words_in_both_versions(void **state)
{
    static const uint16_t versions[] = {0, STEK_AUDIT_TLS12, STEK_AUDIT_TLS13};

    (void)state;
    for (int i = 0; i < STEK_AUDIT_IDS; i++)
        for (size_t k = 0; k < 3; k++) {
            const enum stek_audit_id id = (enum stek_audit_id)i;
            const struct stek_audit_explanation said = stek_audit_explain(id, versions[k]);
            assert_true(said.why[0] != '\0' && said.reference[0] != '\0');
            assert_true((said.advice[0] == '\0') ==
                        (stek_audit_id_info(id)->severity == STEK_AUDIT_INFO));
        }
}

/* Whether the text at `one`, which is "1 …", goes on with a word for several. */
static bool speaks_of_several(const char *one)
{
    static const char *const several[] = {"handshakes", "tickets", "tries", "resumptions",
                                          "copies",     "pairs",   "times", "have",
                                          "were",       "hold",    "carry"};
    const char *word = one + 2;

    for (int words = 0; words < 3; words++) { /* "1 full handshakes", "1 exact copies" */
        const size_t len = strcspn(word, " ;:,.)");
        for (size_t i = 0; i < sizeof several / sizeof *several; i++)
            if (strlen(several[i]) == len && strncmp(several[i], word, len) == 0)
                return true;
        if (word[len] != ' ' || strncmp(word, "of ", 3) == 0) /* "1 of 2 tickets" */
            return false;
        word += len + 1;
    }
    return false;
}

static void expect_singular(const char *text)
{
    for (const char *at = strstr(text, "1 "); at != NULL; at = strstr(at + 1, "1 "))
        if ((at == text || (!isdigit((unsigned char)at[-1]) && at[-1] != '.')) &&
            speaks_of_several(at))
            fail_msg("\"%.20s\" in: %s", at, text);
}

/* One of each: a ticket, a resumption, damage, early data, a copy of it, a ticket that waited. */
static void see_one_of_each(struct scene *scene, uint32_t target, uint16_t version)
{
    const uint32_t ticket = scene_offer(scene, target, version, 'k');

    scene->obs.tickets[ticket].max_early_data = version == STEK_AUDIT_TLS13 ? 16384 : 0;
    scene->obs.tickets[ticket].hint_s = 0;
    (void)scene_try(scene, STEK_AUDIT_RESUME, ticket, true);
    (void)scene_try(scene, STEK_AUDIT_REUSE, ticket, true);
    scene_try(scene, STEK_AUDIT_TAMPER, ticket, true)->flip_at = 60;
    struct stek_audit_handshake *h = scene_try(scene, STEK_AUDIT_OTHER_CIPHER, ticket, true);
    h->cipher = version == STEK_AUDIT_TLS13 ? 0x1302 : 0xc030;
    scene_try(scene, STEK_AUDIT_OTHER_VERSION, ticket, true)->version = 0x0302;
    (void)scene_try(scene, STEK_AUDIT_LIFE, ticket, true);
    if (version == STEK_AUDIT_TLS12)
        return;
    scene_try(scene, STEK_AUDIT_EARLY_FIRST, ticket, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    scene_try(scene, STEK_AUDIT_EARLY_REPLAY, ticket, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    scene_try(scene, STEK_AUDIT_EARLY_AGAIN, ticket, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
}

static void one_of_a_kind_is_told_in_the_singular(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a.example", "a.example");
    const uint32_t mute = scene_target(scene, "b.example", "b.example");
    const uint32_t old = scene_target(scene, "c.example", "c.example");

    see_one_of_each(scene, target, STEK_AUDIT_TLS12);
    see_one_of_each(scene, target, STEK_AUDIT_TLS13);
    scene_full(scene, STEK_AUDIT_OFFER, mute, STEK_AUDIT_TLS12)->outcome = STEK_AUDIT_CLOSED;
    (void)scene_full(scene, STEK_AUDIT_OFFER, old, STEK_AUDIT_TLS12);
    scene_full(scene, STEK_AUDIT_OFFER, old, STEK_AUDIT_TLS13)->outcome = STEK_AUDIT_ALERT;
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, old, 0, true);
    (void)scene_try_at(scene, STEK_AUDIT_OTHER_NAME, old, 0, true);
    scene_judge(scene);
    for (size_t i = 0; i < scene->findings.len; i++)
        expect_singular(scene->findings.items[i].observed);
    assert_true(scene->findings.len > 20);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_about_tls13_do_not_speak_of_tls12),
        cmocka_unit_test(words_about_tls12_do_not_speak_of_tls13),
        cmocka_unit_test(every_finding_has_words_in_both_versions),
        WITH_SCENE(one_of_a_kind_is_told_in_the_singular),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
