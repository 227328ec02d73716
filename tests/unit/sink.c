/* SPDX-License-Identifier: MIT */
/* sink/: what needs no server. */
#include <stdio.h>

#include "kt.h"
#include "kubeglean/heap.h"
#include "sink/conninfo.h"
#include "sink/rowset.h"
#include "sink/sql.h"
#include "sink/sqlstate.h"

static void a_sqlstate_is_found_in_a_refusal_of_any_language(void **state)
{
    char text[6];

    (void)state;
    assert_true(kg_sqlstate_find(KG_STR("connection to server at \"h\" failed: "
                                        "FATAL:  28P01: password ...")) ==
                KG_SQLSTATE("28P01"));
    assert_true(kg_sqlstate_find(KG_STR("FATALE:  57P03: le serveur")) ==
                KG_SQLSTATE("57P03"));
    assert_true(kg_sqlstate_find(KG_STR("FATAL: no state: in here")) == 0);
    assert_true(kg_sqlstate_find(KG_STR("  28P01")) == 0);
    assert_true(kg_sqlstate_find(KG_STR("")) == 0);
    assert_string_equal(kg_sqlstate_text(KG_SQLSTATE("40P01"), text), "40P01");
    assert_string_equal(kg_sqlstate_text(0, text), "");
    assert_true(kg_sqlstate_pack("4000") == 0);
    assert_true(kg_sqlstate_pack(NULL) == 0);
}

static void the_longest_prefix_says_what_a_sqlstate_means(void **state)
{
    static const struct {
        const char *text;
        enum kg_errc code;
        enum kg_remedy remedy;
    } all[] = {
        {"22001", KG_EDATA, KG_REMEDY_DROP},
        {"23502", KG_EDATA, KG_REMEDY_DROP},
        {"25006", KG_ESERVER, KG_REMEDY_RETRY},
        {"28P01", KG_EUNAUTHORIZED, KG_REMEDY_EXIT},
        {"40001", KG_ECONFLICT, KG_REMEDY_RETRY},
        {"40P01", KG_ECONFLICT, KG_REMEDY_RETRY},
        {"42501", KG_EFORBIDDEN, KG_REMEDY_EXIT},
        {"42P01", KG_ESCHEMA, KG_REMEDY_EXIT},
        {"53100", KG_EBUSY, KG_REMEDY_RETRY},
        {"53300", KG_EBUSY, KG_REMEDY_RETRY},
        {"55P03", KG_EBUSY, KG_REMEDY_RETRY},
        {"57014", KG_ESERVER, KG_REMEDY_RETRY},
        {"57P01", KG_ECLOSED, KG_REMEDY_RETRY},
        {"P0001", KG_EDATA, KG_REMEDY_DROP},
        {"XX000", KG_ESERVER, KG_REMEDY_RETRY},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(all); i++) {
        enum kg_errc code = kg_sqlstate_errc(kg_sqlstate_pack(all[i].text));

        assert_int_equal(code, all[i].code);
        assert_int_equal(kg_error_remedy(code), all[i].remedy);
    }
}

static const struct kg_column columns[] = {
    {"v", KG_TYPE_TEXT, false},
    {"k1", KG_TYPE_TEXT, true},
    {"k2", KG_TYPE_TEXT, true},
};
static const struct kg_table_def def = {
    .name = "t", .n_columns = 3, .columns = columns, .scanned_at = -1};

static void add(struct kg_rows *rows, uint64_t number, const char *v,
                const char *k1, const char *k2)
{
    const struct kg_value values[] = {{kg_str_from(v), v == NULL},
                                      {kg_str_from(k1), false},
                                      {kg_str_from(k2), k2 == NULL}};
    const struct kg_row row = {values, number};

    assert_int_equal(kg_rows_add(rows, &def, &row), KG_OK);
}

static void on_again(void *data, const struct kg_row_ref *dropped)
{
    (void)dropped;
    ++*(unsigned *)data;
}

