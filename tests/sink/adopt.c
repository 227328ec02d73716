/* SPDX-License-Identifier: MIT */
/* sink/: tables that other hands made are used as they stand, or refused; what
 * a refusal says behind "cure:" is run here, and then they fit. */
#include "sink.h"

#include <stdio.h>

enum { NOON = 1790000000 };

static const struct kt_row one[] = {{"a", "1", "{\"cpu\": 1}", "OK"}};

#define KEY_NAMES "cluster, namespace, name, kind, container"
#define KEYS                                                              \
    "cluster text NOT NULL, namespace text NOT NULL, name text NOT NULL," \
    " kind text NOT NULL, container text NOT NULL"
#define VALUES  "allocations jsonb, severity text, scanned_at timestamptz"
#define TABLE   "CREATE TABLE scan_history ("
#define PRIMARY "PRIMARY KEY (" KEY_NAMES ")"

static void expect_stored(struct kt_sink *t)
{
    struct kg_run_info run = kt_run(1, NOON);
    struct kg_run_info again = kt_run(2, NOON + 60);
    struct kt_stored s = kt_store_wait(t, &run, 0, one, 1);

    if (s.failed) {
        fail_msg("%s", s.error.text);
    }
    assert_int_equal(s.result.n_inserted, 1);
    s = kt_store_wait(t, &again, 0, one, 1);
    assert_int_equal(s.result.n_unchanged, 1);
}

static void fits(const char *ddl)
{
    struct kt_sink t;
    struct kg_error e;

    kt_sink_fresh(&t);
    (void)kt_pg_query(ddl);
    e = kt_prepare(&t, &kt_krr);
    if (e.code != KG_OK) {
        fail_msg("%s", e.text);
    }
    expect_stored(&t);
    kt_sink_end(&t);
}

static void is_refused(const char *ddl, const char *want)
{
    struct kg_run_info run = kt_run(9, NOON);
    struct kt_sink t;
    struct kg_error e;
    const char *cure;

    kt_sink_fresh(&t);
    (void)kt_pg_query(ddl);
    e = kt_prepare(&t, &kt_krr);
    if (e.code != KG_ESCHEMA || strstr(e.text, want) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", e.text, want);
    }
    assert_true(kt_store_wait(&t, &run, 0, one, 1).failed);
    kt_assert_query("SELECT count(*) FROM kubeglean_runs", "0");
    cure = strstr(e.text, "; cure: ");
    assert_non_null(cure);
    (void)kt_pg_query(cure + strlen("; cure: "));
    e = kt_prepare(&t, &kt_krr);
    if (e.code != KG_OK) {
        fail_msg("cured, and yet: %s", e.text);
    }
    expect_stored(&t);
    kt_sink_end(&t);
}

/* --- columns ------------------------------------------------------------------ */

static void columns_may_stand_in_any_order_among_others(void **state)
{
    (void)state;
    fits(TABLE "note text, scanned_at timestamptz, container text, kind text,"
               " pods integer, id bigint GENERATED ALWAYS AS IDENTITY,"
               " name text, namespace text, since timestamptz NOT NULL DEFAULT"
               " now(), cluster text, severity text, allocations jsonb, loud"
               " text GENERATED ALWAYS AS (upper(name)) STORED, " PRIMARY ")");
}

static void types_that_hold_the_values_are_welcome(void **state)
{
    (void)state;
    fits(TABLE "cluster varchar(100), namespace varchar(100), name"
               " varchar(100), kind varchar(100), container varchar(100), pods"
               " bigint, allocations varchar(1000), severity varchar(1000),"
               " scanned_at timestamptz(0), " PRIMARY ")");
    fits(TABLE KEYS ", pods smallint, allocations json, severity varchar,"
                    " scanned_at timestamptz, " PRIMARY ")");
    fits(TABLE KEYS ", pods numeric(10, 2), " VALUES ", " PRIMARY ")");
    fits(TABLE KEYS ", pods real, " VALUES ", " PRIMARY ")");
    fits("CREATE TYPE mood AS ENUM ('OK', 'bad');" TABLE KEYS
         ", pods double precision, allocations jsonb, severity mood,"
         " scanned_at timestamptz, " PRIMARY ")");
    fits(TABLE KEYS ", pods text, allocations text, severity text,"
                    " scanned_at timestamptz, " PRIMARY ")");
}

