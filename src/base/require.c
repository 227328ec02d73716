/* SPDX-License-Identifier: MIT */
/* Where a broken claim of ours ends the program. */
#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/base.h"

void kg_require_failed(const char *claim, const char *file, int line)
{
    (void)fprintf(stderr, "kubeglean: %s:%d: claim failed: %s\n", file, line,
                  claim);
    abort();
}
