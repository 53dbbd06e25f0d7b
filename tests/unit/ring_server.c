/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_server.h"

#include "tls_certs.h"
#include "tls_talk.h"

#include "tls/context/context.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct plan {
    int version;
    int override;
    const char *label; /* NULL: auto */
} plans[SERVER_SITES] = {
    {TLS1_2_VERSION, 0, "alpha"},
    {TLS1_2_VERSION, 1, "beta"},
    {TLS1_3_VERSION, 0, "alpha"},
    {TLS1_3_VERSION, 1, NULL},
};

static SSL_CTX *new_ctx(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());

    CHECK(ctx != NULL);
    CHECK(SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
          SSL_CTX_set_max_proto_version(ctx, version) == 1);
    return ctx;
}

static void make_site(struct site *site, const struct plan *plan, struct stek_ring *ring)
{
    const struct stek_attach_options options = {plan->label, plan->override};
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.alternatives = "DNS:a.example"});

    site->server = new_ctx(plan->version);
    site->client = new_ctx(plan->version);
    CHECK(SSL_CTX_use_certificate(site->server, cert) == 1);
    CHECK(SSL_CTX_use_PrivateKey(site->server, tls_key(TLS_KEY_EC)) == 1);
    CHECK(stek_attach(site->server, ring, &options) == STEK_OK);
    CHECK(stek_context_label(plan->label, &site->context));
    if (plan->label == NULL)
        CHECK(stek_context_auto(site->server, &site->context) == STEK_OK);
    X509_free(cert);
}

struct sites *sites_new(struct stek_ring *ring)
{
    struct sites *sites = calloc(1, sizeof *sites);

    CHECK(sites != NULL);
    sites->ring = ring;
    for (size_t i = 0; i < SERVER_SITES; i++)
        make_site(&sites->site[i], &plans[i], ring);
    return sites;
}

void sites_free(struct sites *sites)
{
    for (size_t i = 0; i < SERVER_SITES; i++) {
        SSL_CTX_free(sites->site[i].server);
        SSL_CTX_free(sites->site[i].client);
    }
    stek_ring_free(sites->ring);
    free(sites);
}

void site_shake_hands(const struct site *site)
{
    struct tls_visit visit;
    struct tls_call call = {.server_name = "a.example"};

    tls_talk(site->client, site->server, &call, &visit);
    CHECK(visit.done && !visit.resumed && visit.session != NULL);
    call.session = visit.session;
    tls_talk(site->client, site->server, &call, &visit);
    CHECK(visit.done && visit.resumed);
    SSL_SESSION_free(call.session);
    SSL_SESSION_free(visit.session);
}

void sites_shake_hands(const struct sites *sites)
{
    for (size_t i = 0; i < SERVER_SITES; i++)
        site_shake_hands(&sites->site[i]);
}

/* Waits for the next round; false when there is none. */
static bool next_round(struct crew *crew, unsigned *seen)
{
    CHECK(pthread_mutex_lock(&crew->lock) == 0);
    while (crew->round == *seen && !crew->over)
        CHECK(pthread_cond_wait(&crew->changed, &crew->lock) == 0);
    const bool over = crew->over;
    *seen = crew->round;
    CHECK(pthread_mutex_unlock(&crew->lock) == 0);
    return !over;
}

static void report_done(struct crew *crew)
{
    CHECK(pthread_mutex_lock(&crew->lock) == 0);
    crew->done++;
    CHECK(pthread_cond_broadcast(&crew->changed) == 0);
    CHECK(pthread_mutex_unlock(&crew->lock) == 0);
}

static unsigned number_of_next(struct crew *crew)
{
    CHECK(pthread_mutex_lock(&crew->lock) == 0);
    const unsigned number = crew->hired++;
    CHECK(pthread_mutex_unlock(&crew->lock) == 0);
    return number;
}

