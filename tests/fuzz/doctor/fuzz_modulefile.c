/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a module of OpenSSL's: they are judged, and each judgement tells what to do. */
#include "../driver/fuzz.h"

#include "doctor/modulefile.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* It is for whatever this system is, so that what comes after the header is read, too. */
    const struct stek_doctor_bytes file = {data, size};
    const char *same = stek_doctor_module_problem(&file, &file, false);
    const char *elsewhere = stek_doctor_module_problem(&file, &file, true);

    FUZZ_MUST(same == elsewhere);
    FUZZ_MUST(same == NULL || strstr(same, ": ") != NULL);
    return 0;
}
