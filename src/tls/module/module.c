/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stek.so: an OpenSSL configuration module that gives every SSL_CTX of a program a ring.
 * stek-openssl(5).
 *
 * libcrypto loads it while it reads the configuration, often long before the program forks: so the
 * ring's memory is mapped here, for all forks to share, but its first keys are made when the first
 * ticket is due, since random generators and providers may not be configured yet. Errors of modules
 * are swallowed by most programs, so they are said here, on standard error, and the program goes on
 * with OpenSSL's own keys.
 */
#include "core/settings.h"
#include "crypto/quiet.h"
#include "ringfile/process.h"
#include "ringfile/ring.h"
#include "tls/attach.h"
#include "tls/attachment.h"
#include "tls/context/peers.h"
#include "tls/context/servers.h"
#include "tls/later.h"
#include "tls/made.h"
#include "tls/module/caller.h"
#include "tls/module/conf.h"
#include "tls/module/latefork.h"
#include "tls/module/say.h"
#include "tls/ossl.h"
#include "tls/refuse.h"

#include <openssl/conf.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* openssl/crypto.h declares OPENSSL_init with another type than modules have; libcrypto looks these
 * names up. */
int stek_module_init(CONF_IMODULE *module, const CONF *conf) __asm__("OPENSSL_init");
void stek_module_finish(CONF_IMODULE *module) __asm__("OPENSSL_finish");

/* What new SSL_CTXs get, whichever thread makes them. `ring` NULL: nothing. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct stek_ring *ring;
static struct stek_settings settings;
static bool refuse; /* without a ring there are to be no tickets */

/* The ring was made after the program had forked, and nothing was said of it yet. */
static bool is_late;

/* The libssl that this module is linked to; found before the hook is set. */
static struct stek_loaded libssl;

/*
 * New SSL_CTXs keep libssl's own keys: the OpenSSL that runs is of a version that nobody tested, or
 * a connection did not lead to its ring, and tickets must not vanish unseen.
 */
static atomic_bool given_up;

/* As the configuration says. Beside the settings, since events come without the lock. */
static atomic_bool is_required;

static void lock_module(void)
{
    (void)pthread_mutex_lock(&lock);
}

static void unlock_module(void)
{
    (void)pthread_mutex_unlock(&lock);
}

static void give_up(const char *why)
{
    if (!atomic_exchange(&given_up, true))
        stek_say("stek: %s %s; new SSL_CTXs %s\n", OpenSSL_version(OPENSSL_VERSION), why,
                 atomic_load(&is_required) ? "give no tickets" : "have OpenSSL's own ticket keys");
}

static void say_once(atomic_bool *said, const char *text)
{
    if (!atomic_exchange(said, true))
        stek_say("%s", text);
}

static void on_event(enum stek_event event)
{
    static atomic_bool replaced_said;
    static atomic_bool early_data_said;

    if (event == STEK_EVENT_MISSED)
        give_up("does not call stek when a handshake begins");
    else if (event == STEK_EVENT_REPLACED)
        say_once(&replaced_said, "stek: the program sets ticket keys of its own after the first "
                                 "handshake; they are used, not the ring's\n");
    else
        say_once(&early_data_said, "stek: the program accepts early data without asking stek: it "
                                   "may be a replay; see early_data in stek-openssl(5)\n");
}

/* One module serves all OpenSSL 3.x, which have one name for the dynamic linker. */
static void compare_versions(void)
{
    const unsigned long running = OpenSSL_version_num();

    if (!stek_ossl_is_tested(running))
        give_up("was never tested with stek");
    else if (stek_ossl_series(running) != stek_ossl_series(OPENSSL_VERSION_NUMBER))
        stek_say("stek: built for %s, and running with %s\n", OPENSSL_VERSION_TEXT,
                 OpenSSL_version(OPENSSL_VERSION));
}

/* A libcrypto may serve two libssls, and the hook hears of both. Each has its own constant methods,
 * which its SSL_CTXs point to. */
static bool serves(const SSL_CTX *ctx)
{
    const SSL_METHOD *method = SSL_CTX_get_ssl_method(ctx);

    return stek_loaded_holds(&libssl, (uintptr_t)method) && method != TLS_client_method() &&
           method != DTLS_client_method();
}

static bool same_policy(const struct stek_policy *a, const struct stek_policy *b)
{
    return a->rotate_s == b->rotate_s && a->accept_s == b->accept_s &&
           a->max_session_age_s == b->max_session_age_s && a->ahead == b->ahead;
}

static void take(struct stek_ring *made)
{
    stek_ring_free(ring);
    ring = made;
}

