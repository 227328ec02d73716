/* SPDX-License-Identifier: MIT */
/* cli/: every mistake is refused with its cure, before anything is done. */
#include "cli/cli.h"

#include "kt.h"

struct values {
    const char *profile;
    const char *namespace;
    bool strict, quiet;
    unsigned output;
    uint64_t n, timeout_ms;
    size_t max_string;
    struct kg_texts sets;
};

static const char *const outputs[] = {"ndjson", "csv", "table", NULL};

#define AT(member) offsetof(struct values, member)

static const struct kg_option options[] = {
    {.name = "profile", .type = KG_OPTION_TEXT, .at = AT(profile)},
    {.name = "namespace",
     .letter = 'n',
     .type = KG_OPTION_TEXT,
     .at = AT(namespace),
     .value = "NS",
     .help = "Where"},
    {.name = "strict", .letter = 's', .at = AT(strict), .help = "No noise"},
    {.name = "quiet", .letter = 'q', .at = AT(quiet), .help = "No lines"},
    {.name = "output",
     .letter = 'o',
     .type = KG_OPTION_CHOICE,
     .choices = outputs,
     .at = AT(output),
     .help = "Form"},
    {.name = "documents", .type = KG_OPTION_NUMBER, .at = AT(n), .help = "N"},
    {.name = "timeout",
     .type = KG_OPTION_DURATION,
     .at = AT(timeout_ms),
     .help = "How long a Job may take until it is given up, from its "
             "creation on"},
    {.name = "max-string", .type = KG_OPTION_SIZE, .at = AT(max_string)},
    {.name = "set", .type = KG_OPTION_LIST, .at = AT(sets), .value = "K=V"},
    {0},
};

enum { ARGS_MAX = 48 };

/* What one line of arguments, split at blanks, was read as. */
struct reading {
    char line[256];
    char *args[ARGS_MAX];
    struct values values;
    struct kg_args rest;
    struct kg_error e;
    enum kg_errc err;
};

static void read_line(struct reading *r, const char *line)
{
    size_t n = 0;
    char *at = r->line;

    *r = (struct reading){.values = {.output = 2, .timeout_ms = 7}};
    assert_true(strlen(line) < sizeof(r->line));
    memcpy(r->line, line, strlen(line) + 1);
    while (at != NULL && *at != '\0') {
        char *blank = strchr(at, ' ');

        assert_true(n + 1 < ARGS_MAX);
        r->args[n++] = at;
        if (blank != NULL) {
            *blank++ = '\0';
        }
        at = blank;
    }
    r->err = kg_options_parse(options, r->args, &r->values, &r->rest, &r->e);
}

static void refused(const char *line, const char *message)
{
    struct reading r;

    read_line(&r, line);
    assert_int_equal(r.err, KG_EUSAGE);
    assert_string_equal(r.e.text, message);
}

static void every_form_of_an_option_reads_the_same(void **state)
{
    static const char *const lines[] = {
        "-n team -o csv",          "-nteam -ocsv",
        "-n=team -o=csv",          "--namespace team --output csv",
        "--namespace=team -o csv",
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(lines); i++) {
        struct reading r;

        read_line(&r, lines[i]);
        assert_int_equal(r.err, KG_OK);
        assert_string_equal(r.values.namespace, "team");
        assert_int_equal(r.values.output, 1);
        assert_int_equal(r.rest.n_items, 0);
    }
}

static void what_is_not_given_keeps_its_default(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "");
    assert_int_equal(r.err, KG_OK);
    assert_int_equal(r.values.output, 2);
    assert_int_equal(r.values.timeout_ms, 7);
    assert_null(r.values.profile);
}

static void values_have_units(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "--timeout 1h30m --max-string 4KiB --documents 12");
    assert_int_equal(r.err, KG_OK);
    assert_int_equal(r.values.timeout_ms, 5400000);
    assert_int_equal(r.values.max_string, 4096);
    assert_int_equal(r.values.n, 12);
}

static void a_list_keeps_every_value_in_order(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "--set a=1 --set=b=2 --set c=");
    assert_int_equal(r.err, KG_OK);
    assert_int_equal(r.values.sets.n_items, 3);
    assert_string_equal(r.values.sets.items[0], "a=1");
    assert_string_equal(r.values.sets.items[1], "b=2");
    assert_string_equal(r.values.sets.items[2], "c=");
}

