/* SPDX-License-Identifier: MIT */
/* sink/: values of each type arrive as they were, and a bad one costs its own
 * row alone. */
#include "sink.h"

#include <stdio.h>

enum { NOON = 1790000000, N_COLUMNS = 9 };

static const struct kg_column columns[] = {
    {"k", KG_TYPE_TEXT, true},          {"t", KG_TYPE_TEXT, false},
    {"i", KG_TYPE_INTEGER, false},      {"b", KG_TYPE_BIGINT, false},
    {"n", KG_TYPE_NUMERIC, false},      {"f", KG_TYPE_BOOLEAN, false},
    {"at", KG_TYPE_TIMESTAMPTZ, false}, {"j", KG_TYPE_JSONB, false},
    {"a", KG_TYPE_TEXT_ARRAY, false},
};
static const uint32_t scope[] = {0};
static const struct kg_table_def odd = {.name = "odd",
                                        .n_columns = N_COLUMNS,
                                        .columns = columns,
                                        .n_scope = 1,
                                        .scope = scope,
                                        .scanned_at = -1};

static struct kt_stored store(struct kt_sink *t, unsigned number,
                              const char *const *texts, size_t n_rows)
{
    struct kg_run_info run = kt_run(number, NOON + (int)number);
    struct kt_stored s = kt_store_texts(t, &odd, &run, texts, n_rows);

    if (s.failed) {
        fail_msg("%s", s.error.text);
    }
    return s;
}

#define DIGITS "0.123456789012345678901234567890"

static void values_arrive_as_they_were(void **state)
{
    static const char *const rows[] = {
        "1",
        "\xC3\xA4 'q' \"d\" \\ \x01 \r\n",
        "-2147483648",
        "9223372036854775807",
        "1e400",
        "true",
        "2026-01-02T03:04:05.123456Z",
        "{\"b\":1,\"a\":[null,1.50]}",
        "[\"x\",\"\\\"},{\\\\\",\"\\u00e4,\",\"\"]",
        "2",
        "",
        "2147483647",
        "-9223372036854775808",
        DIGITS,
        "false",
        "0001-01-01T00:00:00Z",
        "\"text\"",
        "[]",
        "3",
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL,
        NULL};
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(store(&t, 1, rows, 3).result.n_inserted, 3);
    assert_int_equal(store(&t, 2, rows, 3).result.n_unchanged, 3);
    kt_assert_query("SELECT t = E'\xC3\xA4 ''q'' \"d\" \\\\ \\x01 \\r\\n',"
                    " i, b, n = ('1' || repeat('0', 400))::numeric, f,"
                    " at = '2026-01-02 03:04:05.123456+00', j, a"
                    " FROM odd WHERE k = '1'",
                    "t|-2147483648|9223372036854775807|t|t|t|"
                    "{\"a\": [null, 1.50], \"b\": 1}|"
                    "{x,\"\\\"},{\\\\\",\"\xC3\xA4,\",\"\"}");
    kt_assert_query("SELECT t = '', i, b, n, f, at = '0001-01-01 00:00+00', j,"
                    " a FROM odd WHERE k = '2'",
                    "t|2147483647|-9223372036854775808|" DIGITS
                    "|f|t|\"text\"|{}");
    kt_assert_query("SELECT num_nulls(t, i, b, n, f, at, j, a) FROM odd"
                    " WHERE k = '3'",
                    "8");
    kt_assert_query("SELECT string_agg(a.atttypid::regtype::text, ' '"
                    " ORDER BY attnum) FROM pg_attribute a WHERE attrelid ="
                    " 'odd'::regclass AND attnum > 1",
                    "text integer bigint numeric boolean timestamp with time "
                    "zone jsonb text[]");
    kt_sink_end(&t);
}

static void a_large_report_has_the_same_values(void **state)
{
    enum { ROWS = 1200 };
    static char names[ROWS][8];
    static const char *texts[ROWS * N_COLUMNS];
    struct kt_sink t;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "r%zu", i);
        texts[i * N_COLUMNS] = names[i];
        texts[i * N_COLUMNS + 4] = DIGITS;
        texts[i * N_COLUMNS + 8] = i % 2 == 0 ? "[\"a\\tb\"]" : NULL;
    }
    kt_sink_fresh(&t);
    assert_int_equal(store(&t, 1, texts, ROWS).result.n_inserted, ROWS);
    assert_int_equal(store(&t, 2, texts, ROWS).result.n_unchanged, ROWS);
    kt_assert_query("SELECT count(*) FROM odd WHERE n = " DIGITS
                    " AND a IS NOT DISTINCT FROM CASE WHEN"
                    " substr(k, 2)::int % 2 = 0 THEN ARRAY[E'a\\tb'] END",
                    "1200");
    kt_sink_end(&t);
}