/* errno is that of the call that failed, or 0. */
static void say_failure(const char *what, enum stek_result result, bool required)
{
    const char *why = result == STEK_ERR_SYSTEM ? "a system call failed" : stek_result_text(result);

    if (errno != 0)
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the texts of the kernel's errors are constant */
        stek_say("stek: %s: %s: error %d (%s); %s\n", what, why, errno, strerror(errno),
                 stek_conf_instead(required));
    else
        stek_say("stek: %s: %s; %s\n", what, why, stek_conf_instead(required));
}

/* A program that reads its OpenSSL configuration again keeps its ring, and so its sessions. */
static bool ensure_private_ring(const struct stek_settings *wanted)
{
    struct stek_ring *made;

    if (ring != NULL && stek_ring_is_private(ring) &&
        same_policy(&wanted->policy, &settings.policy))
        return true;
    errno = 0;
    enum stek_result result = stek_ring_new_empty(&wanted->policy, &made);
    if (result != STEK_OK) {
        say_failure("no ring", result, wanted->required);
        return false;
    }
    is_late = ring == NULL && stek_latefork_is_fork();
    take(made);
    return true;
}

/* Not before the process makes an SSL_CTX that can serve: a client has nothing to lose. */
static void say_late(void)
{
    if (is_late && stek_ring_is_private(ring))
        stek_say("stek: this process was forked before it read the OpenSSL "
                 "configuration: its tickets are not resumed by the program's other "
                 "processes. Use a ring that stekd keeps: ring = NAME\n");
    is_late = false;
}

/* A ring file is named by its path; a ring's name means the run directory. */
static void say_ring_file(const char *path, const char *what, const char *going_on)
{
    const bool in_run_dir = strchr(path, '/') == NULL;

    stek_say("stek: ring file %s%s%s: %s; %s\n", in_run_dir ? STEK_RUN_DIR "/" : "", path,
             in_run_dir ? ".ring" : "", what, going_on);
}

/* Opens a ring file; NULL, or what is wrong with it. What was wrong may be gone when one asks what
 * it was: then again. */
static const char *open_ring_file(const char *path)
{
    const char *problem = NULL;
    struct stek_ring *made;

    for (int tries = 0; tries < 3; tries++) {
        enum stek_result result = stek_ring_open(path, &made);
        if (result == STEK_OK) {
            take(made);
            return NULL;
        }
        problem = result == STEK_ERR_FILE ? stek_ring_file_problem(path) : stek_result_text(result);
        if (problem != NULL)
            break;
    }
    return problem != NULL ? problem : stek_result_text(STEK_ERR_FILE);
}

/*
 * The ring file, or a private ring in its place. Without the file, a program that had it open keeps
 * it: it may have given up the right to open it again.
 */
static bool ensure_ring(const struct stek_settings *wanted)
{
    const bool had_it =
        ring != NULL && !stek_ring_is_private(ring) && strcmp(wanted->ring, settings.ring) == 0;

    if (wanted->ring[0] == '\0')
        return ensure_private_ring(wanted);
    if (had_it && stek_ring_is_file(ring, wanted->ring))
        return true;
    const char *problem = open_ring_file(wanted->ring);
    if (problem == NULL)
        return true;
    say_ring_file(wanted->ring, problem,
                  had_it ? "going on with the one that is open already"
                         : "going on with a private ring");
    return had_it || ensure_private_ring(wanted);
}

/*
 * Most programs that reload make new SSL_CTXs but do not read the OpenSSL configuration again
 * (nginx, Apache): so a file that was not there yet, or was replaced, is taken here too. Where
 * nothing has changed that is one look at the path.
 */
static void take_new_ring_file(void)
{
    struct stek_ring *made;

    if (settings.ring[0] == '\0' || stek_ring_is_file(ring, settings.ring) ||
        stek_ring_open(settings.ring, &made) != STEK_OK)
        return;
    take(made);
    say_ring_file(settings.ring, "it is there now", "new SSL_CTXs have it");
}

/* Why an SSL_CTX has no ring; what holds for all of them is said once. */
static void say_no_ring(enum stek_result result)
{
    static bool crypto_said;

    if (result != STEK_ERR_CRYPTO)
        say_failure("an SSL_CTX has no ring", result, settings.required);
    else if (!crypto_said)
        stek_say("stek: the OpenSSL configuration leaves no provider with AES-256-CBC, "
                 "SHA2-256 and HKDF; %s\n",
                 stek_conf_instead(settings.required));
    crypto_said = crypto_said || result == STEK_ERR_CRYPTO;
}

