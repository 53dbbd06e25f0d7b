/* SPDX-License-Identifier: Apache-2.0 */
/* unloads PLUGIN FILE: loads the plugin and with it libssl, which this program knows nothing of,
 * lets it run, and takes both out again, three times. */
#include <dlfcn.h>
#include <stdio.h>

enum { TIMES = 3 };

int main(int argc, char **argv)
{
    for (int i = 0; i < TIMES && argc == 3; i++) {
        void (*run)(const char *file) = NULL;
        void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (plugin != NULL)
            *(void **)&run = dlsym(plugin, "odd_plugin_run");
        if (plugin == NULL || run == NULL) {
            (void)fprintf(stderr, "unloads: %s\n", dlerror());
            return 2;
        }
        run(argv[2]);
        if (dlclose(plugin) != 0)
            return 2;
    }
    return argc == 3 ? 0 : 2;
}
