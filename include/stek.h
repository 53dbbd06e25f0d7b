/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stek: session ticket encryption keys that keep themselves.
 *
 * A ring holds the keys of one service. Attach it to a server's SSL_CTX, and tickets are sealed,
 * opened, renewed and refused as RFC 9846 and RFC 9325 ask, while keys rotate and are destroyed by
 * themselves:
 *
 *     struct stek_ring *ring;
 *     if (stek_ring_new(NULL, &ring) != STEK_OK) ...
 *     if (stek_attach(ctx, ring, NULL) != STEK_OK) ...
 *
 * Make the ring before the server forks: all the forks then share it. stek_ring_open() in the place
 * of stek_ring_new() uses a ring that stekd keeps, whose keys outlive the server. All times are
 * Unix seconds. Nothing here logs, exits or aborts. See stek(3).
 *
 * A program whose TLS library is not OpenSSL asks for the keys themselves: stek_key_current() and
 * stek_key_find(). It defines STEK_NO_OPENSSL before it includes this file, which then includes
 * nothing of OpenSSL's and declares nothing that takes an SSL or an SSL_CTX.
 */
#ifndef STEK_H
#define STEK_H

#include <stdint.h>

#ifndef STEK_NO_OPENSSL
#include <openssl/ssl.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STEK_MUST_USE __attribute__((warn_unused_result))
#else
#define STEK_MUST_USE
#endif

#define STEK_VERSION_MAJOR 0
#define STEK_VERSION_MINOR 1
#define STEK_VERSION_PATCH 0
#define STEK_VERSION "0.1.0"

/* The version as one number that can be compared: two hexadecimal digits for each part. */
#define STEK_VERSION_NUMBER                                                                        \
    (STEK_VERSION_MAJOR << 16 | STEK_VERSION_MINOR << 8 | STEK_VERSION_PATCH)

/* Every call that can fail returns one of these; 0 is success. Outputs are untouched on failure. */
enum stek_result {
    STEK_OK = 0,
    STEK_ERR_ARGUMENT, /* a NULL where an object is needed, or a bad context label */
    STEK_ERR_POLICY,   /* the policy is out of range: stek_policy_problem() says how */
    STEK_ERR_MEMORY,   /* no memory */
    STEK_ERR_LOCK,     /* memory for keys could not be locked: raise RLIMIT_MEMLOCK */
    STEK_ERR_RANDOM,   /* the random generator failed or gave a weak key: no key was made */
    STEK_ERR_CRYPTO,   /* libcrypto or libssl refused an operation */
    STEK_ERR_SYSTEM,   /* the operating system refused something else */
    STEK_ERR_BUSY,     /* another thread or process is doing this now; nothing is lost */
    STEK_ERR_FORMAT,   /* bytes that are not a ring, or a ring of another version */
    STEK_ERR_FILE,     /* a ring file that cannot be used: stek_ring_file_problem() says why */
    STEK_ERR_REFUSED,  /* a system call filter (seccomp) or the kernel refuses
                          madvise(2), or mmap(2) with MAP_LOCKED, whatever the limit is */
    STEK_ERR_NO_KEY    /* no key seals now, or no key has this name: no ticket, a full handshake */
};

/* How the keys of a ring live. A field that is 0 takes its default. */
struct stek_policy {
    int64_t rotate_s; /* how long a key seals: 1 s to 7 days, default 1 hour */
    int64_t accept_s; /* how long it opens afterwards: 1 s to 7 days (RFC 9846 section 4.6.1),
                         default 12 hours, or what fits where rotate_s is short */
    int64_t max_session_age_s; /* longest chain of resumptions since a full handshake: 1 s to 30
                          days, default 24 hours */
    uint32_t ahead;            /* future keys held ready: 1 to 16, default 2 */
    uint32_t size;             /* sizeof (struct stek_policy), so that later versions can add
                                  fields; 0 stands for the fields up to here */
};

/* The keys of one service. Opaque; safe to use from any thread, and from every child forked after
 * it was made. */
struct stek_ring;

#ifndef STEK_NO_OPENSSL
/* What becomes of early data (0-RTT, RFC 9846 section 2.3) where the program accepts it at all. */
enum stek_early_data {
    STEK_EARLY_DATA_ONCE = 0, /* of each ticket at most once, by the program that sealed it */
    STEK_EARLY_DATA_AS_IS,    /* as the program and libssl decide: stek stays out of it */
    STEK_EARLY_DATA_NEVER     /* it is refused; the handshake goes on without it */
};

