/* SPDX-License-Identifier: MIT */
/* One of several writers: stores the reports that standard input asks for.
 *
 *   in:   NUMBER SECOND TABLE FIRST STRIDE COUNT SPACE
 *         run NUMBER scanned at SECOND has COUNT rows, of the keys FIRST,
 *         FIRST + STRIDE, ... modulo SPACE; TABLE is `upsert` or `append`
 *   out:  NUMBER OUTCOME STORED REFUSED REPLAYED    when its last word is stored
 *
 * Ends when its input has, and all is stored. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sink.h"

enum { LINE_MAX_LEN = 200 };

struct writer {
    struct kg_loop loop;
    struct kg_sink *sink;
    struct kg_table_def append;
    uv_pipe_t in;
    char bytes[64 * 1024];
    char line[LINE_MAX_LEN];
    size_t line_len;
    unsigned n_open;
    bool in_ended;
};

struct job {
    struct writer *writer;
    unsigned number;
    long second;
    struct kg_report_result result;
};

static void on_closed(void *data)
{
    (void)data;
}

static void end_if_done(struct writer *w)
{
    if (w->in_ended && w->n_open == 0) {
        kg_sink_close(w->sink, on_closed, NULL); /* Last. */
    }
}

static void on_settled(void *data, const struct kg_ledger_entry *entry,
                       const struct kg_error *e)
{
    struct job *job = data;
    struct writer *w = job->writer;
    const struct kg_report_result *r = &job->result;

    KG_REQUIRE(e == NULL);
    (void)printf(
        "%u %s %llu %llu %d\n", job->number,
        entry->outcome == KG_SUPERSEDED ? "superseded" : "complete",
        (unsigned long long)(r->n_inserted + r->n_updated + r->n_unchanged),
        (unsigned long long)r->n_refused, r->replayed);
    (void)fflush(stdout);
    free(job);
    w->n_open--;
    end_if_done(w); /* Last. */
}

static void on_stored(void *data, const struct kg_report_result *result,
                      const struct kg_error *e)
{
    const struct kg_settlement settlement = {.outcome = KG_COMPLETE};
    struct job *job = data;
    struct kg_run_info run = kt_run(job->number, job->second);

    KG_REQUIRE(e == NULL);
    job->result = *result;
    KG_REQUIRE(kg_sink_settle(job->writer->sink, &run, &settlement, on_settled,
                              job) == KG_OK);
}

static void store(struct writer *w, const char *line)
{
    struct job *job = calloc(1, sizeof(*job));
    struct kg_report *r;
    struct kg_run_info run;
    unsigned first;
    unsigned stride;
    unsigned count;
    unsigned space;
    char table[16];
    char mark[32];

    KG_REQUIRE(job != NULL);
    KG_REQUIRE(sscanf(line, "%u %ld %15s %u %u %u %u", &job->number,
                      &job->second, table, &first, &stride, &count,
                      &space) == 7);
    job->writer = w;
    w->n_open++;
    run = kt_run(job->number, job->second);
    (void)snprintf(mark, sizeof(mark), "run %u", job->number);
    KG_REQUIRE(kg_report_begin(w->sink, table[0] == 'a' ? &w->append : &kt_krr,
                               &run, 0, &r) == KG_OK);
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        const struct kt_row row = {name, "1", NULL, mark};
        bool pause;

        (void)snprintf(name, sizeof(name), "key%u",
                       (first + i * stride) % space);
        kt_add(r, &run, &row, i, &pause);
    }
    kg_report_end(r, on_stored, job);
}

static void on_alloc(uv_handle_t *handle, size_t len, uv_buf_t *buf)
{
    struct writer *w = handle->data;

    (void)len;
    *buf = uv_buf_init(w->bytes, sizeof(w->bytes));
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct writer *w = stream->data;

    if (len < 0) {
        uv_close((uv_handle_t *)stream, NULL);
        w->in_ended = true;
        end_if_done(w); /* Last. */
        return;
    }
    for (ssize_t i = 0; i < len; i++) {
        if (buf->base[i] != '\n') {
            KG_REQUIRE(w->line_len + 1 < sizeof(w->line));
            w->line[w->line_len++] = buf->base[i];
            continue;
        }
        w->line[w->line_len] = '\0';
        w->line_len = 0;
        store(w, w->line);
    }
}

static void on_state(void *data, const struct kg_error *e)
{
    (void)data;
    (void)fprintf(stderr, "%s\n", e != NULL ? e->text : "ready");
}

int main(void)
{
    static struct writer w;
    const struct kg_sink_options options = {.conninfo = getenv("KT_PG"),
                                            .migrate = true};
    struct kg_error e;

    w.append = kt_krr;
    w.append.name = "scan_log";
    w.append.mode = KG_MODE_APPEND;
    KG_REQUIRE(kg_loop_init(&w.loop) == KG_OK);
    KG_REQUIRE(kg_sink_create(&w.loop, &options, &e, &w.sink) == KG_OK);
    kg_sink_start(w.sink, on_state, NULL);
    (void)uv_pipe_init(&w.loop.uv, &w.in, 0);
    (void)uv_pipe_open(&w.in, STDIN_FILENO);
    w.in.data = &w;
    (void)uv_read_start((uv_stream_t *)&w.in, on_alloc, on_input);
    kg_loop_run(&w.loop);
    kg_loop_close(&w.loop);
    return 0;
}