/* A private ring is this process's, and the program's own keys may be shared with others. */
static bool ring_wins(void)
{
    return settings.override == STEK_OVERRIDE_YES ||
           (settings.override == STEK_OVERRIDE_AUTO && !stek_ring_is_private(ring));
}

static void attach(SSL_CTX *ctx)
{
    take_new_ring_file();
    say_late();
    const struct stek_attach_options options = {
        .context = settings.context[0] != '\0' ? settings.context : NULL,
        .override = ring_wins(),
        .same_configuration = settings.same_configuration,
        .any_name = settings.any_name,
        .any_id_context = settings.any_id_context,
        .early_data = (int)settings.early_data};
    STEK_QUIET(quiet);
    errno = 0;
    enum stek_result result = stek_attach_new(ctx, ring, &options);
    if (result == STEK_OK)
        return;
    say_no_ring(result);
    if (settings.required)
        stek_refuse_tickets(ctx);
}

/* Where none was attached, nothing has started to count yet. */
static void count_not_met(void)
{
    stek_ring_start_counting(ring);
    stek_stats_count(ring->stats, STEK_COUNT_NOT_MET, stek_ring_now(ring));
}

/* CRYPTO_EX_new for SSL_CTX: runs in every SSL_CTX_new(). */
static void ctx_new(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)ptr, (void)data, (void)index, (void)argl, (void)argp;
    if (!serves(parent))
        return;
    lock_module();
    if (ring != NULL && !atomic_load(&given_up))
        attach(parent);
    else if (ring != NULL)
        count_not_met();
    if (refuse || (atomic_load(&given_up) && atomic_load(&is_required)))
        stek_refuse_tickets(parent);
    unlock_module();
}

static int hooked;

/* The locks are not to be some other thread's in a forked child. Handlers that were set up last run
 * first, and attach() takes the module's lock before the others. */
static bool set_up_fork_handlers(void)
{
    return stek_process_prepare() == STEK_OK && stek_servers_prepare() &&
           pthread_atfork(lock_module, unlock_module, unlock_module) == 0;
}

static void hook_ssl_ctx(void)
{
    compare_versions();
    stek_attachment_watch(on_event);
    hooked = set_up_fork_handlers() &&
             CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, ctx_new, NULL, NULL) >= 0;
}

static void configure(const CONF *conf, const char *section)
{
    struct stek_settings wanted;

    const bool required = stek_conf_is_required(conf, section);
    const bool sound = stek_conf_read(conf, section, &wanted);
    stek_peers_prepare();
    stek_made_prepare();
    lock_module();
    if (sound && ensure_ring(&wanted))
        settings = wanted;
    atomic_store(&is_required, required);
    stek_attachment_when_missed(required ? stek_refuse_tickets : NULL);
    refuse = required && ring == NULL;
    unlock_module();
}

/* Whether the caller's structures may be touched. Of another libcrypto nobody hears anything: that
 * one has read a configuration that was not meant for it. */
static bool may_serve(const void *return_address)
{
    struct stek_loaded found;
    const enum stek_caller caller = stek_caller_judge(return_address, &found);

    if (caller == STEK_CALLER_MIXED)
        stek_say("stek: this program brings a part of OpenSSL's functions, and another "
                 "library the rest; going on with OpenSSL's own keys\n");
    if (caller != STEK_CALLER_OWN)
        return false;
    lock_module();
    libssl = found;
    unlock_module();
    return true;
}

/*
 * The configuration that stek writes turns config_diagnostics off, so that a program outlives a
 * module that is gone, and keeps the system's word under another name. It counts again from here
 * on, and is read as libcrypto reads it.
 */
static void heed_system(const CONF *conf)
{
    STEK_QUIET(quiet);
    long word = 0;

    if (NCONF_get_number_e(conf, "default", "stek_diagnostics", &word) == 1 && word > 0)
        stek_later_be_strict(conf);
}

/* Always a success for libcrypto: with config_diagnostics, a failure would keep programs from
 * starting at all. */
int stek_module_init(CONF_IMODULE *module, const CONF *conf)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    stek_say_prepare();
    if (!may_serve(__builtin_extract_return_addr(__builtin_return_address(0))))
        return 1;
    heed_system(conf);
    configure(conf, CONF_imodule_get_value(module));
    if ((ring != NULL || refuse) && (pthread_once(&once, hook_ssl_ctx) != 0 || !hooked))
        stek_say("stek: libcrypto refuses the hook for new SSL_CTXs; going on with "
                 "OpenSSL's own keys\n");
    return 1;
}

/* SSL_CTXs may live on until the process ends, and so do this module (linked with -z nodelete) and
 * its ring. */
void stek_module_finish(CONF_IMODULE *module)
{
    (void)module;
}
