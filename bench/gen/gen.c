/* SPDX-License-Identifier: MIT */
/* kg-gen: a KRR log of any size. The same arguments give the same bytes.
 *
 *     kg-gen --size 64M --noise stray --twin doc.json --expect rows.ndjson > log
 *
 * The number of rows is found first, by making them without writing; then the
 * log is written in one pass, a row at a time. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kubeglean/limits.h"
#include "noise.h"
#include "report.h"

struct options {
    uint64_t size;       /* Of the log; 0: by rows. */
    uint64_t noise_size; /* 0: a line for each row. */
    uint64_t n_rows;     /* In each document; 0: by size. */
    unsigned n_documents;
    enum layout layout;
    enum noise_kind noise;
    bool crlf;
    const char *twin, *expect, *output;
    struct report_shape shape;
};

struct gen {
    const struct options *options;
    FILE *log, *twin, *expect;
    struct kg_buf text; /* Made, and not written yet. */
    struct noise noise;
    uint64_t n_rows;  /* In each document. */
    uint64_t n_bytes; /* Of the log. */
};

static const char usage[] =
    "usage: kg-gen [OPTION]... > LOG\n"
    "  --size BYTES        of the log, about (64M; K, M, G are powers of "
    "1024)\n"
    "  --rows N            in each document, instead of --size\n"
    "  --documents N       in the log (1)\n"
    "  --layout LAYOUT     pretty (as json.dumps with indent=2) or compact\n"
    "  --noise NOISE       clean, stray (with braces and JSON) or none\n"
    "  --noise-size BYTES  in all, instead of a line for each row\n"
    "  --crlf              lines end with CR LF\n"
    "  --non-ascii         names with other characters, raw and escaped\n"
    "  --seed N            (1)\n"
    "  --cluster NAME      of every row (bench)\n"
    "  --namespace PREFIX  of every row's namespace (team)\n"
    "  --keys N            keys repeat after N rows (0: never)\n"
    "  --output FILE       instead of standard output\n"
    "  --twin FILE         the documents alone\n"
    "  --expect FILE       the rows, as NDJSON\n";

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "kg-gen: %s: %s\n", what, why);
    exit(2);
}

/* --- writing -------------------------------------------------------------- */

static void write_to(FILE *file, struct kg_str text)
{
    if (file != NULL && fwrite(text.ptr, 1, text.len, file) != text.len) {
        die("cannot write", strerror(errno));
    }
}

/* Noise goes to the log alone; what is part of a document to its twin too. */
static void flush_noise(struct gen *g)
{
    g->n_bytes += kg_buf_len(&g->text);
    write_to(g->log, kg_buf_str(&g->text));
    kg_buf_reset(&g->text);
}

static void flush_document(struct gen *g)
{
    write_to(g->twin, kg_buf_str(&g->text));
    flush_noise(g);
}

static void write_noise(struct gen *g)
{
    uint64_t size = g->options->noise_size / g->options->n_documents;
    uint64_t end = g->n_bytes + size;

    noise_banner(&g->noise, &g->text);
    flush_noise(g);
    for (uint64_t i = 0; g->noise.kind != NOISE_NONE &&
                         (size > 0 ? g->n_bytes < end : i < g->n_rows);
         i++) {
        noise_line(&g->noise, &g->text);
        flush_noise(g);
    }
}

static void write_expected(struct gen *g, const struct scan *s,
                           unsigned document)
{
    struct emit e;

    if (g->expect == NULL) {
        return;
    }
    emit_init(&e, &g->text, LAYOUT_TIGHT);
    report_expect(&e, s, document);
    emit_raw(&e, "\n");
    write_to(g->expect, kg_buf_str(&g->text));
    kg_buf_reset(&g->text);
}

static void write_document(struct gen *g, unsigned document)
{
    struct scan s;
    struct emit e;

    emit_init(&e, &g->text, g->options->layout);
    e.crlf = g->options->crlf;
    report_begin(&e);
    for (uint64_t i = 0; i < g->n_rows; i++) {
        scan_make(&g->options->shape, document * g->n_rows + i, &s);
        report_scan(&e, &s);
        flush_document(g);
        write_expected(g, &s, document);
    }
    report_end(&e);
    emit_raw(&e, g->options->crlf ? "\r\n" : "\n");
    flush_document(g);
}

static void write_log(struct gen *g)
{
    for (unsigned d = 0; d < g->options->n_documents; d++) {
        write_noise(g);
        write_document(g, d);
        noise_goodbye(&g->noise, &g->text);
        flush_noise(g);
    }
}

/* --- the number of rows --------------------------------------------------- */

static void init(struct gen *g, const struct options *o)
{
    *g = (struct gen){.options = o, .n_rows = o->n_rows};
    kg_buf_init(&g->text, 16 * KG_MIB);
    noise_init(&g->noise, o->noise, o->shape.seed, o->crlf);
}

