/* SPDX-License-Identifier: MIT */
/* `profiles test`: a line for each report, then for each column, then for each
 * path that led nowhere. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "input.h"
#include "kubeglean/heap.h"
#include "kubeglean/reader.h"
#include "profiles.h"
#include "told.h"

enum { FIRST_MAX = 200, DIGITS = 24 };

/* What came of a column in all rows. */
struct filled {
    uint64_t n;
    uint64_t n_late; /* Rows of this report that lack it so far. */
    char *first;     /* Its first value, the beginning of it. */
};

struct test {
    const struct kg_profile *profile;
    const struct kg_run_info *run;
    struct kg_print print;
    struct kg_sheet reports;
    struct filled *columns;
    bool *met;  /* Of each path. */
    bool found; /* A report, in any log. */
    struct kg_told told;
    enum kg_exit code;
};

/* Keys are printed whole. */
static const struct kg_column report_columns[] = {
    {.name = "from_byte", .type = KG_TYPE_BIGINT},
    {.name = "bytes", .type = KG_TYPE_BIGINT},
    {.name = "rows", .type = KG_TYPE_BIGINT},
    {.name = "rejected", .type = KG_TYPE_BIGINT},
    {.name = "outcome", .type = KG_TYPE_TEXT},
    {.name = "log", .type = KG_TYPE_TEXT, .key = true},
    {.name = "why", .type = KG_TYPE_TEXT, .key = true}};
static const struct kg_column column_columns[] = {
    {.name = "column", .type = KG_TYPE_TEXT, .key = true},
    {.name = "type", .type = KG_TYPE_TEXT},
    {.name = "filled", .type = KG_TYPE_BIGINT},
    {.name = "first_value", .type = KG_TYPE_TEXT, .key = true}};
static const struct kg_column path_columns[] = {
    {.name = "never_met", .type = KG_TYPE_TEXT, .key = true},
    {.name = "path", .type = KG_TYPE_TEXT, .key = true}};

static struct kg_value number(uint64_t n, char text[DIGITS])
{
    (void)snprintf(text, DIGITS, "%llu", (unsigned long long)n);
    return kg_sheet_text(text);
}

/* --- reports ---------------------------------------------------------------------- */

static bool on_begin(void *data, uint64_t ordinal)
{
    (void)data;
    (void)ordinal;
    return true;
}

/* Of `n` rows. */
static bool note_value(struct filled *column, const struct kg_value *value,
                       uint64_t n)
{
    struct kg_str text = value->text;

    if (value->is_null || n == 0) {
        return true;
    }
    text.len = text.len < FIRST_MAX ? text.len : FIRST_MAX;
    if (column->n == 0) {
        column->first = kg_strndup(text.ptr, text.len);
    }
    column->n += n;
    return column->first != NULL;
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct test *t = data;
    bool noted = true;

    for (uint32_t i = 0; i < kg_profile_table(t->profile)->n_columns; i++) {
        t->columns[i].n_late += row->late >> i & 1;
        noted = noted && note_value(&t->columns[i], &row->values[i], 1);
    }
    return noted;
}

static bool on_reject(void *data, const struct kg_row *row, const char *column,
                      const char *reason)
{
    struct test *t = data;

    kg_told_reject(&t->told, row, column, reason);
    return true;
}

static bool note_late(struct test *t, const struct kg_value *late)
{
    bool noted = true;

    for (uint32_t i = 0; i < kg_profile_table(t->profile)->n_columns; i++) {
        struct filled *column = &t->columns[i];

        noted = noted &&
                (late == NULL || note_value(column, &late[i], column->n_late));
        column->n_late = 0;
    }
    return noted;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct test *t = data;
    char texts[4][DIGITS];
    struct kg_value values[] = {number(end->offset, texts[0]),
                                number(end->len, texts[1]),
                                number(end->n_rows, texts[2]),
                                number(end->n_rejected, texts[3]),
                                kg_sheet_text(kg_outcome_name(end->outcome)),
                                kg_sheet_text(t->told.log),
                                kg_sheet_text(end->detail)};

    kg_sheet_add(&t->reports, values);
    return note_late(t, end->late) && t->reports.err == KG_OK;
}

static const struct kg_reader_ops ops = {.begin_cb = on_begin,
                                         .row_cb = on_row,
                                         .reject_cb = on_reject,
                                         .end_cb = on_end};

/* --- logs ------------------------------------------------------------------------- */

static bool on_block(void *data, struct kg_str block)
{
    return kg_reader_feed(data, block) == KG_OK;
}

static enum kg_exit judge(struct test *t, const struct kg_reader *r)
{
    const struct kg_reader_stats *s = kg_reader_stats(r);
    const char *reason;

    if (s->incomplete > 0 || s->refused > 0 || s->rejected > 0) {
        return KG_EXIT_DAMAGED;
    }
    if (s->documents > 0) {
        t->found = true;
        return KG_EXIT_DONE;
    }
    if (kg_reader_outcome(r, &reason) == KG_EMPTY) {
        return KG_EXIT_EMPTY;
    }
    kg_told_damage(&t->told, s, false);
    return KG_EXIT_DAMAGED;
}

static void note_paths(struct test *t, const struct kg_reader *r)
{
    for (size_t i = 0; i < kg_profile_n_paths(t->profile); i++) {
        t->met[i] = t->met[i] || kg_reader_met(r, i);
    }
}

static enum kg_errc read_log(struct test *t, const char *path,
                             struct kg_error *e)
{
    struct kg_reader_options options = {
        .profile = t->profile, .takes_late = true, .run = t->run};
    struct kg_reader *r;
    enum kg_errc err = kg_reader_create(&options, &ops, t, &r);

