/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <uv.h>

#include "cli.h"
#include "commit.h"
#include "kubeglean/serve.h"

static enum kg_exit version(char **args)
{
    struct kg_args rest;
    enum kg_exit code;

    if (!kg_verb_parse(&kg_verb_version, args, NULL, &rest, &code)) {
        return code;
    }
    if (rest.n_items > 0) {
        return kg_verb_misused(&kg_verb_version, "takes no operand, not \"%s\"",
                               rest.items[0]);
    }
    if (printf("kubeglean %s%s\nlibuv %s\nllhttp %s\n", KG_VERSION, KG_COMMIT,
               uv_version_string(), kg_serve_parser_version()) < 0 ||
        fflush(stdout) != 0) {
        perror("kubeglean version: standard output");
        return KG_EXIT_ERROR;
    }
    return KG_EXIT_DONE;
}

const struct kg_verb kg_verb_version = {
    .name = "version",
    .summary = "Print the version, also of what was linked",
    .run = version,
};
