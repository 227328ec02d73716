/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "input.h"
#include "kubeglean/clock.h"
#include "kubeglean/config.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/reader.h"
#include "printed.h"
#include "rowfile.h"
#include "runset.h"
#include "seen.h"
#include "told.h"

struct values {
    const char *profile;
    unsigned root;
    bool strict;
    bool whole;
    struct kg_texts sets;
    unsigned output;
    size_t max_depth, max_string, max_key, max_number;
};

/* What comes of all files together. */
struct extract {
    struct values values;
    struct kg_profile *profile;
    bool parse_all;
    struct kg_run_info run;
    struct kg_print print;
    struct kg_printed rows;
    struct kg_seen seen;
    struct kg_reader_stats sum;
    const char *damaged_log;  /* Where something was damaged first, */
    const char *headless_log; /* or lacked its beginning. */
    uint64_t n_duplicates;
    uint64_t n_limited;        /* Reports that a limit ended. */
    uint64_t n_dropped;        /* Rows that were held, and not printed. */
    struct kg_rowfile waiting; /* Rows, for what they lack. */
    struct kg_error error;     /* Of those. */
    struct kg_told told;
    enum kg_exit code;
};

/* --- reports --------------------------------------------------------------------- */

static bool on_begin(void *data, uint64_t ordinal)
{
    struct extract *x = data;

    (void)ordinal;
    kg_seen_clear(&x->seen);
    if (x->profile == NULL || x->values.whole) {
        kg_print_hold(&x->print);
    }
    return true;
}

static bool on_piece(void *data, struct kg_str bytes)
{
    struct extract *x = data;

    return kg_print_add(&x->print, bytes) == KG_OK;
}

static bool print_row(void *data, const struct kg_row *row)
{
    struct extract *x = data;
    uint64_t key =
        kg_seen_look_for(&x->seen, kg_profile_table(x->profile), row);
    enum kg_errc err = kg_printed_add(&x->rows, row);

    x->n_duplicates += kg_seen_note(&x->seen, key);
    return err == KG_OK;
}

/* Behind one that waits all wait. */
static bool on_row(void *data, const struct kg_row *row)
{
    struct extract *x = data;

    return row->late == 0 && x->waiting.n == 0
               ? print_row(x, row)
               : kg_rowfile_add(&x->waiting, row, &x->error) == KG_OK;
}

static bool on_reject(void *data, const struct kg_row *row, const char *column,
                      const char *reason)
{
    struct extract *x = data;

    kg_told_reject(&x->told, row, column, reason);
    return true;
}

static bool is_wanted(const struct extract *x, enum kg_outcome outcome)
{
    return outcome == KG_COMPLETE ||
           (outcome == KG_INCOMPLETE && x->profile != NULL &&
            kg_profile_keeps_incomplete(x->profile));
}

/* Without what they lack they are of no use. */
static bool print_waiting(struct extract *x, const struct kg_value *late)
{
    enum kg_errc err = KG_OK;

    if (x->waiting.n > 0 && late != NULL) {
        err = kg_rowfile_read(&x->waiting, late, print_row, x, &x->error);
    }
    kg_rowfile_clear(&x->waiting);
    return err == KG_OK;
}

static bool release(struct extract *x)
{
    enum kg_errc err = KG_OK;

    if (x->profile == NULL) {
        err = kg_print_add(&x->print, KG_STR("\n"));
    }
    return err == KG_OK && kg_print_release(&x->print) == KG_OK;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct extract *x = data;
    bool holding = x->print.state == KG_PRINT_HOLDING;
    uint64_t n_lost = end->late == NULL ? x->waiting.n : 0;

    x->n_limited += strcmp(end->reason, "limit") == 0;
    kg_told_report(&x->told, end);
    if (holding && !is_wanted(x, end->outcome)) {
        x->n_dropped += end->n_rows;
        kg_rowfile_clear(&x->waiting);
        kg_print_drop(&x->print);
        return true;
    }
    x->n_dropped += n_lost;
    return print_waiting(x, end->late) && (!holding || release(x));
}

