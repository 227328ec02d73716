/* SPDX-License-Identifier: MIT */
#include "kubeglean/clock.h"

#include <stdio.h>
#include <time.h>

int64_t kg_clock_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t kg_clock_mono_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Days since 1970-01-01, by counting years from March: the day that comes and
 * goes is then the year's last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year =
        (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

int64_t kg_time_from_civil(const struct kg_civil *c)
{
    int64_t days = days_from_civil(c->year, c->month, c->day);

    return ((days * 24 + c->hour) * 60 + c->minute) * 60000000 +
           (int64_t)c->second * 1000000 + c->microsecond;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct kg_civil kg_time_civil(int64_t us)
{
    int64_t seconds = floor_div(us, 1000000);
    int64_t days = floor_div(seconds, 86400);
    int64_t rest = seconds - days * 86400;
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    struct kg_civil c = {
        .month = (int)(mp < 10 ? mp + 3 : mp - 9),
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
        .microsecond = (int)(us - seconds * 1000000),
        .weekday = (int)((days % 7 + 11) % 7),
    };

    c.year = (int)(yoe + era * 400 + (c.month <= 2));
    return c;
}

/* `n` digits at `*at`. */
static bool digits(struct kg_str s, size_t *at, int n, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < n; i++, (*at)++) {
        if (*at >= s.len || s.ptr[*at] < '0' || s.ptr[*at] > '9') {
            return false;
        }
        value = value * 10 + (s.ptr[*at] - '0');
    }
    *ret_value = value;
    return true;
}

static bool sign(struct kg_str s, size_t *at, const char *any_of)
{
    if (*at < s.len && s.ptr[*at] != '\0' &&
        strchr(any_of, s.ptr[*at]) != NULL) {
        (*at)++;
        return true;
    }
    return false;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool is_valid(const struct kg_civil *c)
{
    return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= days_in_month(c->year, c->month) && c->hour <= 23 &&
           c->minute <= 59 && c->second <= 60;
}

static bool fraction(struct kg_str s, size_t *at, int *ret_us)
{
    int us = 0;
    int n = 0;

    for (; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; (*at)++) {
        if (n < 6) {
            us = us * 10 + (s.ptr[*at] - '0');
        }
        n++;
    }
    for (int i = n; i < 6; i++) {
        us *= 10;
    }
    *ret_us = us;
    return n > 0;
}

static bool offset(struct kg_str s, size_t *at, int *ret_minutes)
{
    bool west = *at < s.len && s.ptr[*at] == '-';
    int hours;
    int minutes;

    *ret_minutes = 0;
    if (sign(s, at, "Zz")) {
        return true;
    }
    if (!sign(s, at, "+-") || !digits(s, at, 2, &hours) || !sign(s, at, ":") ||
        !digits(s, at, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    minutes += hours * 60;
    *ret_minutes = west ? -minutes : minutes;
    return true;
}

bool kg_time_parse(struct kg_str s, int64_t *ret_us)
{
    struct kg_civil c = {0};
    size_t at = 0;
    int minutes;

    if (!digits(s, &at, 4, &c.year) || !sign(s, &at, "-") ||
        !digits(s, &at, 2, &c.month) || !sign(s, &at, "-") ||
        !digits(s, &at, 2, &c.day) || !sign(s, &at, "Tt ") ||
        !digits(s, &at, 2, &c.hour) || !sign(s, &at, ":") ||
        !digits(s, &at, 2, &c.minute) || !sign(s, &at, ":") ||
        !digits(s, &at, 2, &c.second)) {
        return false;
    }
    if (sign(s, &at, ".") && !fraction(s, &at, &c.microsecond)) {
        return false;
    }
    if (!offset(s, &at, &minutes) || at != s.len || !is_valid(&c)) {
        return false;
    }
    *ret_us = kg_time_from_civil(&c) - (int64_t)minutes * 60000000;
    return true;
}

const char *kg_time_format(int64_t us, char text[KG_TIME_TEXT_MAX])
{
    struct kg_civil c;
    int len;

    text[0] = '\0';
    if (us == KG_TIME_NONE) {
        return text;
    }
    c = kg_time_civil(us);
    len = snprintf(text, KG_TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d",
                   c.year, c.month, c.day, c.hour, c.minute, c.second);
    if (len < 0 || len > KG_TIME_TEXT_MAX - 9) {
        text[0] = '\0'; /* A year beyond 9999: not an instant of ours. */
        return text;
    }
    (void)snprintf(text + len, (size_t)(KG_TIME_TEXT_MAX - len),
                   c.microsecond != 0 ? ".%06dZ" : "Z", c.microsecond);
    return text;
}

static uint64_t unit_ms(struct kg_str *rest)
{
    static const struct {
        struct kg_str name;
        uint64_t ms;
    } units[] = {{{"ms", 2}, 1},
                 {{"s", 1}, 1000},
                 {{"m", 1}, 60000},
                 {{"h", 1}, 3600000}};

    for (size_t i = 0; i < KG_COUNT_OF(units); i++) {
        if (kg_str_starts(*rest, units[i].name)) {
            rest->ptr += units[i].name.len;
            rest->len -= units[i].name.len;
            return units[i].ms;
        }
    }
    return 0;
}

bool kg_duration_parse(struct kg_str s, uint64_t *ret_ms)
{
    uint64_t total = 0;
    uint64_t number;

    if (kg_str_to_u64(s, &number)) {
        return !__builtin_mul_overflow(number, 1000, ret_ms);
    }
    if (s.len == 0) {
        return false;
    }
    while (s.len > 0) {
        size_t n = 0;
        uint64_t ms;

        while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9') {
            n++;
        }
        if (!kg_str_to_u64(kg_str_of(s.ptr, n), &number)) {
            return false;
        }
        s = kg_str_of(s.ptr + n, s.len - n);
        ms = unit_ms(&s);
        if (ms == 0 || __builtin_mul_overflow(number, ms, &number) ||
            __builtin_add_overflow(total, number, &total)) {
            return false;
        }
    }
    *ret_ms = total;
    return true;
}
