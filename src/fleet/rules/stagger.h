/* SPDX-License-Identifier: Apache-2.0 */
/* When it is a host's turn, so that of many hosts few do the same thing at once. Pure. */
#ifndef STEK_FLEET_STAGGER_H
#define STEK_FLEET_STAGGER_H

#include <stdint.h>

/*
 * A delay within [0, width_ms). The stretch is cut into 17 slots, each but the first half as likely
 * as the one after it: among N hosts about one falls into the first slot that anybody falls into,
 * whatever N is (up to 2^16 and somewhat more), and the others see what it did before their turn
 * comes. `dice`: 64 random bits.
 */
int64_t stek_stagger_ms(int64_t width_ms, uint64_t dice);

#endif
