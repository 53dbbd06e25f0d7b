/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the scenes share. A scene is a program with some places; each place is an SSL_CTX, or a way
 * to use one. Clients get sessions at every place and offer them at every place, and each such
 * journey is printed as a line, which cases.py reads.
 */
#ifndef TESTS_DIFFERENTIAL_CASES_H
#define TESTS_DIFFERENTIAL_CASES_H

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum {
    PLACES_MAX = 24,
    CHANGES_MAX = 4,
    DEMAND = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
};

/* How a session is got, and how it is offered. */
struct mechanism {
    const char *name;
    int version;
    bool got_with_tickets;
    bool offered_with_tickets;
};

/* What a client knows of itself. */
struct client {
    const char *name;
    const char *file; /* of its certificate; NULL: none */
    const char *psk;  /* its identity with a pre-shared key; NULL: none */
    bool raw;         /* it shows a raw public key in the place of the certificate */
};

/* A place where clients connect. */
struct place {
    const char *name;
    const char *names; /* what its certificate is for; NULL: nothing that may be shared */
    SSL_CTX *ctx;
    SSL *(*accept)(struct place *place); /* the server's side of a connection; NULL: SSL_new() */
    bool (*after)(SSL *client, SSL *server);           /* what follows a handshake; NULL: nothing */
    void (*tell)(SSL *server, char *text, size_t len); /* more about the peer; NULL: nothing */
    const char *host;                                  /* the server name that clients say */
    struct place *other;                               /* as the scene likes */
};

/* Something happens to the program, and all sessions are offered again. */
struct change {
    const char *step;
    void (*happen)(struct place *places, size_t count);
    bool keeps; /* clients go on with the newest session that they got */
};

struct scene {
    const char *name;
    size_t (*build)(struct place *places);
    const char *clients[6];
    struct change changes[CHANGES_MAX];
    bool verifies;  /* the program verifies somebody, so that nothing is shared by name */
    bool short_run; /* a part of the short run */
};

extern const struct scene scene_names, scene_certless, scene_parameters, scene_reload, scene_live,
    scene_modes, scene_post_handshake, scene_hosts, scene_dup, scene_appdata, scene_appdata_late,
    scene_keys_open, scene_keys_verifying, scene_keys_late, scene_keys_each, scene_bytes_open,
    scene_bytes_verifying, scene_stateful, scene_caches, scene_timeouts, scene_psk,
    scene_psk_beside, scene_raw, scene_switch_late, scene_ciphers, scene_demand_servername,
    scene_demand_protocol;

/* What a client saw. */
struct seen {
    bool resumed;
    bool by_id; /* without a ticket that the server could open */
    char refused[64];
    char answer[160];
    unsigned long hint_s;
};

/* A session as bytes, so that no connection can spoil it for the next. */
struct session {
    unsigned char *bytes;
    int len;
};

/* -- the files of the run, and the clock -- */

/* The path of a file of the run: in a buffer that the second next call uses again. */
const char *file_of(const char *name, const char *end);
void files_are_in(const char *folder);

/* Everybody's clock; it stands still but for this. */
void pass_time(int64_t seconds);

/* -- servers -- */

/* Ends the program when something that a scene sets up fails. */
void must(bool ok, const char *what);

/* A server with the certificate NAME (NULL: none), a session-id context of all and no more. */
SSL_CTX *server(const char *certificate);

/* The same that verifies its clients by the authority NAME and names it to them. */
SSL_CTX *verifying(const char *certificate, int mode, const char *authority);
void trust(SSL_CTX *ctx, const char *authority);
X509_STORE *store_of(const char *authority);
void add_crls(X509_STORE *store);

/* -- clients -- */

extern const struct client *const clients_all[];
const struct client *client_named(const char *name);

/* The client's side of a connection, with the session when there is one. */
SSL *client_side(const struct client *client, const struct mechanism *mechanism,
                 const struct place *place, bool shows_itself, const struct session *session);

/* Pre-shared keys: 32 bytes made of an identity. */
enum { PSK_LEN = 32 };
void psk_of(const char *identity, unsigned char ret_key[PSK_LEN]);
SSL_SESSION *psk_session(SSL *ssl, const char *identity);

/* -- connections and journeys -- */

/* One connection; what the client keeps goes to *ret_session, which the caller frees. */
struct seen talk(const struct client *client, const struct mechanism *mechanism,
                 struct place *place, bool shows_itself, const struct session *session,
                 struct session *ret_session);

/* All journeys of a scene. `kept`: the file where sessions are kept for a later process (NULL:
 * nowhere); `again`: such sessions are only offered. */
void walk(const struct scene *scene, const char *kept, bool again, bool short_run);

#endif
