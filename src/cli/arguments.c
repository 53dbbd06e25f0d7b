/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"

#include "cli/command.h"
#include "core/ringname.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* getopt_long() gives back a number: that of the option in the table, after these. */
enum { HELP = 'h', FIRST_OPTION = 256 };

/* The short and long options as getopt_long() wants them. */
struct parser {
    struct option longs[STEK_ARGUMENTS_MAX + 2];
    char shorts[2 * STEK_ARGUMENTS_MAX + 3];
};

static void prepare(const struct stek_argument *table, struct parser *parser)
{
    size_t shorts = 0;
    size_t i = 0;

    parser->shorts[shorts++] = ':'; /* a value that is missing is told from an unknown option */
    parser->shorts[shorts++] = HELP;
    for (; i < STEK_ARGUMENTS_MAX && table[i].name != NULL; i++) {
        parser->longs[i] =
            (struct option){table[i].name, table[i].flag != NULL ? no_argument : required_argument,
                            NULL, FIRST_OPTION + (int)i};
        if (table[i].letter != '\0')
            parser->shorts[shorts++] = table[i].letter;
    }
    parser->longs[i++] = (struct option){"help", no_argument, NULL, HELP};
    parser->longs[i] = (struct option){NULL, 0, NULL, 0};
    parser->shorts[shorts] = '\0';
}

static const struct stek_argument *find(const struct stek_argument *table, int option)
{
    if (option >= FIRST_OPTION)
        return &table[option - FIRST_OPTION];
    while (table->name != NULL && table->letter != option)
        table++;
    return table;
}

void stek_arguments_refuse(const char *program, char **argv, int option)
{
    const char *word = argv[optind - 1];

    if (option == ':')
        (void)fprintf(stderr, "%s: %s needs a value: try '%s --help'\n", program, word, program);
    else if (optopt > 0 && optopt < FIRST_OPTION && optopt != HELP)
        (void)fprintf(stderr, "%s: '-%c' is not an option: try '%s --help'\n", program, optopt,
                      program);
    else if (optopt != 0)
        (void)fprintf(stderr, "%s: %.*s takes no value: try '%s --help'\n", program,
                      (int)strcspn(word, "="), word, program);
    else
        (void)fprintf(stderr, "%s: '%s' is not an option: try '%s --help'\n", program, word,
                      program);
}

bool stek_arguments_read(const char *command, int argc, char **argv,
                         const struct stek_argument *table, void (*print_help)(void), int *ret_code)
{
    char program[64];
    struct parser parser;
    int option;

    (void)snprintf(program, sizeof program, "stek %s", command);
    prepare(table, &parser);
    opterr = 0;
    while ((option = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
        if (option == HELP || option == '?' || option == ':') {
            if (option == HELP)
                print_help();
            else
                stek_arguments_refuse(program, argv, option);
            *ret_code = option == HELP ? STEK_EXIT_FINE : STEK_EXIT_USAGE;
            return false;
        }
        const struct stek_argument *argument = find(table, option);
        if (argument->flag != NULL)
            *argument->flag = true;
        else
            *argument->value = optarg;
    }
    return true;
}

bool stek_arguments_ring(const char *command, const char *name)
{
    if (stek_ring_name_is_valid(name))
        return true;
    (void)fprintf(stderr, "stek %s: '%s' is not a valid ring name: %s\n", command, name,
                  STEK_RING_NAME_RULE);
    return false;
}

bool stek_arguments_one_ring(const char *command, int argc, char **argv, const char **ret_ring)
{
    if (optind >= argc)
        (void)fprintf(stderr, "stek %s: RING is missing: 'stek status' lists the rings\n", command);
    else if (optind + 1 < argc)
        (void)fprintf(stderr, "stek %s: give one ring only, not '%s' as well: try --help\n",
                      command, argv[optind + 1]);
    else if (stek_arguments_ring(command, argv[optind])) {
        *ret_ring = argv[optind];
        return true;
    }
    return false;
}
