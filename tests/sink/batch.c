/* SPDX-License-Identifier: MIT */
/* sink/: which reports share a transaction, and in how many statements they go. */
#include <stdio.h>

#include "sink.h"

enum { NOON = 1790000000, ROWS = 800, N_EQUAL = 2, N_SEED = 7 };

/* A sink of one connection: what is ready at once is one batch. */
static void fresh(struct kt_sink *t, const struct kg_table_def *def)
{
    const struct kg_sink_options options = {
        .conninfo = kt_pg_conninfo(), .n_connections = 1, .migrate = true};

    kt_pg_reset();
    kt_heap_setup();
    kt_sink_open(t, &options);
    kt_sink_until_ready(t);
    assert_int_equal(kt_prepare(t, def).code, KG_OK);
}

static void wait(struct kt_sink *t, struct kt_stored *stored, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        kt_sink_until(t, &stored[i].done, 30);
        assert_false(stored[i].failed);
    }
}

/* Runs `first` and the next two: each has ROWS, of which all have one. */
static void store_many(struct kt_sink *t, unsigned first,
                       struct kt_stored stored[3])
{
    static char names[ROWS][16];
    static struct kt_row rows[ROWS];

    for (unsigned i = 0; i < 3; i++) {
        struct kg_run_info run = kt_run(first + i, NOON + (int)i);

        for (unsigned k = 0; k < ROWS; k++) {
            (void)snprintf(names[k], sizeof(names[k]), "%u-%03u", i, k);
            rows[k] = (struct kt_row){names[k], "1", NULL, "OK"};
        }
        rows[0] = (struct kt_row){"all", "1", NULL, "OK"};
        kt_store(t, &run, 0, rows, ROWS, &stored[i]);
    }
    wait(t, stored, 3);
}

static void new_rows_of_one_transaction_go_in_several_statements(void **state)
{
    struct kt_stored stored[3];
    struct kt_sink t;

    (void)state;
    fresh(&t, &kt_krr);
    store_many(&t, 1, stored);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(stored[i].result.n_inserted, ROWS - (i < 2));
        assert_int_equal(stored[i].result.n_updated, i < 2);
    }
    kt_assert_query("SELECT count(*), count(DISTINCT xmin::text),"
                    " count(DISTINCT cmin::text) FROM scan_history",
                    "2398|1|3");
    kt_assert_query("SELECT count(*), sum(rows) FROM kubeglean_runs", "3|2400");
    kt_sink_end(&t);
}

static void known_rows_go_in_one(void **state)
{
    struct kt_stored stored[3];
    struct kt_sink t;

    (void)state;
    fresh(&t, &kt_krr);
    store_many(&t, 1, stored);
    (void)kt_pg_query("UPDATE scan_history SET pods = 2,"
                      " scanned_at = to_timestamp(1)");
    store_many(&t, 4, stored);
    kt_assert_query("SELECT count(*), count(DISTINCT xmin::text),"
                    " count(DISTINCT cmin::text), min(pods), max(pods)"
                    " FROM scan_history",
                    "2398|1|1|1|1");
    kt_sink_end(&t);
}

/* "ns0" to "ns5" of one report, "ns6" to "ns11" of the other. */
static void scopes_are_taken_whole_however_many_statements(void **state)
{
    static char texts[2][ROWS][2][16];
    static const char *given[2][ROWS][N_SEED];
    struct kt_stored stored[2];
    struct kt_sink t;

    (void)state;
    fresh(&t, &kt_seed);
    (void)kt_pg_query("INSERT INTO kubeglean_scopes (target, scope, newest)"
                      " VALUES ('scan_histories', '[\"ns4\"]', 'infinity')");
    for (unsigned i = 0; i < 2; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON);

        for (unsigned k = 0; k < ROWS; k++) {
            char *ns = texts[i][k][0];
            char *name = texts[i][k][1];
            const char *const row[N_SEED] = {ns,  name, "Job", "main",
                                             "1", "{}", "OK"};

            (void)snprintf(ns, sizeof(texts[i][k][0]), "ns%u", 6 * i + k % 6);
            (void)snprintf(name, sizeof(texts[i][k][1]), "%u", k);
            memcpy(given[i][k], row, sizeof(row));
        }
        kt_give_texts(&t, &kt_seed, &run, &given[i][0][0], ROWS, &stored[i]);
    }
    wait(&t, stored, 2);
    assert_int_equal(stored[0].result.n_refused, 133);
    assert_int_equal(stored[0].result.n_inserted, ROWS - 133);
    assert_int_equal(stored[1].result.n_inserted, ROWS);
    kt_assert_query("SELECT count(*), count(DISTINCT xmin::text),"
                    " count(DISTINCT cmin::text) FROM scan_histories",
                    "1467|1|2");
    kt_assert_query("SELECT count(*) FROM kubeglean_scopes", "12");
    kt_sink_end(&t);
}

