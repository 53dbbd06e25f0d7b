/* SPDX-License-Identifier: Apache-2.0 */
/* What every cmocka program needs, in the order that cmocka asks for. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
