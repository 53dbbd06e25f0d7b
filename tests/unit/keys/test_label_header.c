/* SPDX-License-Identifier: Apache-2.0 */
/* A program that has another TLS library includes stek.h without anything of OpenSSL's. */
#define STEK_NO_OPENSSL
#include "stek.h"

#include "unit.h"

#ifdef OPENSSL_VERSION_NUMBER
#error "stek.h has included a header of OpenSSL's"
#endif

static void a_program_needs_no_header_of_openssl(void **state)
{
    struct stek_ring *ring = NULL;
    struct stek_label *label = NULL;
    struct stek_key key;

    (void)state;
    assert_int_equal(stek_ring_new(NULL, &ring), STEK_OK);
    assert_int_equal(stek_label_new(ring, "shop", &label), STEK_OK);
    assert_int_equal(stek_key_current(label, &key, NULL), STEK_OK);
    stek_label_free(label);
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_needs_no_header_of_openssl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