static void a_column_of_another_type_is_refused(void **state)
{
    (void)state;
    is_refused(TABLE KEYS ", pods boolean, " VALUES ", " PRIMARY ")",
               "table \"scan_history\": column \"pods\" is of type boolean, "
               "not integer");
    is_refused(TABLE KEYS ", pods integer, allocations text[], severity text,"
                          " scanned_at timestamptz, " PRIMARY ")",
               "column \"allocations\" is of type text[], not jsonb");
    is_refused(TABLE KEYS ", pods integer, allocations jsonb, severity"
                          " char(10), scanned_at timestamptz, " PRIMARY ")",
               "column \"severity\" is of type character(10), not text");
    is_refused(
        "CREATE DOMAIN short AS text CHECK (length(value) < 9);" TABLE KEYS
        ", pods integer, allocations jsonb, severity short,"
        " scanned_at timestamptz, " PRIMARY ")",
        "column \"severity\" is of type short, not text");
}

/* Times as texts are not in the order of time. */
static void a_guard_that_is_no_time_is_refused(void **state)
{
    (void)state;
    is_refused(TABLE KEYS ", pods integer, allocations jsonb, severity text,"
                          " scanned_at text, " PRIMARY ")",
               "column \"scanned_at\" is of type text, not timestamp with time "
               "zone");
    is_refused(TABLE KEYS ", pods integer, allocations jsonb, severity text,"
                          " scanned_at timestamp, " PRIMARY ")",
               "column \"scanned_at\" is of type timestamp without time zone");
}

static void a_column_that_nothing_fills_is_refused(void **state)
{
    (void)state;
    is_refused(TABLE KEYS ", pods integer, " VALUES
                          ", \"the \"\"owner\" text NOT NULL, " PRIMARY ")",
               "column \"the \"\"owner\" is NOT NULL without a default, and "
               "nothing fills it");
}

static void a_column_that_the_table_fills_itself_is_refused(void **state)
{
    (void)state;
    is_refused(TABLE KEYS ", pods integer GENERATED ALWAYS AS (7)"
                          " STORED, " VALUES ", " PRIMARY ")",
               "column \"pods\" is generated by the table");
    is_refused(TABLE KEYS ", pods integer GENERATED ALWAYS AS IDENTITY, " VALUES
                          ", " PRIMARY ")",
               "column \"pods\" is GENERATED ALWAYS AS IDENTITY");
}

static void key_columns_that_are_missing_are_refused_together(void **state)
{
    (void)state;
    is_refused(TABLE "namespace text, name text, kind text, pods"
                     " integer, " VALUES ")",
               "table \"scan_history\": key column \"cluster\", \"container\" "
               "is missing");
}

/* --- keys ---------------------------------------------------------------------- */

static void any_unique_index_on_the_key_will_do(void **state)
{
    (void)state;
    fits(TABLE "id bigserial PRIMARY KEY, " KEYS ", pods integer, " VALUES ");"
               "CREATE UNIQUE INDEX ON scan_history (container, kind, name,"
               " namespace, cluster) INCLUDE (pods)");
    fits(TABLE KEYS ", pods integer, " VALUES ", UNIQUE NULLS NOT DISTINCT"
                    " (" KEY_NAMES "))");
    fits(TABLE KEYS ", pods integer, " VALUES ");"
                    "CREATE UNIQUE INDEX ON scan_history (" KEY_NAMES ")"
                    " WHERE pods > 1;"
                    "CREATE UNIQUE INDEX ON scan_history (" KEY_NAMES ")");
}