static void letters_of_flags_may_be_put_together(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "-sqn team");
    assert_int_equal(r.err, KG_OK);
    assert_true(r.values.strict && r.values.quiet);
    assert_string_equal(r.values.namespace, "team");
}

static void operands_and_options_mix_until_the_dashes(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "a -s - --profile krr -- cmd --strict -x");
    assert_int_equal(r.err, KG_OK);
    assert_string_equal(r.values.profile, "krr");
    assert_int_equal(r.rest.n_items, 5);
    assert_int_equal(r.rest.n_before, 2);
    assert_string_equal(r.rest.items[1], "-");
    assert_string_equal(r.rest.items[2], "cmd");
    assert_string_equal(r.rest.items[4], "-x");
    assert_null(r.rest.items[5]);
}

static void help_ends_the_reading(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "--strict --help --nonsense");
    assert_int_equal(r.err, KG_OK);
    assert_true(r.rest.help);
    read_line(&r, "-sh");
    assert_true(r.rest.help);
    read_line(&r, "-n --help");
    assert_false(r.rest.help);
}

static void a_mistake_names_the_option_and_the_cure(void **state)
{
    (void)state;
    refused("--profle krr",
            "there is no option --profle; did you mean --profile?");
    refused("--hlep", "there is no option --hlep; did you mean --help?");
    refused("--zzz", "there is no option --zzz");
    refused("-x", "there is no option -x");
    refused("--strict=yes",
            "--strict: takes no value; give it or leave it out");
    refused("-o", "--output: its value is missing: --output WORD");
    refused("--namespace", "--namespace: its value is missing: --namespace NS");
    refused("-n a -n b", "--namespace: given twice; give it once");
    refused("-o xml", "--output: \"xml\" is none of ndjson|csv|table");
    refused("--documents=1x", "--documents: \"1x\" is not a number such as 10");
    refused("--timeout soon", "--timeout: \"soon\" is not a duration such as "
                              "90s, 5m or 1h30m");
    refused("--max-string 1KB", "--max-string: \"1KB\" is not a size such as "
                                "512, 4KiB or 1MiB");
    refused("--max-string 99999999999GiB",
            "--max-string: \"99999999999GiB\" is not a size such as 512, 4KiB "
            "or 1MiB");
}

static void a_list_is_bounded(void **state)
{
    struct values values = {0};
    char *args[2 * (KG_TEXTS_MAX + 1) + 1] = {NULL};
    char set[] = "--set", value[] = "a=1";
    struct kg_args rest;
    struct kg_error e;

    (void)state;
    for (size_t i = 0; i + 1 < KG_COUNT_OF(args); i += 2) {
        args[i] = set;
        args[i + 1] = value;
    }
    assert_int_equal(kg_options_parse(options, args, &values, &rest, &e),
                     KG_EUSAGE);
    assert_string_equal(e.text, "--set: given more than 32 times");
    assert_int_equal(values.sets.n_items, KG_TEXTS_MAX);
}

static void a_required_option_is_asked_for(void **state)
{
    static const struct kg_option needs[] = {{.name = "file",
                                              .type = KG_OPTION_TEXT,
                                              .required = true,
                                              .value = "FILE"},
                                             {0}};
    char *args[] = {NULL};
    const char *file = NULL;
    struct kg_args rest;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_options_parse(needs, args, (void *)&file, &rest, &e),
                     KG_EUSAGE);
    assert_string_equal(e.text, "--file is missing: --file FILE");
}

static void help_is_made_from_the_table(void **state)
{
    static const char text[] = "  -n, --namespace NS         Where\n"
                               "  -s, --strict               No noise\n"
                               "  -q, --quiet                No lines\n"
                               "  -o, --output ndjson|csv|table\n"
                               "                             Form\n"
                               "      --documents N          N\n"
                               "      --timeout DURATION     How long a Job "
                               "may take until it is given up, from\n"
                               "                             its creation on\n"
                               "  -h, --help                 Print this text\n";
    struct kg_option shown[8];
    struct kg_buf out;

    (void)state;
    memcpy(shown, options + 1, sizeof(shown) - sizeof(shown[0]));
    shown[6] = (struct kg_option){0};
    kg_buf_init(&out, 4096);
    assert_int_equal(kg_options_help(shown, &out), KG_OK);
    kt_assert_str(kg_buf_str(&out), text);
    kg_buf_finish(&out);
}