/* One bad value in `column` of row "bad", between good rows. */
static void is_isolated(struct kt_sink *t, unsigned column, const char *value,
                        const char *state)
{
    const char *texts[3 * N_COLUMNS] = {"good", [N_COLUMNS] = "bad",
                                        [2 * N_COLUMNS] = "well"};
    static unsigned number;
    char want[120];
    struct kt_stored s;

    texts[N_COLUMNS + column] = value;
    (void)kt_pg_query("TRUNCATE odd, kubeglean_rejects");
    s = store(t, ++number, texts, 3);
    if (s.result.n_rejected != 1 || s.result.n_inserted != 2) {
        fail_msg("%s is no %s", value, columns[column].name);
    }
    kt_assert_query("SELECT string_agg(k, ' ' ORDER BY k) FROM odd",
                    "good well");
    (void)snprintf(want, sizeof(want), "1|%s|%s|t|t",
                   column == 0 ? value : "bad", state);
    kt_assert_query("SELECT \"row\", key->>'k', sqlstate, reason <> '',"
                    " job_uid IN (SELECT job_uid FROM kubeglean_runs"
                    " WHERE rows_rejected = 1) FROM kubeglean_rejects",
                    want);
}

static void a_bad_value_costs_its_own_row_alone(void **state)
{
    static const char *const prepared[N_COLUMNS] = {"first"};
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)store(&t, 900, prepared, 1);
    is_isolated(&t, 2, "2147483648", "22003");
    is_isolated(&t, 2, "1.5", "22P02");
    is_isolated(&t, 3, "9223372036854775808", "22003");
    is_isolated(&t, 4, "1e200000", "22003");
    is_isolated(&t, 4, "?", "22P02");
    is_isolated(&t, 5, "maybe", "22P02");
    is_isolated(&t, 6, "yesterday-ish", "22007");
    is_isolated(&t, 6, "2026-13-01T00:00:00Z", "22008");
    is_isolated(&t, 7, "{\"a\":", "22P02");
    is_isolated(&t, 7, "\"\\ud800\"", "22P02");
    is_isolated(&t, 7, "\"\\u0000\"", "22P05");
    is_isolated(&t, 8, "{\"a\":1}", "22023");
    is_isolated(&t, 8, "[\"\\u0000\"]", "22P05");
    kt_sink_end(&t);
}

/* What an adopted table asks for beyond the profile. */
static void a_bad_value_for_an_adopted_table_costs_its_own_row_alone(
    void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(
        "CREATE TYPE \"a mood\" AS ENUM ('OK', 'not OK');"
        "CREATE TABLE odd (k text PRIMARY KEY, t \"a mood\", i smallint,"
        " b numeric(5, 1), n double precision, f boolean, at timestamptz,"
        " j json, a varchar(3)[], CHECK (n < 5))");
    (void)store(&t, 900,
                (const char *const[N_COLUMNS]){"first", "not OK", "7", "12",
                                               "0.1", NULL, NULL, "[1]",
                                               "[\"abc\"]"},
                1);
    kt_assert_query("SELECT t, i, b, n, j, a FROM odd",
                    "not OK|7|12.0|0.1|[1]|{abc}");
    is_isolated(&t, 1, "no mood", "22P02");
    is_isolated(&t, 2, "32768", "22003");
    is_isolated(&t, 3, "123456", "22003");
    is_isolated(&t, 4, "1e400", "22003");
    is_isolated(&t, 4, "7", "23514");
    is_isolated(&t, 8, "[\"abcd\"]", "22001");
    kt_sink_end(&t);
}

