/* SPDX-License-Identifier: MIT */
/* What somebody else may write: documents out of noise, one a line. */
#include <stdio.h>

#include "kubeglean/reader.h"

static bool print(void *data, struct kg_str bytes)
{
    return fwrite(bytes.ptr, 1, bytes.len, data) == bytes.len;
}

static bool begin(void *data, uint64_t ordinal)
{
    return ordinal == 0 || fputc('\n', data) != EOF;
}

static bool end(void *data, const struct kg_report_end *how)
{
    return fprintf(data, " is %s", kg_outcome_name(how->outcome)) > 0;
}

int main(void)
{
    const struct kg_reader_ops ops = {
        .begin_cb = begin, .piece_cb = print, .end_cb = end};
    const struct kg_reader_options options = {.root = KG_ROOT_OBJECT};
    struct kg_reader *reader;
    enum kg_errc err = kg_reader_create(&options, &ops, stdout, &reader);

    if (err == KG_OK) {
        err = kg_reader_feed(reader, KG_STR("noise {\"a\": [1, 2]} {} noise"));
        err = err == KG_OK ? kg_reader_finish(reader, "cut") : err;
        kg_reader_destroy(reader);
    }
    return err == KG_OK ? 0 : 1;
}
