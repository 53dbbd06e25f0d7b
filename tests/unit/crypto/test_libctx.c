/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that leave the default library context empty or restrict it. What a process has chosen
 * holds until it ends, so each case has a process of its own. */
#include "unit.h"

#include "crypto/hkdf.h"
#include "crypto/libctx.h"
#include "crypto/random.h"

#include <openssl/err.h>
#include <openssl/provider.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOUND = 0, FAILED = 1, DIED = 99 };

/* As OpenSSL's own tests do. The default context stays empty when the provider is gone again. */
static bool empty_the_default_context(void)
{
    OSSL_PROVIDER *nothing = OSSL_PROVIDER_load(NULL, "null");

    return nothing != NULL && OSSL_PROVIDER_unload(nothing) == 1;
}

static int outcome_of(int (*check)(void))
{
    int status = 0;
    const pid_t child = fork();

    assert_int_not_equal(child, -1);
    if (child == 0)
        exit(check());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : DIED;
}

/* Extract, digest and both generators, and an error queue that is as it was. */
static bool works(void)
{
    static const uint8_t ikm[32] = {1, 2, 3};
    struct stek_secret32 secret;
    uint8_t bytes[32];

    return stek_hkdf_extract(ikm, 7, ikm, sizeof ikm, bytes) == STEK_OK &&
           stek_random_secret(&secret) == STEK_OK &&
           stek_random_public(bytes, sizeof bytes) == STEK_OK && stek_libctx_sha256() != NULL &&
           EVP_Digest(ikm, sizeof ikm, bytes, NULL, stek_libctx_sha256(), NULL) == 1;
}

static bool queue_is_empty(void)
{
    return ERR_peek_error() == 0;
}

static int in_a_usual_program(void)
{
    const bool its = stek_libctx_get0() == OSSL_LIB_CTX_get0_global_default();

    return its && works() && queue_is_empty() ? SOUND : FAILED;
}

static void the_programs_context_is_used_where_it_has_all(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(in_a_usual_program), SOUND);
}

static int in_a_program_without_providers(void)
{
    if (!empty_the_default_context())
        return FAILED;
    bool own = stek_libctx_get0() != OSSL_LIB_CTX_get0_global_default();
    bool clean = queue_is_empty();

    own = works() && own;
    clean = queue_is_empty() && clean;
    EVP_MD *leaked = EVP_MD_fetch(NULL, "SHA2-256", NULL);

    return own && clean && leaked == NULL ? SOUND : FAILED;
}

static void stek_works_beside_an_empty_default_context_and_leaves_it_empty(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(in_a_program_without_providers), SOUND);
}

static int in_a_program_that_forbids(const char *properties)
{
    static const uint8_t ikm[32] = {1, 2, 3};
    uint8_t prk[32];

    if (EVP_set_default_properties(NULL, properties) != 1)
        return FAILED;
    const bool refused = stek_hkdf_extract(ikm, 7, ikm, sizeof ikm, prk) == STEK_ERR_CRYPTO &&
                         stek_libctx_sha256() == NULL &&
                         stek_libctx_get0() == OSSL_LIB_CTX_get0_global_default();

    ERR_clear_error();
    return refused ? SOUND : FAILED;
}

static int in_a_fips_only_program(void)
{
    return in_a_program_that_forbids("fips=yes");
}

static int in_a_program_that_demands_a_provider(void)
{
    return in_a_program_that_forbids("provider=absent");
}

static void what_properties_forbid_to_the_program_is_forbidden_to_stek(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(in_a_fips_only_program), SOUND);
    assert_int_equal(outcome_of(in_a_program_that_demands_a_provider), SOUND);
}

static int in_a_program_that_frees_its_threads_context(void)
{
    OSSL_LIB_CTX *programs = OSSL_LIB_CTX_new();
    OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(programs);
    const bool with = works();

    (void)OSSL_LIB_CTX_set0_default(before);
    OSSL_LIB_CTX_free(programs);
    return with && works() && queue_is_empty() ? SOUND : FAILED;
}

static void a_threads_default_context_may_go(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(in_a_program_that_frees_its_threads_context), SOUND);
}

static void *work_in_a_thread(void *ret_ok)
{
    *(bool *)ret_ok = works();
    return NULL;
}

static int in_threads_and_forks(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool ok[THREADS] = {false};
    bool sound = empty_the_default_context();

    for (size_t i = 0; i < THREADS; i++)
        sound = sound && pthread_create(&threads[i], NULL, work_in_a_thread, &ok[i]) == 0;
    for (size_t i = 0; sound && i < THREADS; i++)
        sound = pthread_join(threads[i], NULL) == 0 && ok[i];
    const pid_t child = fork();
    if (child == 0)
        _exit(works() ? SOUND : FAILED);
    int status = 0;
    (void)waitpid(child, &status, 0);
    return sound && status == 0 ? SOUND : FAILED;
}

static void threads_and_forks_share_the_context_that_stek_made(void **state)
{
    (void)state;
    assert_int_equal(outcome_of(in_threads_and_forks), SOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_programs_context_is_used_where_it_has_all),
        cmocka_unit_test(stek_works_beside_an_empty_default_context_and_leaves_it_empty),
        cmocka_unit_test(what_properties_forbid_to_the_program_is_forbidden_to_stek),
        cmocka_unit_test(a_threads_default_context_may_go),
        cmocka_unit_test(threads_and_forks_share_the_context_that_stek_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
