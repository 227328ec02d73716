/* SPDX-License-Identifier: MIT */
#include "schedule.h"

#include "kubeglean/clock.h"

enum { MINUTES_MAX = 5 * 366 * 24 * 60 };

struct field {
    const char *name;
    unsigned low, high;
    const char *words; /* "JANFEB...", three letters each, from `low` on. */
};

static const struct field fields[] = {
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of month", 1, 31, ""},
    {"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
    {"day of week", 0, 6, "SUNMONTUEWEDTHUFRISAT"},
};

static bool take_value(const struct field *f, struct kg_str text,
                       unsigned *ret_value)
{
    uint64_t value;

    for (size_t i = 0; text.len == 3 && f->words[i] != '\0'; i += 3) {
        if (strncasecmp(text.ptr, f->words + i, 3) == 0) {
            *ret_value = f->low + (unsigned)(i / 3);
            return true;
        }
    }
    if (!kg_str_to_u64(text, &value)) {
        return false;
    }
    if (value == 7 && f->high == 6) {
        value = 0;
    }
    *ret_value = (unsigned)value;
    return value < 1000;
}

/* One of a list: *, a, a-b, each with /n. */
static enum kg_errc take_range(const struct field *f, struct kg_str text,
                               uint64_t *bits, bool *any, struct kg_error *e)
{
    struct kg_str rest = text;
    struct kg_str range = kg_str_cut(&rest, '/');
    struct kg_str high = range;
    struct kg_str low = kg_str_cut(&high, '-');
    unsigned from = f->low;
    unsigned to = f->high;
    uint64_t step = 1;
    bool good = true;

    if (kg_str_is(range, "*") || kg_str_is(range, "?")) {
        *any = rest.ptr == NULL;
    } else {
        good = take_value(f, low, &from);
        to = rest.ptr == NULL ? from : f->high;
        if (good && high.ptr != NULL) {
            good = take_value(f, high, &to);
        }
    }
    if (rest.ptr != NULL) {
        good = good && kg_str_to_u64(rest, &step) && step > 0;
    }
    if (!good || from > to) {
        return kg_error_set(e, KG_EINVALID, 0,
                            "failed to parse int from %.*s: in the %s field",
                            KG_STR_ARG(text), f->name);
    }
    if (to > f->high) {
        return kg_error_set(e, KG_EINVALID, 0,
                            "end of range (%u) above maximum (%u): %.*s", to,
                            f->high, KG_STR_ARG(text));
    }
    if (from < f->low) {
        return kg_error_set(e, KG_EINVALID, 0,
                            "beginning of range (%u) below minimum (%u): %.*s",
                            from, f->low, KG_STR_ARG(text));
    }
    for (uint64_t i = from; i <= to; i += step) {
        *bits |= UINT64_C(1) << i;
    }
    return KG_OK;
}

static enum kg_errc take_field(const struct field *f, struct kg_str text,
                               uint64_t *bits, bool *any, struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    *bits = 0;
    *any = false;
    while (err == KG_OK && text.ptr != NULL) {
        err = take_range(f, kg_str_cut(&text, ','), bits, any, e);
    }
    return err;
}

static struct kg_str expand(struct kg_str text)
{
    static const char *const names[][2] = {
        {"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"},
        {"@weekly", "0 0 * * 0"}, {"@monthly", "0 0 1 * *"},
        {"@yearly", "0 0 1 1 *"},
    };

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        if (kg_str_is(text, names[i][0])) {
            return kg_str_from(names[i][1]);
        }
    }
    return text;
}

static struct kg_str next_word(struct kg_str *rest)
{
    *rest = kg_str_trim(*rest);
    return kg_str_cut(rest, ' ');
}

enum kg_errc sim_schedule_parse(struct sim_schedule *s, struct kg_str text,
                                struct kg_error *e)
{
    uint64_t *const places[] = {&s->minutes, &s->hours, &s->days, &s->months,
                                &s->weekdays};
    struct kg_str rest = kg_str_trim(expand(text));
    bool any[KG_COUNT_OF(places)];
    size_t n = 0;

    while (rest.len > 0) {
        struct kg_str word = next_word(&rest);
        enum kg_errc err;

        if (n < KG_COUNT_OF(places)) {
            err = take_field(&fields[n], word, places[n], &any[n], e);
            if (err != KG_OK) {
                return err;
            }
        }
        n++;
    }
    if (n != KG_COUNT_OF(places)) {
        return kg_error_set(e, KG_EINVALID, 0,
                            "expected exactly 5 fields, found %zu: [%.*s]", n,
                            KG_STR_ARG(text));
    }
    s->any_day = any[2];
    s->any_weekday = any[4];
    return KG_OK;
}

static bool has(uint64_t bits, int i)
{
    return (bits >> i & 1) != 0;
}

/* With both days restricted, either will do. */
static bool fits(const struct sim_schedule *s, const struct kg_civil *c)
{
    bool day = has(s->days, c->day);
    bool weekday = has(s->weekdays, c->weekday);
    bool good = s->any_day || s->any_weekday ? day && weekday : day || weekday;

    return has(s->minutes, c->minute) && has(s->hours, c->hour) &&
           has(s->months, c->month) && good;
}

int64_t sim_schedule_next(const struct sim_schedule *s, int64_t us)
{
    int64_t minute = us / 60000000 + 1;

    for (int i = 0; i < MINUTES_MAX; i++, minute++) {
        struct kg_civil c = kg_time_civil(minute * 60000000);

        if (fits(s, &c)) {
            return minute * 60000000;
        }
    }
    return KG_TIME_NONE;
}