/* Options of stek_attach(); start from STEK_ATTACH_OPTIONS_INIT. */
struct stek_attach_options {
    /* What tickets must not cross. NULL: `auto`, made of the names in the certificates of the
     * SSL_CTX, and in a program that verifies peers also of libssl's own ticket keys. Else 1 to 255
     * printable ASCII characters, copied. */
    const char *context;
    /* 0: a ticket key callback that the application sets later wins. 1: stek wins, whatever is set
     * later. */
    int override;
    /* 1: where peers are verified, programs that verify them in the same way share tickets. */
    int same_configuration;
    /* 1: a ticket serves whatever server name a client sends. 0: the one that it was made for. */
    int any_name;
    /* 1: tickets resume under any session-id context of the program. */
    int any_id_context;
    /* An enum stek_early_data. */
    int early_data;
    unsigned int size; /* sizeof (struct stek_attach_options); 0 as in struct stek_policy */
};
#define STEK_ATTACH_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (const char *)0, 0, 0, 0, 0, 0, sizeof(struct stek_attach_options)                         \
    }
#endif

/*
 * Tells what is wrong with a policy. Returns NULL if nothing is, else a static text that names the
 * field and the allowed range. A NULL policy stands for the defaults and is fine. Thread-safe.
 */
const char *stek_policy_problem(const struct stek_policy *policy);

/*
 * Makes a private ring: no file, no daemon, no thread. It lives in memory that is shared with
 * children forked later, locked, and left out of core dumps. `policy` is copied; NULL means the
 * defaults. The caller owns *ret_ring and gives it back with stek_ring_free(). Thread-safe. Errors:
 * STEK_ERR_ARGUMENT, STEK_ERR_POLICY, STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_REFUSED,
 * STEK_ERR_RANDOM, STEK_ERR_CRYPTO, STEK_ERR_SYSTEM.
 */
STEK_MUST_USE enum stek_result stek_ring_new(const struct stek_policy *policy,
                                             struct stek_ring **ret_ring);

/*
 * Opens a ring file, which stekd keeps: its keys survive this program and are shared with others on
 * the host. `path` is that of the file, RING.ring, or a ring's name, which means the file of that
 * name in stekd's run directory. Policy and keys are stekd's; when stekd is gone, all who have the
 * file open continue the ring alike. The file is read only now: the mapping stays good after fork,
 * chroot and a change of user. The caller owns *ret_ring and gives it back with stek_ring_free().
 * Thread-safe. Errors: STEK_ERR_ARGUMENT; STEK_ERR_FILE: stek_ring_file_problem() says why, and a
 * program will want to go on with a private ring; STEK_ERR_MEMORY, STEK_ERR_LOCK,
 * STEK_ERR_REFUSED, STEK_ERR_SYSTEM.
 */
STEK_MUST_USE enum stek_result stek_ring_open(const char *path, struct stek_ring **ret_ring);

/*
 * Tells why a ring file cannot be opened, as of now. Returns NULL if it can, else a static text of
 * one line. `path` as above. Thread-safe.
 */
const char *stek_ring_file_problem(const char *path);

/*
 * Does now what the next handshake would do anyway: rotates if it is time, and destroys what has
 * retired, in the ring and in this process's copies. For programs that may be idle for long. Never
 * blocks. Thread-safe. Errors: STEK_ERR_ARGUMENT; STEK_ERR_BUSY (another process is rotating: this
 * one's copies are clean all the same); STEK_ERR_RANDOM, STEK_ERR_CRYPTO (the ring goes on with the
 * keys that it has).
 */
STEK_MUST_USE enum stek_result stek_ring_maintain(struct stek_ring *ring);

/*
 * Gives back the caller's hold on a ring. Every attached SSL_CTX keeps its own hold, so it may be
 * called right after stek_attach(). The last hold wipes this process's derived keys and unmaps the
 * ring here; other processes keep it, and the kernel clears it when the last one is gone. NULL is
 * fine.
 */
void stek_ring_free(struct stek_ring *ring);

/*
 * One ticket key, as plain bytes. A ticket that is to be shared with programs that use OpenSSL is
 * name[16] iv[16] AES-256-CBC(state) HMAC-SHA256(all before it)[32], which is RFC 5077 section 4
 * without its length field. It is secret but for the name: a program overwrites its copy, with
 * explicit_bzero(3), when the ticket is sealed or opened.
 */
enum { STEK_KEY_NAME_LEN = 16 };
struct stek_key {
    unsigned char name[STEK_KEY_NAME_LEN];
    unsigned char hmac_key[32];
    unsigned char aes_key[32];
};

/* The keys of a ring under one label. Opaque; safe to use from any thread, and from every child
 * forked after it was made. */
struct stek_label;

/*
 * The keys of `ring` that programs with the same label share, and no others. `label`: 1 to 255
 * printable ASCII characters, copied. Programs that store other state in their tickets need another
 * label: OpenSSL and another TLS library do not understand each other's tickets. The label holds
 * the ring; the caller owns *ret_label and gives it back with stek_label_free(). Thread-safe; takes
 * a lock. Errors: STEK_ERR_ARGUMENT, STEK_ERR_MEMORY.
 */
STEK_MUST_USE enum stek_result stek_label_new(struct stek_ring *ring, const char *label,
                                              struct stek_label **ret_label);

