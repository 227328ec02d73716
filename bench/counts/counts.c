/* SPDX-License-Identifier: MIT */
/* kg-counts: one hot path over one file, so that callgrind can count it.
 *
 *     kg-counts PATH FILE         prints how often, and of what: "1048576 byte"
 *
 * What is counted is what counted() calls; reading the file and getting ready
 * is not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/tail.h"
#include "kubeglean/config.h"
#include "kubeglean/glean.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "kubeglean/pick.h"
#include "kubeglean/reader.h"
#include "sink/rowset.h"

enum { CHUNK = 16 * 1024, EVENT_TIMES = 100 };

struct work {
    struct kg_buf input;
    struct kg_profile *profile;
    struct kg_reader *reader;
    struct kg_pick *pick;
    struct kg_tail tail;
    struct kg_rows rows; /* As the reader gave them, */
    struct kg_rows copy; /* and what is counted. */
    struct kg_row_set set;
    struct kg_value *values; /* Of all rows of the set. */
    struct kg_binds binds;
    uint64_t n; /* Of the path's unit. */
};

struct path {
    const char *name, *unit;
    void (*prepare)(struct work *w);
    void (*count)(struct work *w);
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "kg-counts: %s: %s\n", what, why);
    exit(2);
}

static void must(enum kg_errc err, const char *what)
{
    if (err != KG_OK) {
        die(what, kg_errc_name(err));
    }
}

static void add_row(struct kg_rows *rows, const struct work *w,
                    const struct kg_row *row)
{
    must(kg_rows_add(rows, kg_profile_table(w->profile), row), "a row");
}

/* --- reading ---------------------------------------------------------------- */

static bool on_begin(void *data, uint64_t ordinal)
{
    (void)data;
    (void)ordinal;
    return true;
}

static bool on_piece(void *data, struct kg_str bytes)
{
    (void)data;
    (void)bytes;
    return true;
}

static bool on_row(void *data, const struct kg_row *row)
{
    struct work *w = data;

    w->n += row->values != NULL;
    return true;
}

static bool on_kept_row(void *data, const struct kg_row *row)
{
    struct work *w = data;

    add_row(&w->rows, w, row);
    return true;
}

static bool on_end(void *data, const struct kg_report_end *end)
{
    struct work *w = data;

    if (w->profile != NULL && end->outcome != KG_COMPLETE) {
        die("the report", end->detail);
    }
    return true;
}

static void open_reader(struct work *w, bool keep)
{
    static const struct kg_reader_ops told = {.begin_cb = on_begin,
                                              .piece_cb = on_piece,
                                              .row_cb = on_row,
                                              .end_cb = on_end};
    static const struct kg_reader_ops kept = {
        .begin_cb = on_begin, .row_cb = on_kept_row, .end_cb = on_end};
    struct kg_reader_options options = {.profile = w->profile};

    must(kg_reader_create(&options, keep ? &kept : &told, w, &w->reader),
         "a reader");
}

/* As a connection hands them out. */
static void for_each_chunk(struct work *w,
                           void (*take)(struct work *w, struct kg_str chunk))
{
    struct kg_str rest = kg_buf_str(&w->input);

    while (rest.len > 0) {
        size_t len = rest.len < CHUNK ? rest.len : CHUNK;

        take(w, kg_str_of(rest.ptr, len));
        rest = kg_str_of(rest.ptr + len, rest.len - len);
    }
}

static void feed(struct work *w, struct kg_str chunk)
{
    must(kg_reader_feed(w->reader, chunk), "the log");
}

static void prepare_documents(struct work *w)
{
    open_reader(w, false);
}

static void prepare_rows(struct work *w)
{
    struct kg_error e;

    must(kg_profile_load("krr", &w->profile, &e), "profile krr");
    open_reader(w, false);
}

static void count_reading(struct work *w)
{
    for_each_chunk(w, feed);
    must(kg_reader_finish(w->reader, "cut"), "the log's end");
    w->n = kg_buf_len(&w->input);
}

/* --- a log's place ---------------------------------------------------------- */

static void prepare_tail(struct work *w)
{
    kg_tail_init(&w->tail);
}

static void note_place(struct work *w, struct kg_str chunk)
{
    must(kg_tail_add(&w->tail, chunk), "a log's place");
}

static void count_tail(struct work *w)
{
    for_each_chunk(w, note_place);
    w->n = kg_buf_len(&w->input);
}

/* --- events ------------------------------------------------------------------ */

