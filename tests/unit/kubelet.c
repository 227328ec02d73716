/* SPDX-License-Identifier: MIT */
/* json/: what the kubelet makes of a text, L4 to L8 of the field: stamps before
 * its lines, lines in pieces, and the other stream's between them. */
#include "kt.h"
#include "kt_report.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

#define LATER "2024-01-14T12:00:01.000000001+02:00 "

/* --- stamps ---------------------------------------------------------------------- */

static void l6_stamps_before_every_line_are_taken_out(void **state)
{
    (void)state;
    kt_report_found(
        KG_STR(KT_STAMP "noise\n" KT_STAMP "{\n" KT_STAMP "  \"a\": [\n" LATER
                        "    1,\n" KT_STAMP "I0114 waited\n" KT_STAMP
                        "    \"2024\"\n" KT_STAMP "  ]\n" KT_STAMP "}\n"),
        "{\"a\":[1,\"2024\"]}\n");
    kt_report_found(KG_STR("{\n  \"a\": [\n2024,\n2024\n]}\n"),
                    "{\"a\":[2024,2024]}\n");
    kt_report_found(KG_STR("{\n  \"a\": [\n    2024-01-14\n  ]\n}\n"),
                    "broken cut\n");
}

/* It is another program's, however well it would fit. */
static void l6_a_stamp_in_a_document_without_stamps_breaks_it(void **state)
{
    (void)state;
    kt_report_found(
        KG_STR("{\n  \"a\": 1,\n" KT_STAMP "\"a\": 2,\n  \"b\": 3\n}\n"),
        "broken cut\n");
    kt_report_found(KG_STR("{\n  \"a\": [\n" KT_STAMP "2,\n  3\n]\n}\n"),
                    "broken cut\n");
    kt_report_found(
        KG_STR("{\n  \"a\": 1,\n" KT_STAMP "waited\n  \"b\": 3\n}\n"),
        "{\"a\":1,\"b\":3}\n");
}

static void l8_a_line_without_stamp_is_no_beginning(void **state)
{
    struct kg_reader_stats stats;

    (void)state;
    kg_free(kt_report_of(&kt_report_objects,
                         KG_STR("ns\": \"x\"}]}\n" KT_STAMP "done\n"), &stats));
    assert_int_equal(stats.documents, 0);
    assert_true(stats.headless);
}

/* --- pieces ---------------------------------------------------------------------- */

enum { PIECE = 16 * 1024, SMALL_PIECE = 4096 };

/* {"a":"xxx...","b":["yyy...",12]} with its string or its token's end so many
 * bytes behind a piece's end. */
static void add_long(struct kg_buf *log, size_t behind, size_t piece)
{
    size_t n = piece - strlen("{\"a\":\"") + behind;

    kt_log_add(log, KG_STR("{\"a\":\""));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(kg_buf_addc(log, (char)('a' + i % 26)), KG_OK);
    }
    kt_log_add(log, KG_STR("\",\"b\":["));
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(kg_buf_addf(log, "\"%zu\",", i), KG_OK);
    }
    kt_log_add(log, KG_STR("12]}"));
}

/* The kubelet's: pieces with `between` between the first two of them. */
static void is_whole_with(const char *between, size_t piece, const char *first,
                          bool whole)
{
    for (size_t behind = 0; behind < 40; behind++) {
        struct kg_buf text, log;
        struct kg_str doc;
        char *trace;

        kg_buf_init(&text, 1 << 16);
        kg_buf_init(&log, 1 << 16);
        add_long(&text, behind, piece);
        doc = kg_buf_str(&text);
        kt_log_add(&log, kg_str_from(first));
        kt_log_add(&log, kg_str_of(doc.ptr, piece));
        kt_log_add(&log, kg_str_from(between));
        kt_log_add(&log, kg_str_of(doc.ptr + piece, doc.len - piece));
        kt_log_add(&log, KG_STR("\n"));
        kt_log_add(&text, KG_STR("\n"));
        trace = kt_log_trace(&log, NULL);
        if (whole) {
            kt_assert_str(kg_str_from(trace), kg_buf_cstr(&text));
        } else {
            assert_null(strstr(trace, "12]}"));
        }
        kg_free(trace);
        kg_buf_finish(&text);
        kg_buf_finish(&log);
    }
}

static void l4_pieces_of_a_line_are_one_line(void **state)
{
    (void)state;
    is_whole_with("", PIECE, "", true);
}

static void l5_a_line_of_the_other_stream_between_pieces_is_taken_out(
    void **state)
{
    (void)state;
    is_whole_with("I0114 10:00:00.1 Waited for 4.39s due to throttling\n",
                  PIECE, "", true);
    is_whole_with("I0114 10:00:00.1 Waited for 4.39s\n", PIECE - 7, "", false);
}

static void l6_a_stamp_in_the_middle_of_a_line_is_taken_out(void **state)
{
    (void)state;
    is_whole_with("I0114 10:00:00.1 Waited\n" KT_STAMP, PIECE, KT_STAMP, true);
    is_whole_with("I0114 10:00:00.1 Waited\n" KT_STAMP, PIECE, "", false);
}

static void l7_a_stamp_before_every_piece_is_taken_out(void **state)
{
    (void)state;
    is_whole_with(LATER, PIECE, KT_STAMP, true);
    is_whole_with(KT_STAMP, SMALL_PIECE, KT_STAMP, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(l4_pieces_of_a_line_are_one_line),
        cmocka_unit_test(
            l5_a_line_of_the_other_stream_between_pieces_is_taken_out),
        cmocka_unit_test(l6_stamps_before_every_line_are_taken_out),
        cmocka_unit_test(l6_a_stamp_in_a_document_without_stamps_breaks_it),
        cmocka_unit_test(l6_a_stamp_in_the_middle_of_a_line_is_taken_out),
        cmocka_unit_test(l7_a_stamp_before_every_piece_is_taken_out),
        cmocka_unit_test(l8_a_line_without_stamp_is_no_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