static void rows_are_sorted_by_the_full_key_bytewise(void **state)
{
    static const char *const want[] = {"B", "a", "a", "\xC3\xA4"};
    struct kg_rows first;
    struct kg_rows second;
    struct kg_row_set set;
    unsigned n_again = 0;

    (void)state;
    kt_heap_setup();
    kg_rows_init(&first, 4096);
    kg_rows_init(&second, 4096);
    add(&first, 0, "1", "a", "2");
    add(&first, 1, "2", "\xC3\xA4", "1");
    add(&first, 2, "3", "a", "2");  /* Again. */
    add(&second, 0, "4", "a", "2"); /* Takes the key from the first report. */
    add(&second, 1, NULL, "B", NULL);
    kg_row_set_init(&set, &def);
    assert_int_equal(kg_row_set_add(&set, &first, 0), KG_OK);
    assert_int_equal(kg_row_set_add(&set, &second, 1), KG_OK);
    assert_int_equal(kg_row_set_sort(&set, on_again, &n_again), KG_OK);
    assert_int_equal(n_again, 1);
    assert_int_equal(set.n, 4);
    for (size_t i = 0; i < set.n; i++) {
        kt_assert_str(kg_row_set_value(&set, i, 1).text, want[i]);
        assert_int_equal(set.refs[i].lost, i == 1);
    }
    kt_assert_str(kg_row_set_value(&set, 1, 0).text, "3");
    kt_assert_str(kg_row_set_value(&set, 2, 0).text, "4");
    assert_true(kg_row_set_value(&set, 0, 0).is_null);
    kg_row_set_finish(&set);
    kg_rows_reset(&first);
    kg_rows_reset(&second);
    kt_heap_teardown();
}

static void a_key_is_told_as_json_that_jsonb_can_hold(void **state)
{
    struct kg_buf out;
    const struct kg_value values[] = {{KG_STR("v"), false},
                                      {KG_STR("nul \0 \"quoted\""), false},
                                      {{NULL, 0}, true}};

    (void)state;
    kt_heap_setup();
    kg_buf_init(&out, 4096);
    assert_int_equal(kg_row_key(values, &def, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out),
                  "{\"k1\":\"nul \xEF\xBF\xBD \\\"quoted\\\"\",\"k2\":null}");
    kg_buf_finish(&out);
    kt_heap_teardown();
}

static void assert_held(const struct kg_rows *rows, size_t i,
                        const struct kg_value *values)
{
    for (uint32_t k = 0; k < def.n_columns; k++) {
        struct kg_value held = kg_held_value(rows->rows[i], &def, k);

        assert_int_equal(held.is_null, values[k].is_null);
        assert_true(kg_str_eq(held.text, values[k].text));
    }
}

/* Short texts are copied in other ways than long ones. */
static void a_row_is_held_as_it_was_whatever_its_lengths(void **state)
{
    static const char text[] = "0123456789 abcdefghijklmnopqrstuvwxyz";
    struct kg_rows rows;

    (void)state;
    kt_heap_setup();
    kg_rows_init(&rows, 1 << 20);
    for (size_t len = 0; len < sizeof(text); len++) {
        const struct kg_value values[] = {{kg_str_of(text, len), false},
                                          {kg_str_of(text + 1, len / 2), false},
                                          {{NULL, 0}, len % 2 == 0}};

        assert_int_equal(
            kg_rows_add(&rows, &def, &(struct kg_row){values, len, 0}), KG_OK);
        assert_held(&rows, len, values);
    }
    assert_int_equal(rows.n, sizeof(text));
    kg_rows_reset(&rows);
    kt_heap_teardown();
}

static void a_text_that_nothing_can_hold_is_found_wherever_it_is_bad(
    void **state)
{
    char text[20];
    struct kg_rows rows;

    (void)state;
    kt_heap_setup();
    kg_rows_init(&rows, 1 << 20);
    for (size_t len = 1; len <= sizeof(text); len++) {
        for (size_t bad = 0; bad < len; bad++) {
            const struct kg_value values[] = {{KG_STR("v"), false},
                                              {kg_str_of(text, len), false},
                                              {KG_STR("k"), false}};
            const struct kg_row row = {.values = values};

            memset(text, '\1', sizeof(text));
            text[bad] = '\0';
            assert_int_equal(kg_rows_add(&rows, &def, &row), KG_EDATA);
            assert_ptr_equal(kg_row_bad_text(&def, &row), &columns[1]);
            text[bad] = '\x80';
            assert_int_equal(kg_rows_add(&rows, &def, &row), KG_EDATA);
            text[bad] = '\x7f';
            assert_int_equal(kg_rows_add(&rows, &def, &row), KG_OK);
        }
    }
    kg_rows_reset(&rows);
    kg_rows_reset(&rows);
    kt_heap_teardown();
}

