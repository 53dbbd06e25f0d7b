/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cases list [short]                      the names of the scenes
 * cases run|short NAME FILES KEPT [LIB]   one scene; its sessions go into the file KEPT
 * cases restart|short-restart NAME FILES KEPT
 *
 * LIB: a library with another libcrypto, which reads the configuration as well, before and after
 * the program's own.
 */
#include "cases.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

static const struct scene *const scenes[] = {
    &scene_names,
    &scene_certless,
    &scene_parameters,
    &scene_reload,
    &scene_live,
    &scene_modes,
    &scene_post_handshake,
    &scene_hosts,
    &scene_switch_late,
    &scene_dup,
    &scene_appdata,
    &scene_appdata_late,
    &scene_keys_open,
    &scene_keys_verifying,
    &scene_keys_late,
    &scene_keys_each,
    &scene_bytes_open,
    &scene_bytes_verifying,
    &scene_stateful,
    &scene_caches,
    &scene_timeouts,
    &scene_psk,
    &scene_psk_beside,
    &scene_raw,
    &scene_ciphers,
    &scene_demand_servername,
    &scene_demand_protocol,
};
enum { SCENES = sizeof scenes / sizeof *scenes };

static int list(bool short_run)
{
    for (size_t i = 0; i < SCENES; i++)
        if (scenes[i]->build != NULL && (scenes[i]->short_run || !short_run))
            (void)puts(scenes[i]->name);
    return 0;
}

static void other_libcrypto(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int (*load)(void) = NULL;

    must(library != NULL, path);
    *(void **)&load = dlsym(library, "extension_load_config");
    must(load != NULL, "extension_load_config");
    (void)load();
}

/* For dl_iterate_phdr(3): so that one sees what was in the process. */
static int print_object(struct dl_phdr_info *object, size_t len, void *arg)
{
    (void)len, (void)arg;
    (void)printf("object\t%s\n", object->dlpi_name);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "list") == 0)
        return list(argc > 2);
    must(argc >= 5, "cases run|short|restart|short-restart NAME FILES KEPT [LIBRARY]");
    files_are_in(argv[3]);
    if (argc > 5)
        other_libcrypto(argv[5]);
    for (size_t i = 0; i < SCENES; i++)
        if (strcmp(scenes[i]->name, argv[2]) == 0) {
            walk(scenes[i], argv[4], strstr(argv[1], "restart") != NULL,
                 strncmp(argv[1], "short", strlen("short")) == 0);
            return dl_iterate_phdr(print_object, NULL);
        }
    must(false, argv[2]);
    return 2;
}