static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                         .piece_cb = on_piece,
                                         .row_cb = on_row,
                                         .reject_cb = on_reject,
                                         .end_cb = on_end};

/* --- files ------------------------------------------------------------------------ */

static void add_stats(struct extract *x, const struct kg_reader_stats *s)
{
    x->sum.documents += s->documents;
    x->sum.incomplete += s->incomplete;
    x->sum.refused += s->refused;
    x->sum.rows += s->rows;
    x->sum.rejected += s->rejected;
    x->sum.nan += s->nan;
    if (x->sum.damaged == 0 && s->damaged > 0) {
        x->damaged_log = x->told.log;
        x->sum.damaged_from = s->damaged_from;
        x->sum.damaged_to = s->damaged_to;
        x->sum.damaged_why = s->damaged_why;
    }
    if (!x->sum.headless && s->headless) {
        x->headless_log = x->told.log;
    }
    x->sum.damaged += s->damaged;
    x->sum.noise_bytes += s->noise_bytes;
    x->sum.headless = x->sum.headless || s->headless;
}

static bool fail(struct extract *x, const char *what, const char *why)
{
    (void)fprintf(stderr, "kubeglean extract: %s: %s\n", what, why);
    x->code = kg_exit_worse(x->code, KG_EXIT_ERROR);
    return false;
}

struct feeding {
    struct extract *extract;
    struct kg_reader *reader;
};

/* A row goes out when it is found, also when the log trickles in. */
static bool on_block(void *data, struct kg_str block)
{
    struct feeding *f = data;

    return kg_reader_feed(f->reader, block) == KG_OK &&
           (block.len == KG_INPUT_BLOCK ||
            kg_print_flush(&f->extract->print) == KG_OK);
}

/* Why the reader stopped: its output could not be written, or no memory. */
static bool stopped(struct extract *x)
{
    return fail(x, x->told.log,
                x->print.error.code != KG_OK ? x->print.error.text
                : x->error.code != KG_OK     ? x->error.text
                                             : kg_errc_text(KG_ENOMEM));
}

/* False: reading further files is of no use. */
static bool read_file(struct extract *x, struct kg_reader *r, const char *path)
{
    struct feeding feeding = {.extract = x, .reader = r};
    struct kg_error e;
    enum kg_errc err = kg_input_read(path, on_block, &feeding, &e);

    if (err == KG_OK) {
        err = kg_reader_finish(r, "cut");
    } else if (err == KG_EIO) {
        return !fail(x, x->told.log, e.text);
    }
    return err == KG_OK || stopped(x);
}

static bool extract_file(struct extract *x, const char *path)
{
    const struct values *v = &x->values;
    struct kg_reader_options options = {.profile = x->profile,
                                        .root = (enum kg_root)v->root,
                                        .strict = v->strict,
                                        .parse_all = x->parse_all,
                                        .limits = {.depth = v->max_depth,
                                                   .string = v->max_string,
                                                   .key = v->max_key,
                                                   .number = v->max_number},
                                        .takes_late = true,
                                        .run = &x->run};
    struct kg_reader *r;
    bool going;

    x->told.log = kg_input_name(path);
    if (kg_reader_create(&options, &ops, x, &r) != KG_OK) {
        return stopped(x);
    }
    going = read_file(x, r, path);
    add_stats(x, kg_reader_stats(r));
    kg_reader_destroy(r);
    return going;
}

/* --- the verb ---------------------------------------------------------------------- */

/* Damage counts if it had matched, or if nothing else did. */
static enum kg_exit judge(const struct extract *x)
{
    const struct kg_reader_stats *s = &x->sum;
    bool damaged = s->damaged > 0 || s->headless;