static void texts_become_dates_and_uuids_where_a_table_has_them(void **state)
{
    static const char *const good[] = {"1d6b7a0e-0000-4000-8000-000000000001",
                                       "2026-11-22",
                                       NULL,
                                       NULL,
                                       NULL,
                                       NULL,
                                       NULL,
                                       NULL,
                                       NULL};
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE odd (k uuid PRIMARY KEY, t date, i int,"
                      " b bigint, n real, f boolean, at timestamptz, j jsonb,"
                      " a text)");
    assert_int_equal(store(&t, 900, good, 1).result.n_inserted, 1);
    assert_int_equal(store(&t, 901, good, 1).result.n_unchanged, 1);
    assert_int_equal(
        store(&t, 902, (const char *const[N_COLUMNS]){"no uuid"}, 1)
            .result.n_rejected,
        1);
    assert_int_equal(
        store(&t, 903,
              (const char *const[N_COLUMNS]){
                  "1d6b7a0e-0000-4000-8000-000000000002", "2026-02-30"},
              1)
            .result.n_rejected,
        1);
    kt_assert_query("SELECT string_agg(sqlstate, ' ' ORDER BY sqlstate)"
                    " FROM kubeglean_rejects",
                    "22008 22P02");
    kt_sink_end(&t);
}

/* GORM, of the program that this one replaces. */
static void a_text_too_long_for_its_column_costs_its_own_row_alone(void **state)
{
    static char long_text[1002];
    struct kt_sink t;

    (void)state;
    memset(long_text, 'x', 1001);
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE odd (k varchar(100) PRIMARY KEY,"
                      " t varchar(1000), i bigint, b bigint, n numeric,"
                      " f boolean, at timestamptz, j varchar(1000), a text[])");
    is_isolated(&t, 1, long_text, "22001");
    (void)kt_pg_query("TRUNCATE odd");
    assert_int_equal(
        store(&t, 950, (const char *const[N_COLUMNS]){"fits", long_text + 1}, 1)
            .result.n_inserted,
        1);
    kt_assert_query("SELECT length(t) FROM odd", "1000");
    kt_sink_end(&t);
}

/* --- keys that are equal to the server alone ---------------------------------------- */

static const struct kg_column equal_columns[] = {
    {"n", KG_TYPE_NUMERIC, true},
    {"at", KG_TYPE_TIMESTAMPTZ, true},
    {"who", KG_TYPE_TEXT, true},
    {"v", KG_TYPE_INTEGER, false},
};
static const struct kg_table_def equals = {.name = "equals",
                                           .n_columns = 4,
                                           .columns = equal_columns,
                                           .scanned_at = -1};

#define UPPER "AAAAAAAA-0000-4000-8000-000000000001"
#define LOWER "aaaaaaaa-0000-4000-8000-000000000001"

/* Whether the table has them already, or not. */
static void of_keys_that_are_equal_the_last_one_wins(void **state)
{
    static const char *const rows[] = {
        "1.00", "2026-09-21T12:00:00Z",      UPPER, "1", /* First in order, */
        "2",    "2026-09-21T12:00:00Z",      LOWER, "2", /* last in bytes. */
        "1",    "2026-09-21T14:00:00+02:00", LOWER, "3",
        "1.0",  "2026-09-21T12:00:00Z",      LOWER, "4",
        "01",   "2026-09-21T12:00:00Z",      UPPER, "5"};
    struct kt_sink t;
    struct kt_stored s;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query("CREATE TABLE equals (n numeric, at timestamptz,"
                      " who uuid, v int, PRIMARY KEY (n, at, who))");
    for (unsigned i = 1; i <= 2; i++) {
        const struct kg_run_info run = kt_run(i, NOON + i);

        s = kt_store_texts(&t, &equals, &run, rows, 5);
        assert_false(s.failed);
        assert_int_equal(s.result.n_duplicates, 3);
        assert_int_equal(s.result.n_rejected, 0);
        assert_int_equal(i == 1 ? s.result.n_inserted : s.result.n_unchanged,
                         2);
        kt_assert_query("SELECT n::integer, v FROM equals ORDER BY 1",
                        "1|5\n2|2");
    }
    kt_assert_query("SELECT DISTINCT duplicates FROM kubeglean_runs", "3");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_arrive_as_they_were),
        cmocka_unit_test(a_large_report_has_the_same_values),
        cmocka_unit_test(a_bad_value_costs_its_own_row_alone),
        cmocka_unit_test(
            a_bad_value_for_an_adopted_table_costs_its_own_row_alone),
        cmocka_unit_test(texts_become_dates_and_uuids_where_a_table_has_them),
        cmocka_unit_test(
            a_text_too_long_for_its_column_costs_its_own_row_alone),
        cmocka_unit_test(of_keys_that_are_equal_the_last_one_wins),
    };

    return cmocka_run_group_tests_name("type", tests, NULL, NULL);
}