static void without_a_unique_index_it_is_refused(void **state)
{
    (void)state;
    is_refused(TABLE KEYS ", pods integer, " VALUES ")",
               "no unique index on exactly (\"cluster\", \"namespace\", "
               "\"name\", \"kind\", \"container\"); cure: CREATE UNIQUE INDEX");
    is_refused(TABLE KEYS ", pods integer, " VALUES ");"
                          "CREATE INDEX ON scan_history (" KEY_NAMES ")",
               "no unique index on exactly");
    is_refused(TABLE KEYS ", pods integer, " VALUES ", PRIMARY KEY (" KEY_NAMES
                          ", scanned_at))",
               "no unique index on exactly");
}

static void an_index_that_no_conflict_can_name_is_refused_with_its_flaw(
    void **state)
{
    (void)state;
    is_refused(TABLE KEYS ", pods integer, " VALUES ");"
                          "CREATE UNIQUE INDEX few ON scan_history (" KEY_NAMES
                          ") WHERE pods > 1",
               "serves (few is partial)");
    is_refused(TABLE KEYS ", pods integer, " VALUES ");"
                          "CREATE UNIQUE INDEX lowered ON scan_history"
                          " (cluster, namespace, lower(name), kind, container)",
               "serves (lowered is on an expression)");
    is_refused(TABLE KEYS ", pods integer, " VALUES ", CONSTRAINT late UNIQUE"
                          " (" KEY_NAMES ") DEFERRABLE)",
               "serves (late is deferrable); cure: ALTER TABLE "
               "\"scan_history\" DROP CONSTRAINT late; CREATE UNIQUE INDEX");
    is_refused(TABLE KEYS ", pods integer, " VALUES ", " PRIMARY
                          ", CONSTRAINT late UNIQUE (" KEY_NAMES
                          ") DEFERRABLE)",
               "serves (late is deferrable); cure: ALTER TABLE");
}

/* --- what is no table ------------------------------------------------------------ */

static void what_is_no_table_is_refused(void **state)
{
    (void)state;
    is_refused("CREATE TABLE base (" KEYS ", pods integer, " VALUES ", " PRIMARY
               "); CREATE VIEW scan_history AS SELECT * FROM base",
               "table \"scan_history\": it is a VIEW, and no table");
    is_refused("CREATE MATERIALIZED VIEW scan_history AS SELECT 1",
               "it is a MATERIALIZED VIEW");
    is_refused("CREATE SEQUENCE scan_history", "it is a SEQUENCE");
    is_refused("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA"
               " WRAPPER w; CREATE FOREIGN TABLE scan_history (" KEYS
               ") SERVER s",
               "it is a FOREIGN TABLE");
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP FOREIGN DATA WRAPPER w CASCADE");
}

/* --- where it is ------------------------------------------------------------------- */

static void the_first_of_the_search_path_is_the_one(void **state)
{
    struct kt_sink t;
    char conninfo[400];

    (void)state;
    kt_pg_reset();
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP SCHEMA IF EXISTS front CASCADE;"
                      "CREATE SCHEMA front;"
                      "CREATE TABLE scan_history (x int);"
                      "CREATE TABLE front.scan_history (" KEYS
                      ", pods integer, " VALUES ", " PRIMARY ")");
    kt_heap_setup();
    (void)snprintf(conninfo, sizeof(conninfo),
                   "%s options='-csearch_path=front,public'", kt_pg_conninfo());
    kt_sink_setup(&t, conninfo);
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    expect_stored(&t);
    kt_assert_query("SELECT count(*) FROM front.scan_history", "1");
    kt_assert_query("SELECT count(*) FROM front.kubeglean_runs", "2");
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP SCHEMA front CASCADE");
    kt_sink_end(&t);
}