    if (x->profile != NULL &&
        (s->incomplete > 0 || s->refused > 0 || s->rejected > 0)) {
        return KG_EXIT_DAMAGED;
    }
    if (x->n_limited > 0 || (s->damaged > 0 && x->values.strict) ||
        (damaged && s->documents == 0)) {
        return KG_EXIT_DAMAGED;
    }
    return s->documents > 0 ? KG_EXIT_DONE : KG_EXIT_EMPTY;
}

/* What matched no profile is told only if the exit code speaks of it. */
static void tell_damage(struct extract *x)
{
    const struct kg_reader_stats *s = &x->sum;

    if (x->told.n > 0 || judge(x) != KG_EXIT_DAMAGED) {
        return;
    }
    x->told.log = s->damaged > 0 ? x->damaged_log : x->headless_log;
    kg_told_damage(&x->told, s, x->values.strict);
}

static void print_summary(const struct extract *x)
{
    const struct kg_reader_stats *s = &x->sum;

    (void)fprintf(stderr,
                  "documents=%llu rows=%llu rejected=%llu duplicates=%llu "
                  "nan=%llu damaged=%llu noise_bytes=%llu\n",
                  (unsigned long long)s->documents,
                  (unsigned long long)(s->rows - x->n_dropped),
                  (unsigned long long)s->rejected,
                  (unsigned long long)x->n_duplicates,
                  (unsigned long long)s->nan, (unsigned long long)s->damaged,
                  (unsigned long long)s->noise_bytes);
}

static enum kg_exit extract_all(struct extract *x, char **files)
{
    static char *standard_input[] = {"-", NULL};
    bool going = x->profile == NULL || kg_printed_head(&x->rows) == KG_OK;

    if (files[0] == NULL) {
        files = standard_input;
    }
    for (size_t i = 0; going && files[i] != NULL; i++) {
        going = extract_file(x, files[i]);
    }
    if (x->print.error.code == KG_OK && kg_print_flush(&x->print) != KG_OK) {
        (void)fail(x, "output", x->print.error.text);
    }
    tell_damage(x);
    print_summary(x);
    return kg_exit_worse(x->code, judge(x));
}

/* KG_PARSER=yajl: the reference that tests compare with. */
static bool choose_parser(struct extract *x)
{
    const char *parser = getenv("KG_PARSER");

    x->parse_all = parser != NULL && strcmp(parser, "yajl") == 0;
    return x->parse_all || parser == NULL || *parser == '\0';
}

static enum kg_exit prepare(struct extract *x, struct kg_error *e)
{
    const struct values *v = &x->values;

    if (v->profile == NULL && v->output != KG_PRINTED_NDJSON) {
        return kg_verb_misused(&kg_verb_extract,
                               "-o csv and -o table print rows: say of which "
                               "profile with --profile");
    }
    if (v->profile == NULL && v->sets.n_items > 0) {
        return kg_verb_misused(&kg_verb_extract,
                               "--set gives rows a value: say of which profile "
                               "with --profile");
    }
    if (!choose_parser(x)) {
        return kg_verb_misused(&kg_verb_extract,
                               "KG_PARSER=%s: it is yajl, or unset",
                               getenv("KG_PARSER"));
    }
    if (v->max_depth < 1 || v->max_depth > KG_LIMIT_DEPTH_MAX) {
        return kg_verb_misused(&kg_verb_extract, "--max-depth is 1 to %d",
                               KG_LIMIT_DEPTH_MAX);
    }
    if (kg_runset_apply(&v->sets, &x->run, e) != KG_OK) {
        return kg_verb_misused(&kg_verb_extract, "%s", e->text);
    }
    if (v->profile != NULL &&
        kg_profile_load(v->profile, &x->profile, e) != KG_OK) {
        return kg_verb_failed(&kg_verb_extract, e);
    }
    return KG_EXIT_DONE;
}

