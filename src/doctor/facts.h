/* SPDX-License-Identifier: Apache-2.0 */
/* What `stek doctor` has seen of a service. */
#ifndef STEK_DOCTOR_FACTS_H
#define STEK_DOCTOR_FACTS_H

#include "doctor/callfilter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_DOCTOR_TEXT = 256, STEK_DOCTOR_PROCESSES = 256 };

/* A process of the unit. */
struct stek_doctor_process {
    long pid;
    char name[32];
    bool asked;                        /* OPENSSL_CONF in its environment names stek's file */
    bool environment;                  /* its environment could be read */
    bool hidden;                       /* may not be looked at: root only */
    bool libssl;                       /* has a libssl mapped */
    bool gnutls;                       /* has GnuTLS mapped */
    bool module;                       /* has stek.so mapped */
    bool ring;                         /* has the file of the unit's ring mapped, as it is now */
    bool old_ring;                     /* has one mapped that was removed since */
    char other_ring[STEK_DOCTOR_TEXT]; /* the file of another ring that it has mapped; "": none */
    char foreign[STEK_DOCTOR_TEXT];    /* a libcrypto beside the one of stek.so; "": none */
    bool privileged;                   /* its program is set-user-id or has file capabilities */
    bool filtered;                     /* a seccomp filter is in force */
    char profile[64];                  /* the AppArmor profile that confines it; "": none */
    bool may_read;                     /* its user and groups may read the ring's file */
};

/* What the server's own configuration says; places are "FILE:LINE", "" where nothing was found. */
struct stek_doctor_settings {
    char server[16]; /* "nginx", "apache", "haproxy", "prosody"; "": one that is not known */
    char tickets_off[STEK_DOCTOR_TEXT];
    bool off_by_default; /* the server gives none unless it is told to, and it is not */
    char timeout[STEK_DOCTOR_TEXT];
    int64_t timeout_s; /* how long a session may be resumed; 0: no limit known */
};

struct stek_doctor_facts {
    char unit[STEK_DOCTOR_TEXT]; /* with ".service" */
    bool found;                  /* systemd knows it */
    bool template;               /* it is a template, and no service by itself */
    bool masked;                 /* it never starts */
    bool active;
    bool failed;                       /* it ended with an error */
    bool dummy;                        /* it starts nothing: ExecStart=/bin/true */
    char real[STEK_DOCTOR_TEXT];       /* for a dummy: the unit that runs the server; "": unknown */
    bool enabled;                      /* `stek enable` was run for it */
    char other_conf[STEK_DOCTOR_TEXT]; /* OPENSSL_CONF as the unit has it, if not ours; "" */
    char calls[STEK_CALLFILTER_LEN];   /* of stek.so's that its filter leaves out; "": none */
    char ring[STEK_DOCTOR_TEXT];       /* its ring, as its configuration names it; "": none */
    bool context;                      /* its configuration gives a context */
    bool private_ring;                 /* the ring is "private" */
    bool ring_there;                   /* the ring's file exists */
    char ring_problem[STEK_DOCTOR_TEXT]; /* why it cannot be used; "": it can */
    int64_t accept_s;                    /* of the ring; 0: unknown */
    bool verifies_peers;                 /* counters: a program of the ring shares as libssl does */
    bool own_ids;  /* counters: tickets are refused for their session-id context */
    bool unused;   /* counters: no program of the ring has counted a ticket yet */
    bool replaced; /* counters: a program put keys of its own in stek's place */
    struct stek_doctor_settings settings;
    size_t process_count;
    struct stek_doctor_process process[STEK_DOCTOR_PROCESSES];
};

#endif