/* Gives a label back, when no thread uses it any more. NULL is fine. */
void stek_label_free(struct stek_label *label);

/*
 * The key that seals tickets now; RFC 5077 section 5.5. *ret_until, if not NULL, is the time at
 * which it stops to open them: a ticket must not promise to last longer. Allocates nothing, makes
 * no system call but at a change of keys. Thread-safe. Errors: STEK_ERR_ARGUMENT; STEK_ERR_NO_KEY:
 * give no ticket.
 */
STEK_MUST_USE enum stek_result stek_key_current(struct stek_label *label, struct stek_key *ret_key,
                                                int64_t *ret_until);

/*
 * The key with this name: what a ticket begins with. *ret_replace, if not NULL, is 1 when a newer
 * key seals now, so that the client should get a new ticket, else 0; in TLS 1.3 it should get one
 * in any case (RFC 9846 appendix C.4). Check the MAC before anything is decrypted. As above;
 * Errors: STEK_ERR_ARGUMENT; STEK_ERR_NO_KEY: the name is not known or its key has retired. It is
 * no error for the client, and means a full handshake.
 */
STEK_MUST_USE enum stek_result stek_key_find(struct stek_label *label,
                                             const unsigned char name[STEK_KEY_NAME_LEN],
                                             struct stek_key *ret_key, int *ret_replace);

/*
 * When a key of the ring next begins or stops to seal or stops to open, as far as is known now: a
 * program that keeps copies of keys asks for them again then. An order of the operator's (`stek
 * rotate`, `stek revoke`) comes without notice. It also does what stek_ring_maintain() does.
 * Thread-safe. Errors: STEK_ERR_ARGUMENT; STEK_ERR_NO_KEY: the ring has none.
 */
STEK_MUST_USE enum stek_result stek_ring_next_change(struct stek_ring *ring, int64_t *ret_at);

#ifndef STEK_NO_OPENSSL
/*
 * Lets `ctx` seal and open its session tickets with the keys of `ring`. Call it when `ctx` is made,
 * before its first SSL. NULL options mean STEK_ATTACH_OPTIONS_INIT. It uses the ticket key callback
 * and SSL_CTX_set_session_ticket_cb() of `ctx`; if the application replaces the latter, its tickets
 * open in `ctx` and its forks only, without the cap on a session's age. It also uses the argument
 * of the record-padding callback, wraps the security callback and, unless early_data is as-is, sets
 * the allow_early_data callback. Attaching again replaces ring
 * and options. `ctx` holds the ring until it is freed. Thread safety: that of the SSL_CTX_set_*
 * functions. Errors: STEK_ERR_ARGUMENT, STEK_ERR_MEMORY, STEK_ERR_CRYPTO.
 */
STEK_MUST_USE enum stek_result stek_attach(SSL_CTX *ctx, struct stek_ring *ring,
                                           const struct stek_attach_options *options);

/*
 * stek's session-ticket callbacks, for a program that has its own and calls stek's from them. After
 * stek_attach() it sets its own with SSL_CTX_set_session_ticket_cb(3). Its generate callback calls
 * stek_ticket_gen_cb() and returns what that returns, which is always 1. Its decrypt callback calls
 * stek_ticket_dec_cb() first and with every status, and returns its answer or a stricter one:
 * SSL_TICKET_RETURN_IGNORE_RENEW. A program calls both or neither. `arg` is not used there: NULL.
 * The session's ticket appdata is stek's; where the program writes its own, tickets open in that
 * SSL_CTX and its forks only, without the cap on a session's age. On connections of an SSL_CTX that
 * is not attached, they answer what libssl does without callbacks. Thread safety: they are for the
 * connection's thread, inside these callbacks.
 */
int stek_ticket_gen_cb(SSL *ssl, void *arg);
SSL_TICKET_RETURN stek_ticket_dec_cb(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                     size_t name_len, SSL_TICKET_STATUS status, void *arg);

/*
 * stek's allow_early_data callback, for a program that has its own: after stek_attach() it sets its
 * own with SSL_CTX_set_allow_early_data_cb(3), and calls stek's last, when it would allow early
 * data itself. It returns 1, and the ticket has had its one time, or 0: the handshake goes on
 * without early data. `arg` is not used there: NULL. On connections of an SSL_CTX that is not
 * attached it returns 0. Thread safety: as above.
 */
int stek_allow_early_data_cb(SSL *ssl, void *arg);
#endif

/*
 * The version of the library that runs, as STEK_VERSION_NUMBER and as STEK_VERSION: it may be newer
 * than that of the header that a program was compiled with. Static text. Thread-safe.
 */
unsigned int stek_version_number(void);
const char *stek_version(void);

/* A static text of one line for a result. Thread-safe. */
const char *stek_result_text(enum stek_result result);

#ifdef __cplusplus
}
#endif

#endif
