/* SPDX-License-Identifier: MIT */
/* cli/: help without memory is an error that says so. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "kt.h"

struct said {
    char text[256];
    size_t len;
};

/* Runs with standard output thrown away, and standard error kept. */
static enum kg_exit run(char **argv, struct said *said)
{
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);
    enum kg_exit code;
    int ends[2];
    ssize_t len;

    assert_int_equal(pipe(ends), 0);
    (void)fflush(stdout);
    assert_true(dup2(null, STDOUT_FILENO) >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    code = kg_cli_run(argv);
    assert_true(dup2(out, STDOUT_FILENO) >= 0);
    assert_true(dup2(err, STDERR_FILENO) >= 0);
    (void)close(out);
    (void)close(err);
    (void)close(null);
    (void)close(ends[1]);
    len = read(ends[0], said->text, sizeof(said->text) - 1);
    (void)close(ends[0]);
    assert_true(len >= 0);
    said->len = (size_t)len;
    return code;
}

static void ask_for_help(void *data, bool may_fail)
{
    char *argv[] = {"kubeglean", "--help", NULL};
    struct said said;
    enum kg_exit code = run(argv, &said);

    (void)data;
    if (code == KG_EXIT_DONE) {
        assert_int_equal(said.len, 0);
        return;
    }
    assert_true(may_fail);
    assert_int_equal(code, KG_EXIT_ERROR);
    kt_assert_str(kg_str_of(said.text, said.len), "kubeglean: out of memory\n");
}

static void no_memory_is_told_as_such(void **state)
{
    (void)state;
    kt_torture(ask_for_help, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_is_told_as_such),
    };

    return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
