/* SPDX-License-Identifier: MIT */
#include "cli.h"

/* Wrong usage tells that nothing was done; an error, that what was done cannot
 * be trusted; only then come the reports. */
static unsigned weight(enum kg_exit code)
{
    static const enum kg_exit lightest_first[] = {
        KG_EXIT_DONE,  KG_EXIT_EMPTY, KG_EXIT_FAILED,     KG_EXIT_DAMAGED,
        KG_EXIT_ERROR, KG_EXIT_USAGE, KG_EXIT_INTERRUPTED};
    unsigned i = 0;

    while (lightest_first[i] != code) {
        i++;
        KG_REQUIRE(i < KG_COUNT_OF(lightest_first));
    }
    return i;
}

enum kg_exit kg_exit_worse(enum kg_exit a, enum kg_exit b)
{
    return weight(a) > weight(b) ? a : b;
}

enum kg_exit kg_exit_of(enum kg_errc code)
{
    switch (code) {
    case KG_OK:
        return KG_EXIT_DONE;
    case KG_EUSAGE:
    case KG_ECONFIG:
        return KG_EXIT_USAGE;
    default:
        return KG_EXIT_ERROR;
    }
}