static void a_schema_that_is_not_there_is_refused(void **state)
{
    static const struct kg_column columns[] = {{"k", KG_TYPE_TEXT, true}};
    static const struct kg_table_def def = {.name = "no \"where\".t",
                                            .n_columns = 1,
                                            .columns = columns,
                                            .scanned_at = -1};
    struct kg_error e;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    e = kt_prepare(&t, &def);
    assert_string_equal(e.text,
                        "table \"no \"\"where\"\"\".\"t\": there is no schema "
                        "\"no \"\"where\"\"\"; cure: CREATE SCHEMA "
                        "\"no \"\"where\"\"\"");
    (void)kt_pg_query(strstr(e.text, "CREATE"));
    assert_int_equal(kt_prepare(&t, &def).code, KG_OK);
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DROP SCHEMA \"no \"\"where\"\"\" CASCADE");
    kt_sink_end(&t);
}

/* --- without --migrate ------------------------------------------------------------- */

static void without_migrate_new_columns_are_left_to_their_owner(void **state)
{
    const struct kg_sink_options options = {.conninfo = kt_pg_conninfo()};
    struct kg_error e;
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    kt_sink_end(&t);
    (void)kt_pg_query("ALTER TABLE scan_history DROP severity, DROP pods");
    kt_heap_setup();
    kt_sink_open(&t, &options);
    kt_sink_until_ready(&t);
    e = kt_prepare(&t, &kt_krr);
    assert_string_equal(
        e.text,
        "missing, and not ours to make (--migrate no): column \"pods\" of "
        "\"scan_history\", column \"severity\" of \"scan_history\"; cure: "
        "ALTER TABLE \"scan_history\" ADD COLUMN IF NOT EXISTS \"pods\" "
        "integer;\nALTER TABLE \"scan_history\" ADD COLUMN IF NOT EXISTS "
        "\"severity\" text;");
    kt_assert_query("SELECT count(*) FROM pg_attribute WHERE attrelid ="
                    " 'scan_history'::regclass AND attname = 'pods'",
                    "0");
    (void)kt_pg_query(strstr(e.text, "ALTER"));
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    expect_stored(&t);
    kt_sink_end(&t);
}

static void nothing_is_ever_dropped_or_narrowed(void **state)
{
    struct kt_sink t;

    (void)state;
    kt_sink_fresh(&t);
    (void)kt_pg_query(TABLE KEYS ", pods bigint, " VALUES
                                 ", old text DEFAULT 'kept', " PRIMARY ");"
                                 "ALTER TABLE scan_history DROP allocations");
    assert_int_equal(kt_prepare(&t, &kt_krr).code, KG_OK);
    expect_stored(&t);
    kt_assert_query("SELECT string_agg(attname || ' ' || atttypid::regtype,"
                    " ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid ="
                    " 'scan_history'::regclass AND attnum > 5"
                    " AND NOT attisdropped",
                    "pods bigint, severity text, scanned_at timestamp with "
                    "time zone, old text, allocations jsonb");
    kt_assert_query("SELECT old FROM scan_history", "kept");
    kt_sink_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_may_stand_in_any_order_among_others),
        cmocka_unit_test(types_that_hold_the_values_are_welcome),
        cmocka_unit_test(a_column_of_another_type_is_refused),
        cmocka_unit_test(a_guard_that_is_no_time_is_refused),
        cmocka_unit_test(a_column_that_nothing_fills_is_refused),
        cmocka_unit_test(a_column_that_the_table_fills_itself_is_refused),
        cmocka_unit_test(key_columns_that_are_missing_are_refused_together),
        cmocka_unit_test(any_unique_index_on_the_key_will_do),
        cmocka_unit_test(without_a_unique_index_it_is_refused),
        cmocka_unit_test(
            an_index_that_no_conflict_can_name_is_refused_with_its_flaw),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(the_first_of_the_search_path_is_the_one),
        cmocka_unit_test(a_schema_that_is_not_there_is_refused),
        cmocka_unit_test(without_migrate_new_columns_are_left_to_their_owner),
        cmocka_unit_test(nothing_is_ever_dropped_or_narrowed),
    };

    return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
