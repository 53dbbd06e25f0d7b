/* SPDX-License-Identifier: Apache-2.0 */
/* What a libcrypto.a that was built on a newer glibc asks for, on top of an older one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

long __isoc23_strtol(const char *text, char **end, int base);
unsigned long __isoc23_strtoul(const char *text, char **end, int base);
int __isoc23_sscanf(const char *text, const char *format, ...);

long __isoc23_strtol(const char *text, char **end, int base)
{
    return strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}

int __isoc23_sscanf(const char *text, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    const int count = vsscanf(text, format, values);
    va_end(values);
    return count;
}