static enum kg_exit extract(char **args)
{
    struct extract x = {.values = {.max_depth = KG_LIMIT_DEPTH,
                                   .max_string = KG_LIMIT_STRING,
                                   .max_key = KG_LIMIT_KEY,
                                   .max_number = KG_LIMIT_NUMBER},
                        .run = {.scanned_at_us = KG_TIME_NONE,
                                .started_at_us = KG_TIME_NONE,
                                .finished_at_us = KG_TIME_NONE},
                        .told = {.verb = &kg_verb_extract}};
    struct kg_args rest;
    struct kg_error e;
    enum kg_exit code;

    kg_error_clear(&e);
    if (!kg_verb_parse(&kg_verb_extract, args, &x.values, &rest, &code)) {
        return code;
    }
    code = prepare(&x, &e);
    if (code != KG_EXIT_DONE) {
        return code;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* A closed pipe is an error of write(). */
    kg_print_init(&x.print, STDOUT_FILENO);
    kg_rowfile_init(&x.waiting, x.profile != NULL
                                    ? kg_profile_table(x.profile)->n_columns
                                    : 0);
    kg_seen_init(&x.seen);
    if (x.profile != NULL) {
        kg_printed_init(&x.rows, (enum kg_printed_form)x.values.output,
                        kg_profile_table(x.profile), &x.print);
    }
    code = extract_all(&x, rest.items);
    kg_printed_finish(&x.rows);
    kg_rowfile_finish(&x.waiting);
    kg_seen_finish(&x.seen);
    kg_print_finish(&x.print);
    kg_profile_destroy(x.profile);
    return code;
}

static const char *const roots[] = {"object", "array", "any", NULL};
static const char *const outputs[] = {"ndjson", "csv", "table", NULL};

static const struct kg_option options[] = {
    {.name = "profile",
     .type = KG_OPTION_TEXT,
     .value = "NAME|FILE",
     .at = offsetof(struct values, profile),
     .help = "Print the rows of this kind of report, not documents"},
    {.name = "root",
     .type = KG_OPTION_CHOICE,
     .choices = roots,
     .at = offsetof(struct values, root),
     .help = "What a document is (object; a profile says it itself)"},
    {.name = "strict",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct values, strict),
     .help = "All of the input is one JSON text as of RFC 8259"},
    {.name = "whole",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct values, whole),
     .help = "Print a report's rows when it is complete, or not at all"},
    {.name = "set",
     .type = KG_OPTION_LIST,
     .value = "KEY=VALUE",
     .at = offsetof(struct values, sets),
     .help = "A value of the run: cluster, namespace, scanned_at, ..."},
    {.name = "output",
     .letter = 'o',
     .type = KG_OPTION_CHOICE,
     .choices = outputs,
     .at = offsetof(struct values, output),
     .help = "Form of the rows (ndjson)"},
    {.name = "max-depth",
     .type = KG_OPTION_SIZE,
     .value = "N",
     .at = offsetof(struct values, max_depth),
     .help = "Containers inside each other (512)"},
    {.name = "max-string",
     .type = KG_OPTION_SIZE,
     .at = offsetof(struct values, max_string),
     .help = "Bytes of a string (1MiB)"},
    {.name = "max-key",
     .type = KG_OPTION_SIZE,
     .at = offsetof(struct values, max_key),
     .help = "Bytes of a member's name (4KiB)"},
    {.name = "max-number",
     .type = KG_OPTION_SIZE,
     .at = offsetof(struct values, max_number),
     .help = "Bytes of a number (1KiB)"},
    {0}};

const struct kg_verb kg_verb_extract = {
    .name = "extract",
    .summary = "Find JSON in logs: its documents, or the rows of its reports",
    .synopsis = "[OPTION]... [FILE...|-]",
    .about =
        "The last line on standard error counts what was found: duplicates "
        "are rows\nwhose key their report had before, among its first "
        "49152 keys.\n"
        "Exit code 3: nothing was found; 4: something is incomplete, "
        "rejected or\ndamaged, or lacks its beginning.\n",
    .options = options,
    .run = extract,
};
