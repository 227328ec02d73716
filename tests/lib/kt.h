/* Fixtures that every test shares, and two ways to attack what is tested.
 *
 * kt_heap counts: at tear-down nothing may be left. It can refuse the n-th
 * allocation: kt_torture() runs a body with n = 0, 1, 2, ... until the body was
 * not refused any more; each round must end clean. */
#ifndef KT_H
#define KT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "kubeglean/loop.h"
#include "kubeglean/str.h"

/* Installs the counting heap; nothing is refused until kt_heap_fail_at(). */
void kt_heap_setup(void);
/* The n-th allocation from now (0 is the next) fails; with `sticky` all that
 * follow fail too. */
void kt_heap_fail_at(size_t n, bool sticky);
void kt_heap_fail_never(void);
/* What a shared library allocates itself is never refused; by a part of its
 * file's name. NULL: none. For one that does not survive it. */
void kt_heap_spare(const char *library);
/* How many were refused since kt_heap_fail_at(). */
size_t kt_heap_refused(void);
size_t kt_heap_live(void);  /* Allocations not freed. */
size_t kt_heap_bytes(void); /* Their bytes. */
size_t kt_heap_peak(void);  /* Most bytes at a time since setup. */
/* Asserts that nothing is left, and takes the heap out again. */
void kt_heap_teardown(void);

/* Runs `body` under the counting heap with every allocation refused in turn
 * (one at a time, then all from there on), until it ends without a refusal.
 * `body` must free all it took, whatever failed; it is told whether a refusal
 * may come (false in the last round, in which it should assert success). */
void kt_torture(void (*body)(void *data, bool may_fail), void *data);

/* Turns the loop until `*done`, at most `max_turns` turns: else it fails. */
void kt_loop_until(struct kg_loop *l, const bool *done, unsigned max_turns);

/* Calls `feed(data, piece)` with `text` cut in two at every place, then byte by
 * byte; before each variant `begin(data)`, after it `end(data)`. */
void kt_split(struct kg_str text, void *data, void (*begin)(void *data),
              void (*feed)(void *data, struct kg_str piece),
              void (*end)(void *data));

#define kt_assert_str(got, want) \
    kt_assert_str_at((got), kg_str_from(want), __FILE__, __LINE__)
void kt_assert_str_at(struct kg_str got, struct kg_str want, const char *file,
                      int line);

/* A file below tests/data, whole; freed by kg_free(). Fails when unreadable. */
char *kt_data(const char *name, size_t *ret_len);

/* Makes a file of this text; fails when it cannot. */
void kt_write_file(const char *path, const char *text);

#endif /* KT_H */
