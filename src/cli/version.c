/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <uv.h>

#include "cli.h"
#include "commit.h"
#include "kubeglean/http.h"
#include "kubeglean/reader.h"
#include "kubeglean/serve.h"
#include "kubeglean/sink.h"
#include "kubeglean/yaml.h"

static bool print_versions(void)
{
    int yajl = kg_reader_parser_version();
    int pq = kg_sink_client_version();
    const char *bzip2 = kg_reader_bzip2_version(); /* "1.0.8, 13-Jul-2019" */

    return printf("kubeglean %s%s\n", KG_VERSION, KG_COMMIT) > 0 &&
           printf("libuv %s\n", uv_version_string()) > 0 &&
           printf("libcurl %s\n", kg_http_client_version()) > 0 &&
           printf("llhttp %s\n", kg_serve_parser_version()) > 0 &&
           printf("yajl %d.%d.%d\n", yajl / 10000, yajl / 100 % 100,
                  yajl % 100) > 0 &&
           printf("zlib %s\n", kg_reader_gzip_version()) > 0 &&
           printf("libbz2 %.*s\n", (int)strcspn(bzip2, ","), bzip2) > 0 &&
           printf("libpq %d.%d\n", pq / 10000, pq % 10000) > 0 &&
           printf("libyaml %s\n", kg_yaml_parser_version()) > 0;
}

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
    if (!print_versions() || fflush(stdout) != 0) {
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
