/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one callback leaves for the next one that libssl calls right after it, in the same thread:
 * the generate callback for the one that seals, and the one that opens for the decrypt callback. So
 * each knows whether the other is stek's, for which there is no getter: a program may have set its
 * own in the place of either.
 */
#ifndef STEK_TLS_HANDOVER_H
#define STEK_TLS_HANDOVER_H

struct stek_attachment;

enum stek_generated {
    STEK_GENERATED_NOT,   /* the generate callback is the program's */
    STEK_GENERATED,       /* stek's ran and did what it could */
    STEK_GENERATED_OTHERS /* stek's ran, and the session is not to be changed or has appdata that is
                             not stek's */
};

/* Leaves that stek's generate callback ran. Returns whether the last two that it left for the same
 * attachment were not taken: then the key callback is the program's. */
int stek_handover_generated(const struct stek_attachment *attachment, enum stek_generated how);

/* Takes it. */
enum stek_generated stek_handover_take_generated(const struct stek_attachment *attachment);

enum stek_asked {
    STEK_ASKED_NOT, /* the key callback is the program's */
    STEK_ASKED,     /* stek's was asked to open a ticket */
    STEK_ASKED_OWN  /* and opens it with the keys that only this SSL_CTX has */
};

/* Leaves that, and takes it. */
void stek_handover_asked(const struct stek_attachment *attachment, enum stek_asked how);
enum stek_asked stek_handover_take_asked(const struct stek_attachment *attachment);

#endif
