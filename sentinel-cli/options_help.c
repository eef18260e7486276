/* SPDX-License-Identifier: MIT */
#include "options_help.h"

#include "options_table.h"

#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 28
#define HELP_WIDTH 100

/* Words of `text` from the column where help begins, wrapped. */
static void print_wrapped(const char *text, int column)
{
    while (*text) {
        int length = (int)strcspn(text, " ");

        if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
            printf("\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        }
        if (column > HELP_COLUMN)
            column += printf(" ");
        column += printf("%.*s", length, text);
        text += length;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_row(const struct option_row *row)
{
    int column;

    if (!*row->name) {
        printf("\n%s:\n", row->help);
        return;
    }
    column = printf("  --%s%s%s", row->name, row->metavar ? " " : "", row->metavar ? row->metavar : "");
    if (column >= HELP_COLUMN - 1)
        column = printf("\n") - 1;
    printf("%*s", HELP_COLUMN - column, "");
    print_wrapped(row->help, HELP_COLUMN);
}

static void print_layers(void)
{
    int column = printf("\nLayers that --relax knows:");

    for (unsigned i = 0; i < SN_LAYER_COUNT; i++) {
        const char *name = sn_layer_name(UINT64_C(1) << i);

        if (!name)
            continue;
        if (column + 1 + (int)strlen(name) > HELP_WIDTH)
            column = printf("\n ") - 1;
        column += printf(" %s", name);
    }
    putchar('\n');
}

void print_run_help(unsigned command)
{
    if (command == FOR_RUN)
        fputs("Usage: sentinel run [OPTION]... FILE [ARG]... [-- ARG...]\n"
              "Compiles FILE if its language needs it and runs it in a sandbox. FILE may be - for standard input\n"
              "(--language is needed then, and the program's own standard input is empty). What follows FILE are the\n"
              "program's arguments; those that begin with - stand after --.\n",
              stdout);
    else
        fputs("Usage: sentinel exec [OPTION]... [--] COMMAND [ARG]...\n"
              "Runs any program of the host, or of an unpacked root file system, in a sandbox.\n",
              stdout);
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->commands & command)
            print_row(row);
    }
    fputs("  --help                    this text\n", stdout);
    print_layers();
    fputs("\nExit status: the program's own; 128+N when signal N ended it; or\n", stdout);
    if (command == FOR_RUN)
        fputs("    2  bad input, nothing was run              123  too many processes\n"
              "  119  it does not compile                     124  a system call outside the policy\n"
              "  120  too much time (CPU or elapsed)          125  the sandbox or this command failed\n"
              "  121  too much memory                         126  the command cannot be executed\n"
              "  122  too much output                         127  no such command; toolchain not installed\n",
              stdout);
    else
        fputs("    2  bad input, nothing was run              124  a system call outside the policy\n"
              "  120  too much time (CPU or elapsed)          125  the sandbox or this command failed\n"
              "  121  too much memory                         126  the command cannot be executed\n"
              "  122  too much output                         127  no such command inside\n"
              "  123  too many processes\n",
              stdout);
    fputs("A program may itself end with one of these numbers; --json says what happened.\n", stdout);
}
