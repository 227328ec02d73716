/* SPDX-License-Identifier: MIT */
#include "kt.h"

#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/heap.h"

void kt_loop_until(struct kg_loop *l, const bool *done, unsigned max_turns)
{
    for (unsigned i = 0; i < max_turns && !*done; i++) {
        (void)kg_loop_turn(l);
    }
    if (!*done) {
        uv_print_all_handles(&l->uv, stderr);
        fail_msg("not done after %u turns of the loop", max_turns);
    }
}

void kt_split(struct kg_str text, void *data, void (*begin)(void *data),
              void (*feed)(void *data, struct kg_str piece),
              void (*end)(void *data))
{
    for (size_t at = 0; at <= text.len; at++) {
        begin(data);
        feed(data, kg_str_of(text.ptr, at));
        feed(data, kg_str_of(text.ptr + at, text.len - at));
        end(data);
    }
    begin(data);
    for (size_t at = 0; at < text.len; at++) {
        feed(data, kg_str_of(text.ptr + at, 1));
    }
    end(data);
}

void kt_assert_str_at(struct kg_str got, struct kg_str want, const char *file,
                      int line)
{
    if (!kg_str_eq(got, want)) {
        print_error("got  \"%.*s\"\nwant \"%.*s\"\n", KG_STR_ARG(got),
                    KG_STR_ARG(want));
        _fail(file, line);
    }
}

char *kt_data(const char *name, size_t *ret_len)
{
    char path[512];
    FILE *file;
    char *text;
    long len = -1;

    (void)snprintf(path, sizeof(path), "%s/%s", KT_DATA, name);
    file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
        (len = ftell(file)) < 0) {
        fail_msg("%s: cannot read", path);
    }
    rewind(file);
    text = kg_alloc((size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)len, file), len);
    text[len] = '\0';
    (void)fclose(file);
    *ret_len = (size_t)len;
    return text;
}

void kt_write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}
