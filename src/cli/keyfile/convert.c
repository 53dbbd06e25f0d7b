/* SPDX-License-Identifier: Apache-2.0 */
/* stek keyfile convert: the same keys in the layout of another server. */
#include "cli/keyfile/keyfile.h"

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/keyfile/input.h"

#include "keyfile/read.h"

#include <getopt.h>
#include <stdio.h>

static int convert_file(const struct stek_keyfile_layout *from,
                        const struct stek_keyfile_layout *to, const char *key, const char *path)
{
    static struct stek_keyfile_input input;
    static struct stek_keyfile_keys keys;
    const char *problem = stek_keyfile_input_read(path, &input);

    if (problem == NULL)
        problem = stek_keyfile_read(from, input.bytes.at, input.bytes.len, &keys);
    stek_keyfile_input_wipe(&input);
    if (problem != NULL) {
        (void)fprintf(stderr, "stek keyfile convert: %s: it is not a file of %s: %s\n", path,
                      from->name, problem);
        return STEK_EXIT_FAILED;
    }
    const int code = stek_keyfile_put_out("convert", &keys, to, key);
    stek_keyfile_keys_wipe(&keys);
    return code;
}

int stek_keyfile_convert(int argc, char **argv)
{
    const char *from = NULL, *to = NULL, *key = NULL;
    const struct stek_argument arguments[] = {
        {"from", 0, NULL, &from}, {"to", 0, NULL, &to}, {"key", 0, NULL, &key}, {.name = NULL}};
    int code;

    if (!stek_arguments_read("keyfile convert", argc, argv, arguments, stek_keyfile_print_help,
                             &code))
        return code;
    const struct stek_keyfile_layout *source = stek_keyfile_layout_option("convert", "from", from);
    const struct stek_keyfile_layout *target =
        source != NULL ? stek_keyfile_layout_option("convert", "to", to) : NULL;
    if (target == NULL)
        return STEK_EXIT_USAGE;
    if (optind + 1 != argc) {
        (void)fprintf(stderr, "stek keyfile convert: give one FILE; - is standard input\n");
        return STEK_EXIT_USAGE;
    }
    return convert_file(source, target, key, argv[optind]);
}