/* Keys that have their first bytes in common, and then some. */
static void many_rows_are_sorted_and_the_last_of_a_key_is_kept(void **state)
{
    enum { N = 1000, KEYS = 300 };
    struct kg_rows rows;
    struct kg_row_set set;
    unsigned n_again = 0;

    (void)state;
    kt_heap_setup();
    kg_rows_init(&rows, 1 << 20);
    for (unsigned i = 0; i < N; i++) {
        char key[32];
        char value[32];

        (void)snprintf(key, sizeof(key), "namespace-%u", i * 7919 % KEYS);
        (void)snprintf(value, sizeof(value), "%u", i);
        add(&rows, i, value, i % 3 == 0 ? "a" : "ab", key);
    }
    kg_row_set_init(&set, &def);
    assert_int_equal(kg_row_set_add(&set, &rows, 0), KG_OK);
    assert_int_equal(kg_row_set_sort(&set, on_again, &n_again), KG_OK);
    assert_int_equal(set.n, KEYS);
    assert_int_equal(n_again, N - KEYS);
    for (size_t i = 1; i < set.n; i++) {
        int order = kg_str_cmp(kg_row_set_value(&set, i - 1, 1).text,
                               kg_row_set_value(&set, i, 1).text);

        assert_true(
            order < 0 ||
            (order == 0 && kg_str_cmp(kg_row_set_value(&set, i - 1, 2).text,
                                      kg_row_set_value(&set, i, 2).text) < 0));
    }
    for (size_t i = 0; i < set.n; i++) {
        assert_true(set.refs[i].row->number >= N - KEYS);
    }
    kg_row_set_finish(&set);
    kg_rows_reset(&rows);
    kt_heap_teardown();
}

static void a_row_that_does_not_fit_leaves_what_was(void **state)
{
    const struct kg_value values[] = {
        {KG_STR("longer than all of the room"), false},
        {KG_STR("k"), false},
        {KG_STR("k"), false}};
    const struct kg_row row = {values, 1};
    struct kg_rows rows;
    size_t len;

    (void)state;
    kt_heap_setup();
    kg_rows_init(&rows, 40);
    add(&rows, 0, "v", "k", "k");
    len = rows.len;
    assert_int_equal(kg_rows_add(&rows, &def, &row), KG_ELIMIT);
    assert_int_equal(rows.n, 1);
    assert_int_equal(rows.len, len);
    kg_rows_reset(&rows);
    kt_heap_teardown();
}

static void assert_named(const char *table, const char *want,
                         const char *staging)
{
    struct kg_sql q;

    kg_sql_init(&q);
    kg_sql_table(&q, table);
    assert_string_equal(kg_sql_text(&q), want);
    kg_sql_finish(&q);
    kg_sql_init(&q);
    kg_sql_staging(&q, table);
    assert_string_equal(kg_sql_text(&q), staging);
    kg_sql_finish(&q);
}

/* 62 characters. */
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void staging_of(const char *table, char name[100])
{
    struct kg_sql q;

    kg_sql_init(&q);
    kg_sql_staging(&q, table);
    (void)snprintf(name, 100, "%s", kg_sql_text(&q));
    kg_sql_finish(&q);
}

static void names_are_quoted_and_long_ones_told_apart(void **state)
{
    char first[100];
    char second[100];

    (void)state;
    kt_heap_setup();
    assert_named("t", "\"t\"", "\"kubeglean_staging_t\"");
    assert_named("s.t", "\"s\".\"t\"", "\"s\".\"kubeglean_staging_t\"");
    assert_named("a\"; DROP TABLE b; --", "\"a\"\"; DROP TABLE b; --\"",
                 "\"kubeglean_staging_a\"\"; DROP TABLE b; --\"");
    staging_of(LONG "1", first);
    staging_of(LONG "2", second);
    assert_int_equal(strlen(first), 63 + 2); /* With its quotes. */
    assert_string_not_equal(first, second);
    kt_heap_teardown();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sqlstate_is_found_in_a_refusal_of_any_language),
        cmocka_unit_test(the_longest_prefix_says_what_a_sqlstate_means),
        cmocka_unit_test(rows_are_sorted_by_the_full_key_bytewise),
        cmocka_unit_test(a_key_is_told_as_json_that_jsonb_can_hold),
        cmocka_unit_test(a_row_is_held_as_it_was_whatever_its_lengths),
        cmocka_unit_test(
            a_text_that_nothing_can_hold_is_found_wherever_it_is_bad),
        cmocka_unit_test(many_rows_are_sorted_and_the_last_of_a_key_is_kept),
        cmocka_unit_test(a_row_that_does_not_fit_leaves_what_was),
        cmocka_unit_test(names_are_quoted_and_long_ones_told_apart),
    };

    return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
