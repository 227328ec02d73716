/* SPDX-License-Identifier: MIT */
/* Schedules, against a reading of the fields that goes minute by minute. */
#include <stdio.h>

#include "kt.h"
#include "kubeglean/backoff.h"
#include "kubeglean/clock.h"
#include "kubeglean/cron.h"

#define MINUTE_US (INT64_C(60) * 1000 * 1000)

static int64_t at(const char *text)
{
    int64_t us;

    assert_true(kg_time_parse(kg_str_from(text), &us));
    return us;
}

static void expect_next(const char *schedule, const char *after,
                        const char *want)
{
    struct kg_cron c;
    struct kg_error e;
    char got[KG_TIME_TEXT_MAX];

    if (kg_cron_parse(kg_str_from(schedule), &c, &e) != KG_OK) {
        fail_msg("%s", e.text);
    }
    (void)kg_time_format(kg_cron_next(&c, at(after)), got);
    assert_string_equal(got, want);
}

static void next_is_the_first_minute_after(void **state)
{
    (void)state;
    expect_next("* * * * *", "2026-11-22T09:42:00Z", "2026-11-22T09:43:00Z");
    expect_next("* * * * *", "2026-11-22T09:42:59.9Z", "2026-11-22T09:43:00Z");
    expect_next("0 3 * * *", "2026-11-22T03:00:00Z", "2026-11-23T03:00:00Z");
    expect_next("0 3 * * *", "2026-11-22T02:59:59Z", "2026-11-22T03:00:00Z");
    expect_next("*/20 5-6 * * *", "2026-11-22T05:41:00Z",
                "2026-11-22T06:00:00Z");
    expect_next("7/20 * * * *", "2026-11-22T05:08:00Z", "2026-11-22T05:27:00Z");
}

static void months_and_years_are_crossed(void **state)
{
    (void)state;
    expect_next("0 0 31 * *", "2026-11-22T00:00:00Z", "2026-12-31T00:00:00Z");
    expect_next("0 0 29 2 *", "2026-11-22T00:00:00Z", "2028-02-29T00:00:00Z");
    expect_next("@yearly", "2026-11-22T00:00:00Z", "2027-01-01T00:00:00Z");
    expect_next("0 0 1 jan,Jul *", "2026-11-22T00:00:00Z",
                "2027-01-01T00:00:00Z");
    expect_next("0 0 30 2 *", "2026-11-22T00:00:00Z", "");
    expect_next("0 0 * * *", "1969-12-31T23:59:30Z", "1970-01-01T00:00:00Z");
}

static void either_day_is_enough_when_both_are_restricted(void **state)
{
    (void)state;
    /* 2026-11-22 is a Sunday. */
    expect_next("0 0 24 * FRI", "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z");
    expect_next("0 0 30 * FRI", "2026-11-22T00:00:00Z", "2026-11-27T00:00:00Z");
    expect_next("0 0 * * 7", "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z");
    expect_next("0 0 * * 5-7", "2026-11-22T00:00:00Z", "2026-11-27T00:00:00Z");
    expect_next("0 0 30 * *", "2026-11-22T00:00:00Z", "2026-11-30T00:00:00Z");
    expect_next("0 0 */2 * MON", "2026-11-22T00:00:00Z",
                "2026-11-23T00:00:00Z");
}

static void wrong_schedule_is_refused_with_its_column(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "schedule \"\": column 1: minute: is missing; five fields are "
             "expected"},
        {"0 3 * *", "schedule \"0 3 * *\": column 8: day of week: is missing; "
                    "five fields are expected"},
        {"61 * * * *", "schedule \"61 * * * *\": column 1: minute: the number "
                       "is out of range"},
        {"0 5-1 * * *", "schedule \"0 5-1 * * *\": column 3: hour: the range "
                        "runs backwards"},
        {"0 0 0 * *", "schedule \"0 0 0 * *\": column 5: day of month: the "
                      "number is out of range"},
        {"0 0 1 FOO *", "schedule \"0 0 1 FOO *\": column 7: month: expected "
                        "*, a number or a name"},
        {"*/0 * * * *", "schedule \"*/0 * * * *\": column 3: minute: expected "
                        "a step above 0"},
        {"*5 * * * *", "schedule \"*5 * * * *\": column 2: minute: expected a "
                       "comma, or a blank"},
        {"1,, * * * *", "schedule \"1,, * * * *\": column 3: minute: expected "
                        "*, a number or a name"},
        {"* * * * * *", "schedule \"* * * * * *\": column 10: day of week: is "
                        "followed by a sixth field"},
        {"@often", "schedule \"@often\": column 1: expected @hourly, @daily, "
                   "@weekly, @monthly, @yearly or five fields"},
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        struct kg_cron c;
        struct kg_error e;

        assert_int_equal(kg_cron_parse(kg_str_from(cases[i].text), &c, &e),
                         KG_ESYNTAX);
        assert_string_equal(e.text, cases[i].want);
    }
}