static void a_group_is_read_into_its_own_struct(void **state)
{
    struct whole {
        const char *file;
        struct values values;
    };
    static const struct kg_option own[] = {
        {.name = "file", .type = KG_OPTION_TEXT, .at = 0, .help = "A file"},
        {.name = "Shared by several",
         .type = KG_OPTION_GROUP,
         .group = options + 1,
         .at = offsetof(struct whole, values)},
        {0}};
    char line[] = "--file=f\0-nteam\0--strikt";
    char *args[] = {line, line + 9, NULL};
    char *wrong[] = {line + 16, NULL};
    struct whole w = {0};
    struct kg_args rest;
    struct kg_buf out;
    struct kg_error e;

    (void)state;
    assert_int_equal(kg_options_parse(own, args, &w, &rest, &e), KG_OK);
    assert_string_equal(w.file, "f");
    assert_string_equal(w.values.namespace, "team");
    assert_int_equal(kg_options_parse(own, wrong, &w, &rest, &e), KG_EUSAGE);
    assert_non_null(strstr(e.text, "did you mean --strict?"));
    kg_buf_init(&out, 4096);
    assert_int_equal(kg_options_help(own, &out), KG_OK);
    assert_true(kg_str_find(kg_buf_str(&out),
                            KG_STR("Print this text\n\nShared by several:\n"
                                   "  -n, --namespace NS ")) > 0);
    kg_buf_finish(&out);
}

static void typing_distance_counts_slips(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {
        {"agent", "agent", 0},
        {"agnet", "agent", 1},
        {"extrac", "extract", 1},
        {"runn", "run", 1},
        {"", "abc", 3},
        {"ab", "ba", 1},
        {"schema", "check", 3},
        {"a", "b", 1},
        {"a", "a-name-of-more-than-thirty-one-letters", 31},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        assert_int_equal(kg_typing_distance(kg_str_from(cases[i].a),
                                            kg_str_from(cases[i].b)),
                         cases[i].distance);
    }
}

static void the_heavier_exit_code_is_told(void **state)
{
    static const enum kg_exit heaviest_first[] = {
        KG_EXIT_INTERRUPTED, KG_EXIT_USAGE, KG_EXIT_ERROR, KG_EXIT_DAMAGED,
        KG_EXIT_FAILED,      KG_EXIT_EMPTY, KG_EXIT_DONE};

    (void)state;
    for (size_t a = 0; a < KG_COUNT_OF(heaviest_first); a++) {
        for (size_t b = a; b < KG_COUNT_OF(heaviest_first); b++) {
            assert_int_equal(
                kg_exit_worse(heaviest_first[a], heaviest_first[b]),
                heaviest_first[a]);
            assert_int_equal(
                kg_exit_worse(heaviest_first[b], heaviest_first[a]),
                heaviest_first[a]);
        }
    }
}

static void wrong_configuration_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(kg_exit_of(KG_OK), KG_EXIT_DONE);
    assert_int_equal(kg_exit_of(KG_EUSAGE), KG_EXIT_USAGE);
    assert_int_equal(kg_exit_of(KG_ECONFIG), KG_EXIT_USAGE);
    assert_int_equal(kg_exit_of(KG_ECONNECT), KG_EXIT_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_option_reads_the_same),
        cmocka_unit_test(what_is_not_given_keeps_its_default),
        cmocka_unit_test(values_have_units),
        cmocka_unit_test(a_list_keeps_every_value_in_order),
        cmocka_unit_test(letters_of_flags_may_be_put_together),
        cmocka_unit_test(operands_and_options_mix_until_the_dashes),
        cmocka_unit_test(help_ends_the_reading),
        cmocka_unit_test(a_mistake_names_the_option_and_the_cure),
        cmocka_unit_test(a_list_is_bounded),
        cmocka_unit_test(a_required_option_is_asked_for),
        cmocka_unit_test(help_is_made_from_the_table),
        cmocka_unit_test(a_group_is_read_into_its_own_struct),
        cmocka_unit_test(typing_distance_counts_slips),
        cmocka_unit_test(the_heavier_exit_code_is_told),
        cmocka_unit_test(wrong_configuration_is_wrong_usage),
    };

    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
