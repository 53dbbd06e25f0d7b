/* SPDX-License-Identifier: Apache-2.0 */
/* Programs with session-ticket callbacks of their own, who keep what they know of a client in the
 * ticket's appdata. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

/* What a program noted of the client, and what its ticket brought back. */
static int note_index(void)
{
    static int index = -1;

    if (index < 0)
        index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    return index;
}

static int write_note(SSL *ssl, void *arg)
{
    char note[64];
    const char *before = SSL_get_ex_data(ssl, note_index());

    (void)snprintf(note, sizeof note, "%s", before != NULL ? before : (const char *)arg);
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), note, strlen(note) + 1);
}

static bool is_text(const char *note, size_t len)
{
    size_t i = 0;

    while (i < len && note[i] >= ' ' && note[i] <= '~')
        i++;
    return i + 1 == len && note[i] == '\0';
}

static SSL_TICKET_RETURN read_note(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                   size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    static char brought[64];
    void *note = NULL;
    size_t len = 0;

    (void)name, (void)name_len, (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (SSL_SESSION_get0_ticket_appdata(session, &note, &len) == 1 && len > 0) {
        (void)snprintf(brought, sizeof brought, "%.*s", (int)len - 1,
                       is_text(note, len) ? (const char *)note : "what nobody here wrote");
        (void)SSL_set_ex_data(ssl, note_index(), brought);
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

/* Who came in the wrong way is not let in by a ticket either. */
static SSL_TICKET_RETURN refuse_all(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                    size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    (void)ssl, (void)session, (void)name, (void)name_len, (void)status, (void)arg;
    return SSL_TICKET_RETURN_IGNORE;
}

static void tell_note(SSL *ssl, char *text, size_t len)
{
    const char *note = SSL_get_ex_data(ssl, note_index());

    (void)snprintf(text, len, "note=%s", note != NULL ? note : "");
}

static SSL_CTX *noting(SSL_CTX *ctx, const char *note)
{
    must(SSL_CTX_set_session_ticket_cb(ctx, write_note, read_note, (void *)(uintptr_t)note) == 1,
         "session-ticket callbacks");
    return ctx;
}

static size_t build(struct place *places)
{
    SSL_CTX *refusing = server("server-a");
    SSL_CTX *only_generating = server("server-a");
    static char let_in[] = "let in";

    must(SSL_CTX_set_session_ticket_cb(refusing, write_note, refuse_all, let_in) == 1 &&
             SSL_CTX_set_session_ticket_cb(only_generating, write_note, NULL, let_in) == 1,
         "session-ticket callbacks");
    places[0] = (struct place){.name = "notes", .ctx = noting(server("server-a"), "let in")};
    places[1] = (struct place){.name = "notes-too", .ctx = noting(server("server-a"), "decoy")};
    places[2] = (struct place){.name = "refuses", .ctx = refusing};
    places[3] = (struct place){.name = "generates", .ctx = only_generating};
    places[4] = (struct place){.name = "none", .names = "a", .ctx = server("server-a")};
    places[5] = (struct place){.name = "none-too", .names = "a", .ctx = server("server-a")};
    places[6] = (struct place){.name = "verifies",
                               .ctx = noting(verifying("server-a", SSL_VERIFY_PEER, "A"), "peer")};
    for (int i = 0; i < 7; i++)
        places[i].tell = tell_note;
    return 7;
}

const struct scene scene_appdata = {.name = "appdata",
                                    .build = build,
                                    .clients = {"alice", "nobody"},
                                    .verifies = true,
                                    .short_run = true};

/* The same without anybody who is verified; the callbacks come when connections were there already,
 * and go again. */
static size_t build_late(struct place *places)
{
    for (int i = 0; i < 3; i++)
        places[i] = (struct place){.names = "a", .ctx = server("server-a"), .tell = tell_note};
    places[0].name = "late";
    places[1].name = "late-too";
    places[2].name = "never";
    return 3;
}

static void set_late(struct place *places, size_t count)
{
    (void)count;
    (void)noting(places[0].ctx, "late");
    (void)noting(places[1].ctx, "late too");
}

static void take_away(struct place *places, size_t count)
{
    (void)count;
    (void)SSL_CTX_set_session_ticket_cb(places[0].ctx, NULL, NULL, NULL);
}

const struct scene scene_appdata_late = {
    .name = "appdata-late",
    .build = build_late,
    .clients = {"nobody"},
    .changes = {{"set", set_late, true}, {"more", set_late, true}, {"taken-away", take_away, true}},
    .short_run = true};