    if (err != KG_OK) {
        return kg_error_set(e, err, 0, "%s", kg_errc_text(err));
    }
    err = kg_input_read(path, on_block, r, e);
    if (err == KG_OK) {
        err = kg_reader_finish(r, "cut");
    }
    if (err == KG_ECANCELED || err == KG_ENOMEM) {
        err = t->print.error.code != KG_OK ? t->print.error.code : KG_ENOMEM;
        (void)kg_error_set(e, err, 0, "%s", kg_errc_text(err));
    }
    t->code =
        kg_exit_worse(t->code, err == KG_OK ? judge(t, r) : KG_EXIT_ERROR);
    note_paths(t, r);
    kg_reader_destroy(r);
    return err;
}

static void read_logs(struct test *t, char **logs)
{
    struct kg_error e;

    for (size_t i = 0; logs[i] != NULL; i++) {
        t->told.log = kg_input_name(logs[i]);
        if (read_log(t, logs[i], &e) != KG_OK) {
            (void)fprintf(stderr, "kubeglean profiles: %s: %s\n", t->told.log,
                          e.text);
            t->code = kg_exit_worse(t->code, KG_EXIT_ERROR);
        }
    }
}

/* --- what came of it ---------------------------------------------------------------- */

static enum kg_errc print_columns(struct test *t)
{
    const struct kg_table_def *table = kg_profile_table(t->profile);
    struct kg_sheet sheet;
    char digits[DIGITS];

    kg_sheet_begin(&sheet, column_columns, KG_COUNT_OF(column_columns),
                   &t->print);
    for (uint32_t i = 0; i < table->n_columns; i++) {
        const struct filled *column = &t->columns[i];
        struct kg_value values[] = {
            kg_sheet_text(table->columns[i].name),
            kg_sheet_text(kg_type_name(table->columns[i].type)),
            number(column->n, digits),
            kg_sheet_text(column->first != NULL ? column->first
                                                : "<stayed empty>")};

        kg_sheet_add(&sheet, values);
    }
    return kg_sheet_end(&sheet);
}

static bool is_all_met(const struct test *t)
{
    bool met = true;

    for (size_t i = 0; i < kg_profile_n_paths(t->profile); i++) {
        met = met && t->met[i];
    }
    return met;
}

static enum kg_errc print_paths(struct test *t)
{
    struct kg_sheet sheet;

    if (is_all_met(t)) {
        return kg_print_add(&t->print, KG_STR("Every path was met.\n"));
    }
    kg_sheet_begin(&sheet, path_columns, KG_COUNT_OF(path_columns), &t->print);
    for (size_t i = 0; i < kg_profile_n_paths(t->profile); i++) {
        struct kg_profile_path path = kg_profile_path(t->profile, i);
        struct kg_value values[] = {kg_sheet_text(path.of),
                                    {.text = path.text}};

        if (!t->met[i]) {
            kg_sheet_add(&sheet, values);
        }
    }
    return kg_sheet_end(&sheet);
}

static enum kg_errc print_all(struct test *t)
{
    enum kg_errc err = kg_sheet_end(&t->reports);

    if (err == KG_OK) {
        err = kg_print_add(&t->print, KG_STR("\n"));
    }
    if (err == KG_OK) {
        err = print_columns(t);
    }
    if (err == KG_OK) {
        err = kg_print_add(&t->print, KG_STR("\n"));
    }
    if (err == KG_OK) {
        err = print_paths(t);
    }
    return err == KG_OK ? kg_print_flush(&t->print) : err;
}

static void run_test(struct test *t, char **logs)
{
    struct kg_error e;
    enum kg_errc err;

    kg_print_init(&t->print, STDOUT_FILENO);
    kg_sheet_begin(&t->reports, report_columns, KG_COUNT_OF(report_columns),
                   &t->print);
    read_logs(t, logs);
    if (t->code == KG_EXIT_EMPTY && t->found) {
        t->code = KG_EXIT_DONE;
    }
    err = print_all(t);
    if (err != KG_OK) {
        e = t->print.error;
        if (e.code == KG_OK) {
            (void)kg_error_set(&e, err, 0, "%s", kg_errc_text(err));
        }
        t->code = kg_exit_worse(t->code, kg_verb_failed(&kg_verb_profiles, &e));
    }
    kg_print_finish(&t->print);
}

enum kg_exit kg_profiles_test(const struct kg_profile *profile,
                              const struct kg_run_info *run, char **logs)
{
    uint32_t n_columns = kg_profile_table(profile)->n_columns;
    struct test t = {
        .profile = profile,
        .run = run,
        .told = {.verb = &kg_verb_profiles},
        .columns = kg_calloc(n_columns, sizeof(*t.columns)),
        .met = kg_calloc(kg_profile_n_paths(profile), sizeof(*t.met))};
    struct kg_error e;

    (void)signal(SIGPIPE, SIG_IGN); /* A closed pipe is an error of write(). */
    if (t.columns == NULL || t.met == NULL) {
        (void)kg_error_set(&e, KG_ENOMEM, 0, "%s", kg_errc_text(KG_ENOMEM));
        t.code = kg_verb_failed(&kg_verb_profiles, &e);
    } else {
        run_test(&t, logs);
    }
    for (uint32_t i = 0; t.columns != NULL && i < n_columns; i++) {
        kg_free(t.columns[i].first);
    }
    kg_free(t.columns);
    kg_free(t.met);
    return t.code;
}
