/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    (void)argc; /* argv ends with NULL. */
    return (int)kg_cli_run(argv);
}