static void *run_thread(void *arg)
{
    struct crew *crew = arg;
    const bool idles = number_of_next(crew) == 0;
    unsigned seen = 0;

    while (next_round(crew, &seen)) {
        if (!idles || seen == 1)
            sites_shake_hands(crew->sites);
        report_done(crew);
    }
    return NULL;
}

void crew_start(struct crew *crew, const struct sites *sites)
{
    *crew = (struct crew){.sites = sites};
    CHECK(pthread_mutex_init(&crew->lock, NULL) == 0);
    CHECK(pthread_cond_init(&crew->changed, NULL) == 0);
    for (int i = 0; i < SERVER_THREADS; i++)
        CHECK(pthread_create(&crew->thread[i], NULL, run_thread, crew) == 0);
}

void crew_shake_hands(struct crew *crew)
{
    CHECK(pthread_mutex_lock(&crew->lock) == 0);
    crew->round++;
    crew->done = 0;
    CHECK(pthread_cond_broadcast(&crew->changed) == 0);
    while (crew->done < SERVER_THREADS)
        CHECK(pthread_cond_wait(&crew->changed, &crew->lock) == 0);
    CHECK(pthread_mutex_unlock(&crew->lock) == 0);
}

void crew_end(struct crew *crew)
{
    CHECK(pthread_mutex_lock(&crew->lock) == 0);
    crew->over = true;
    CHECK(pthread_cond_broadcast(&crew->changed) == 0);
    CHECK(pthread_mutex_unlock(&crew->lock) == 0);
    for (int i = 0; i < SERVER_THREADS; i++)
        CHECK(pthread_join(crew->thread[i], NULL) == 0);
    CHECK(pthread_cond_destroy(&crew->changed) == 0);
    CHECK(pthread_mutex_destroy(&crew->lock) == 0);
}

/* Out of the compiler's sight, which would keep the result among the program's constants. */
static volatile uint32_t factor = 2654435761U;

void server_planted(uint8_t ret_bytes[32])
{
    for (unsigned i = 0; i < 32; i++)
        ret_bytes[i] = (uint8_t)((i + 1) * factor >> 21);
}

/* At an odd address, and only a piece of it. */
static void plant(void)
{
    static uint8_t *volatile heap;
    STEK_SECRET(stek_secret32) struct stek_secret32 whole;

    heap = malloc(64);
    CHECK(heap != NULL);
    server_planted(whole.bytes);
    memcpy(heap + 3, whole.bytes + 5, 16);
}

static void obey(const struct sites *sites, struct crew *crew, int command)
{
    switch (command) {
    case SERVER_ALL:
        sites_shake_hands(sites);
        crew_shake_hands(crew);
        break;
    case SERVER_ONCE:
        site_shake_hands(&sites->site[0]);
        break;
    case SERVER_MAINTAIN:
        CHECK(stek_ring_maintain(sites->ring) == STEK_OK);
        break;
    case SERVER_PLANT:
        plant();
        break;
    default:
        abort();
    }
}

struct server {
    const struct sites *sites;
    const char *folder;
};

static void serve(int fd, void *arg)
{
    const struct server *server = arg;
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct crew crew;
    int command;

    CHECK(chdir(server->folder) == 0);
    CHECK(setrlimit(RLIMIT_CORE, &unlimited) == 0);
    (void)prctl(PR_SET_PTRACER,
                PR_SET_PTRACER_ANY); /* where only ancestors may look into a process otherwise */
    crew_start(&crew, server->sites);
    while ((command = child_hear(fd)) >= 0) {
        obey(server->sites, &crew, command);
        child_tell(fd, (char)command);
    }
    crew_end(&crew);
}

struct child server_start(const struct sites *sites, const char *folder)
{
    struct server server = {sites, folder};

    return child_start(serve, &server);
}

void server_command(const struct child *server, enum server_command command)
{
    child_tell(server->fd, (char)command);
    if (command == SERVER_ABORT)
        CHECK(child_hear(server->fd) == -1);
    else
        CHECK(child_hear(server->fd) == (int)command);
}

void server_end(struct child *server)
{
    child_kill(server);
}