/* A field as text, and the values it means. */
static uint64_t random_field(struct kg_random *r, unsigned min, unsigned max,
                             char *text, size_t len)
{
    unsigned a = min + (unsigned)kg_random_below(r, max - min + 1);
    unsigned b = a + (unsigned)kg_random_below(r, max - a + 1);
    unsigned step = 1 + (unsigned)kg_random_below(r, 5);
    uint64_t bits = 0;

    switch (kg_random_below(r, 4)) {
    case 0:
        (void)snprintf(text, len, "*");
        a = min, b = max, step = 1;
        break;
    case 1:
        (void)snprintf(text, len, "%u", a);
        b = a;
        break;
    case 2:
        (void)snprintf(text, len, "%u-%u/%u", a, b, step);
        break;
    default:
        (void)snprintf(text, len, "*/%u,%u", step + 1, b);
        bits = UINT64_C(1) << b;
        a = min, b = max, step += 1;
        break;
    }
    for (; a <= b; a += step) {
        bits |= UINT64_C(1) << a;
    }
    return bits;
}

struct fields {
    uint64_t minutes, hours, days, months, weekdays;
    bool both_days;
};

static bool fits(const struct fields *f, const struct kg_civil *t)
{
    bool day = f->days >> t->day & 1;
    bool weekday = f->weekdays >> t->weekday & 1;

    return (f->minutes >> t->minute & 1) && (f->hours >> t->hour & 1) &&
           (f->months >> t->month & 1) &&
           (f->both_days ? day && weekday : day || weekday);
}

static void next_agrees_with_a_walk_by_minutes(void **state)
{
    struct kg_random r;

    (void)state;
    kg_random_init(&r, 20261122);
    for (unsigned round = 0; round < 200; round++) {
        char t[5][32], text[200];
        struct fields f = {
            .minutes = random_field(&r, 0, 59, t[0], sizeof(t[0])),
            .hours = random_field(&r, 0, 23, t[1], sizeof(t[1])),
            .days = random_field(&r, 1, 31, t[2], sizeof(t[2])),
            .months = random_field(&r, 1, 12, t[3], sizeof(t[3])),
            .weekdays = random_field(&r, 0, 6, t[4], sizeof(t[4])),
        };
        int64_t from = at("2026-01-01T00:00:00Z") +
                       (int64_t)kg_random_below(&r, 365 * 1440) * MINUTE_US;
        int64_t end = from + 100 * 1440 * MINUTE_US, want = from;
        struct kg_civil civil;
        struct kg_cron c;

        f.both_days = strcmp(t[2], "*") == 0 || strcmp(t[4], "*") == 0;
        (void)snprintf(text, sizeof(text), "%s %s %s %s %s", t[0], t[1], t[2],
                       t[3], t[4]);
        assert_int_equal(kg_cron_parse(kg_str_from(text), &c, NULL), KG_OK);
        do {
            want += MINUTE_US;
            civil = kg_time_civil(want);
        } while (want < end && !fits(&f, &civil));
        if (want < end) {
            assert_int_equal(kg_cron_next(&c, from), want);
        } else {
            int64_t next = kg_cron_next(&c, from);
            assert_true(next == KG_TIME_NONE || next >= end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_is_the_first_minute_after),
        cmocka_unit_test(months_and_years_are_crossed),
        cmocka_unit_test(either_day_is_enough_when_both_are_restricted),
        cmocka_unit_test(wrong_schedule_is_refused_with_its_column),
        cmocka_unit_test(next_agrees_with_a_walk_by_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
