/* SPDX-License-Identifier: MIT */
/* http/: a bucket of tokens, as client-go has it. */
#include "kt.h"

#include "http/pace.h"

/* So many of `n` tries at this time. */
static unsigned take(struct kg_pace *p, unsigned n, uint64_t now_ms)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < n; i++) {
        taken += kg_pace_take(p, now_ms) ? 1 : 0;
    }
    return taken;
}

static void a_burst_is_free_and_then_the_rate_counts(void **state)
{
    struct kg_pace p;

    (void)state;
    kg_pace_init(&p, 5, 10, 0, 1000);
    assert_int_equal(take(&p, 20, 1000), 10);
    assert_int_equal(kg_pace_wait_ms(&p), 200);
    assert_int_equal(take(&p, 20, 1199), 0);
    assert_int_equal(kg_pace_wait_ms(&p), 1);
    assert_int_equal(take(&p, 20, 1200), 1);
    assert_int_equal(take(&p, 20, 2200), 5);
}

static void what_is_not_used_is_kept_up_to_the_burst(void **state)
{
    struct kg_pace p;

    (void)state;
    kg_pace_init(&p, 50, 3, 0, 0);
    assert_int_equal(take(&p, 20, 0), 3);
    assert_int_equal(take(&p, 20, 3600 * 1000), 3);
    kg_pace_init(&p, 7, 0, 0, 0);
    assert_int_equal(take(&p, 20, 0), 1);
}

static void an_hour_brings_as_many_as_the_rate_says(void **state)
{
    struct kg_pace p;
    unsigned taken = 0;

    (void)state;
    kg_pace_init(&p, 3, 2, 0, 0);
    for (uint64_t now_ms = 0; now_ms < 3600 * 1000; now_ms += 7) {
        taken += take(&p, 5, now_ms);
    }
    assert_in_range(taken, 3 * 3600 - 1, 3 * 3600 + 2);
}

static void no_rate_is_no_limit(void **state)
{
    struct kg_pace p;

    (void)state;
    kg_pace_init(&p, 0, 1, 0, 0);
    assert_int_equal(take(&p, 10000, 0), 10000);
    assert_int_equal(kg_pace_wait_ms(&p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_free_and_then_the_rate_counts),
        cmocka_unit_test(what_is_not_used_is_kept_up_to_the_burst),
        cmocka_unit_test(an_hour_brings_as_many_as_the_rate_says),
        cmocka_unit_test(no_rate_is_no_limit),
    };

    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