/* Rows of one document until its share of the log is full; one at least. */
static uint64_t rows_for_size(const struct options *o)
{
    uint64_t share = (o->size - o->noise_size) / o->n_documents;
    struct gen g;
    struct scan s;
    struct emit e;

    init(&g, o);
    emit_init(&e, &g.text, o->layout);
    e.crlf = o->crlf;
    noise_banner(&g.noise, &g.text);
    noise_goodbye(&g.noise, &g.text);
    report_begin(&e);
    do {
        scan_make(&o->shape, g.n_rows, &s);
        report_scan(&e, &s);
        if (o->noise_size == 0) {
            noise_line(&g.noise, &g.text);
        }
        g.n_rows++;
        flush_noise(&g);
    } while (g.n_bytes < share);
    kg_buf_finish(&g.text);
    return g.n_rows;
}

/* --- arguments ------------------------------------------------------------ */

static uint64_t number_of(const char *option, const char *text)
{
    static const char units[] = "KMG";
    char *end;
    uint64_t number;
    const char *unit;

    errno = 0;
    number = strtoull(text, &end, 10);
    unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (unit != NULL) {
        number <<= 10 * (unit - units + 1);
        end++;
    }
    if (errno != 0 || end == text || *end != '\0') {
        die(option, "not a number");
    }
    return number;
}

static unsigned choice_of(const char *option, const char *text,
                          const char *const *choices)
{
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            return i;
        }
    }
    die(option, "no such choice; see --help");
}

static void take(struct options *o, const char *name, const char *value)
{
    static const char *const layouts[] = {"pretty", "compact", NULL};
    static const char *const noises[] = {"none", "clean", "stray", NULL};
    const struct {
        const char *name;
        uint64_t *number;
        const char **text;
    } plain[] = {
        {"size", &o->size, NULL},
        {"noise-size", &o->noise_size, NULL},
        {"rows", &o->n_rows, NULL},
        {"seed", &o->shape.seed, NULL},
        {"keys", &o->shape.n_keys, NULL},
        {"cluster", NULL, &o->shape.cluster},
        {"namespace", NULL, &o->shape.ns_prefix},
        {"output", NULL, &o->output},
        {"twin", NULL, &o->twin},
        {"expect", NULL, &o->expect},
    };

    for (size_t i = 0; i < KG_COUNT_OF(plain); i++) {
        if (strcmp(plain[i].name, name) != 0) {
            continue;
        }
        if (plain[i].number != NULL) {
            *plain[i].number = number_of(name, value);
        } else {
            *plain[i].text = value;
        }
    }
    if (strcmp(name, "layout") == 0) {
        o->layout = choice_of(name, value, layouts);
    } else if (strcmp(name, "noise") == 0) {
        o->noise = choice_of(name, value, noises);
    } else if (strcmp(name, "documents") == 0) {
        o->n_documents = (unsigned)number_of(name, value);
    }
}

static void parse(struct options *o, int argc, char **argv)
{
    enum { VALUE = 1, CRLF, NON_ASCII, HELP };
    static const struct option long_options[] = {
        {"size", required_argument, NULL, VALUE},
        {"noise-size", required_argument, NULL, VALUE},
        {"rows", required_argument, NULL, VALUE},
        {"documents", required_argument, NULL, VALUE},
        {"layout", required_argument, NULL, VALUE},
        {"noise", required_argument, NULL, VALUE},
        {"seed", required_argument, NULL, VALUE},
        {"keys", required_argument, NULL, VALUE},
        {"cluster", required_argument, NULL, VALUE},
        {"namespace", required_argument, NULL, VALUE},
        {"output", required_argument, NULL, VALUE},
        {"twin", required_argument, NULL, VALUE},
        {"expect", required_argument, NULL, VALUE},
        {"crlf", no_argument, NULL, CRLF},
        {"non-ascii", no_argument, NULL, NON_ASCII},
        {"help", no_argument, NULL, HELP},
        {0}};
    int at;
    int c;

    while ((c = getopt_long(argc, argv, "", long_options, &at)) != -1) {
        switch (c) {
        case VALUE:
            take(o, long_options[at].name, optarg);
            break;
        case CRLF:
            o->crlf = true;
            break;
        case NON_ASCII:
            o->shape.non_ascii = true;
            break;
        case HELP:
            (void)fputs(usage, stdout);
            exit(0);
        default:
            (void)fputs(usage, stderr);
            exit(2);
        }
    }
    if (optind < argc || o->n_documents == 0 || o->size < o->noise_size) {
        (void)fputs(usage, stderr);
        exit(2);
    }
}

static FILE *open_for(const char *path)
{
    FILE *file = path != NULL ? fopen(path, "w") : NULL;

    if (path != NULL && file == NULL) {
        die(path, strerror(errno));
    }
    return file;
}

static void close_file(FILE *file)
{
    if (file != NULL && fclose(file) != 0) {
        die("cannot write", strerror(errno));
    }
}

int main(int argc, char **argv)
{
    struct options o = {
        .size = 64 * KG_MIB,
        .n_documents = 1,
        .noise = NOISE_CLEAN,
        .shape = {.seed = 1, .cluster = "bench", .ns_prefix = "team"}};
    struct gen g;

    parse(&o, argc, argv);
    if (o.n_rows == 0) {
        o.n_rows = rows_for_size(&o);
    }
    init(&g, &o);
    g.log = o.output != NULL ? open_for(o.output) : stdout;
    g.twin = open_for(o.twin);
    g.expect = open_for(o.expect);
    write_log(&g);
    close_file(g.log);
    close_file(g.twin);
    close_file(g.expect);
    kg_buf_finish(&g.text);
    return 0;
}