static const struct kg_column equal_columns[] = {
    {"n", KG_TYPE_NUMERIC, true},
    {"at", KG_TYPE_TIMESTAMPTZ, false},
};
static const struct kg_table_def equals = {.name = "equals",
                                           .n_columns = N_EQUAL,
                                           .columns = equal_columns,
                                           .scanned_at = 1};

/* "05" is in the first statement, "5" in the second. */
static void keys_that_are_equal_meet_in_whichever_statement(void **state)
{
    static char numbers[2][ROWS][16];
    static const char *given[2][ROWS][N_EQUAL];
    struct kt_stored stored[2];
    struct kt_sink t;

    (void)state;
    fresh(&t, &equals);
    for (unsigned i = 0; i < 2; i++) {
        struct kg_run_info run = kt_run(i + 1, NOON + (int)i);

        for (unsigned k = 0; k < ROWS; k++) {
            (void)snprintf(numbers[i][k], sizeof(numbers[i][k]), "%u",
                           1000 * (i + 1) + k);
            given[i][k][0] = numbers[i][k];
            given[i][k][1] =
                i == 0 ? "2026-09-21T13:00:00Z" : "2026-09-21T14:00:00Z";
        }
        given[i][0][0] = i == 0 ? "5" : "05";
        kt_give_texts(&t, &equals, &run, &given[i][0][0], ROWS, &stored[i]);
    }
    wait(&t, stored, 2);
    assert_int_equal(stored[0].result.n_inserted, ROWS);
    assert_int_equal(stored[1].result.n_inserted, ROWS - 1);
    assert_int_equal(stored[1].result.n_unchanged, 1);
    kt_assert_query("SELECT count(*), max(at) FILTER (WHERE n = 5) = max(at)"
                    " FROM equals",
                    "1599|t");
    kt_sink_end(&t);
}

/* --- many readers, little room --------------------------------------------------- */

enum { READERS = 1000, READ_ROWS = 20 };

struct reader {
    struct kg_run_info run;
    struct kg_report *report;
    unsigned n_rows;
    bool may_read;
    struct kt_stored stored;
};

static void on_resume(void *data)
{
    struct reader *reader = data;

    reader->may_read = true;
}

/* As many rows as it may add. */
static void read_on(struct reader *reader, unsigned number)
{
    static char pad[1024];
    char name[32];
    bool pause = false;

    memset(pad, 'x', sizeof(pad) - 1);
    while (reader->n_rows < READ_ROWS && !pause) {
        const struct kt_row row = {name, "1", NULL, pad};

        (void)snprintf(name, sizeof(name), "%u-%u", number, reader->n_rows);
        kt_add(reader->report, &reader->run, &row, reader->n_rows++, &pause);
    }
    reader->may_read = false;
    if (reader->n_rows == READ_ROWS) {
        kg_report_end(reader->report, kt_on_done, &reader->stored);
    }
}

static void of_many_readers_that_wait_a_few_go_on_to_their_end(void **state)
{
    static struct reader readers[READERS];
    struct kt_sink t;

    (void)state;
    fresh(&t, &kt_krr);
    for (unsigned i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.run = kt_run(i + 1, NOON)};
        assert_int_equal(kg_report_begin(t.sink, &kt_krr, &readers[i].run, 0,
                                         &readers[i].report),
                         KG_OK);
        kg_report_on_resume(readers[i].report, on_resume, &readers[i]);
        read_on(&readers[i], i);
    }
    for (unsigned n_done = 0; n_done < READERS;) {
        n_done = 0;
        (void)kg_loop_turn(&t.loop);
        for (unsigned i = 0; i < READERS; i++) {
            if (readers[i].may_read) {
                read_on(&readers[i], i);
            }
            n_done += readers[i].stored.done;
        }
    }
    assert_true(kt_heap_peak() < (size_t)16 * 1024 * 1024);
    kt_assert_query("SELECT count(*), sum(rows) FROM kubeglean_runs",
                    "1000|20000");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rows_of_one_transaction_go_in_several_statements),
        cmocka_unit_test(known_rows_go_in_one),
        cmocka_unit_test(scopes_are_taken_whole_however_many_statements),
        cmocka_unit_test(keys_that_are_equal_meet_in_whichever_statement),
        cmocka_unit_test(of_many_readers_that_wait_a_few_go_on_to_their_end),
    };

    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