static enum kg_errc on_event(void *data, enum kg_pick_kind kind,
                             const struct kg_node *root)
{
    struct work *w = data;

    (void)kind;
    w->n += root->kind == KG_OBJECT;
    return KG_OK;
}

static void open_pick(struct work *w, const char *const *fields)
{
    static const char *const top[] = {"type", NULL};
    struct kg_pick_def def = {
        .under = "object", .paths = fields, .top = top, .max_bytes = KG_MIB};

    must(kg_pick_create(&def, on_event, w, &w->pick), "a pick");
}

static void prepare_job_event(struct work *w)
{
    open_pick(w, kg_job_fields);
}

static void prepare_pod_event(struct work *w)
{
    open_pick(w, kg_pod_fields);
}

static void count_event(struct work *w)
{
    for (int i = 0; i < EVENT_TIMES; i++) {
        must(kg_pick_feed(w->pick, kg_buf_str(&w->input), NULL), "an event");
    }
    must(kg_pick_end(w->pick, NULL), "an event's end");
}

/* --- rows on their way to the server ----------------------------------------- */

static void on_again(void *data, const struct kg_row_ref *dropped)
{
    (void)data;
    (void)dropped;
}

static void list_values(struct work *w)
{
    uint32_t n_columns = w->set.def->n_columns;

    w->values = kg_calloc(w->set.n * n_columns, sizeof(w->values[0]));
    if (w->values == NULL) {
        die("the rows' values", "no memory");
    }
    for (size_t i = 0; i < w->set.n * n_columns; i++) {
        w->values[i] =
            kg_row_set_value(&w->set, i / n_columns, (uint32_t)(i % n_columns));
    }
}

static void prepare_store(struct work *w)
{
    struct kg_error e;

    must(kg_profile_load("krr", &w->profile, &e), "profile krr");
    kg_rows_init(&w->rows, KG_LIMIT_SINK_BINDS);
    kg_rows_init(&w->copy, KG_LIMIT_SINK_BINDS);
    kg_binds_init(&w->binds);
    open_reader(w, true);
    for_each_chunk(w, feed);
    kg_row_set_init(&w->set, kg_profile_table(w->profile));
    must(kg_row_set_add(&w->set, &w->rows, 0), "a set of rows");
    list_values(w);
}

static void copy_rows(struct work *w)
{
    for (size_t i = 0; i < w->set.n; i++) {
        add_row(
            &w->copy, w,
            &(struct kg_row){.values = w->values + i * w->set.def->n_columns,
                             .number = w->set.refs[i].row->number});
    }
}

static void count_store(struct work *w)
{
    copy_rows(w);
    must(kg_row_set_sort(&w->set, on_again, NULL), "the order");
    kg_row_set_args(&w->set, 0, w->set.n, &w->binds);
    must(w->binds.err, "the arguments");
    w->n = w->set.n;
}

/* --- main --------------------------------------------------------------------- */

static const struct path paths[] = {
    {"documents", "byte", prepare_documents, count_reading},
    {"rows", "byte", prepare_rows, count_reading},
    {"place", "byte", prepare_tail, count_tail},
    {"job-event", "event", prepare_job_event, count_event},
    {"pod-event", "event", prepare_pod_event, count_event},
    {"store", "row", prepare_store, count_store},
};

static const struct path *find_path(const char *name)
{
    for (size_t i = 0; i < KG_COUNT_OF(paths); i++) {
        if (strcmp(paths[i].name, name) == 0) {
            return &paths[i];
        }
    }
    die(name, "there is no such path");
}

static void read_input(struct kg_buf *input, const char *name)
{
    char bytes[CHUNK];
    FILE *file = fopen(name, "re");
    size_t len;

    if (file == NULL) {
        die(name, strerror(errno));
    }
    kg_buf_init(input, 64 * KG_MIB);
    while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        must(kg_buf_add(input, kg_str_of(bytes, len)), name);
    }
    (void)fclose(file);
}

static void counted(const struct path *path, struct work *w)
{
    path->count(w);
    __asm__ volatile("" ::: "memory"); /* No jump: a call, and a return. */
}

/* Called by way of a variable, it stays a function of its name. */
static void (*volatile enter)(const struct path *path,
                              struct work *w) = counted;

int main(int argc, char **argv)
{
    static struct work w;
    const struct path *path;

    if (argc != 3) {
        die("usage", "kg-counts PATH FILE");
    }
    path = find_path(argv[1]);
    read_input(&w.input, argv[2]);
    path->prepare(&w);
    enter(path, &w);
    (void)printf("%llu %s\n", (unsigned long long)w.n, path->unit);
    return 0;
}
