/* SPDX-License-Identifier: MIT */
#include "kubeglean/cron.h"

#include "kubeglean/clock.h"

enum { MINUTE_US = 60 * 1000 * 1000, YEARS_AHEAD = 8 };

struct bounds {
    const char *name;
    unsigned min, max;
    const char *const *names; /* Of `min` and what follows, or NULL. */
    unsigned n_names;
};

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR",
                                          "MAY", "JUN", "JUL", "AUG",
                                          "SEP", "OCT", "NOV", "DEC"};
static const char *const day_names[] = {"SUN", "MON", "TUE", "WED",
                                        "THU", "FRI", "SAT"};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELD_NR };
static const struct bounds fields[FIELD_NR] = {
    [MINUTE] = {"minute", 0, 59, NULL, 0},
    [HOUR] = {"hour", 0, 23, NULL, 0},
    [DAY] = {"day of month", 1, 31, NULL, 0},
    [MONTH] = {"month", 1, 12, month_names, KG_COUNT_OF(month_names)},
    [WEEKDAY] = {"day of week", 0, 7, day_names, KG_COUNT_OF(day_names)},
};

static const struct {
    const char *name, *means;
} macros[] = {
    {"@yearly", "0 0 1 1 *"},  {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

struct parser {
    struct kg_str text;
    size_t at;
    const struct bounds *field;
    struct kg_error *e;
};

static enum kg_errc refuse(const struct parser *p, size_t at, const char *what)
{
    return kg_error_set(p->e, KG_ESYNTAX, 0,
                        "schedule \"%.*s\": column %zu: %s: %s",
                        KG_STR_ARG(p->text), at + 1, p->field->name, what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool at_end_of_field(const struct parser *p)
{
    return p->at == p->text.len || is_blank(p->text.ptr[p->at]);
}

static bool take(struct parser *p, char c)
{
    if (p->at == p->text.len || p->text.ptr[p->at] != c) {
        return false;
    }
    p->at++;
    return true;
}

static bool name_is(struct kg_str s, const char *name)
{
    if (s.len != 3) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if ((s.ptr[i] & ~0x20) != name[i]) {
            return false;
        }
    }
    return true;
}

static struct kg_str take_word(struct parser *p)
{
    size_t from = p->at;

    while (!at_end_of_field(p) && p->text.ptr[p->at] != ',' &&
           p->text.ptr[p->at] != '-' && p->text.ptr[p->at] != '/') {
        p->at++;
    }
    return kg_str_of(p->text.ptr + from, p->at - from);
}

/* A number or a name, within the field's bounds. */
static enum kg_errc take_value(struct parser *p, unsigned *ret_value)
{
    size_t from = p->at;
    struct kg_str word = take_word(p);
    uint64_t value;

    for (unsigned i = 0; i < p->field->n_names; i++) {
        if (name_is(word, p->field->names[i])) {
            *ret_value = p->field->min + i;
            return KG_OK;
        }
    }
    if (!kg_str_to_u64(word, &value)) {
        return refuse(p, from, "expected *, a number or a name");
    }
    if (value < p->field->min || value > p->field->max) {
        return refuse(p, from, "the number is out of range");
    }
    *ret_value = (unsigned)value;
    return KG_OK;
}

static enum kg_errc take_step(struct parser *p, unsigned *ret_step)
{
    size_t from = p->at;
    uint64_t step;

    if (!kg_str_to_u64(take_word(p), &step) || step == 0 ||
        step > p->field->max) {
        return refuse(p, from, "expected a step above 0");
    }
    *ret_step = (unsigned)step;
    return KG_OK;
}

struct range {
    unsigned first, last, step;
    bool any;  /* `*` */
    bool open; /* A lone number: with a step, it goes on to the maximum. */
};

/* `*`, `a` or `a-b`. */
static enum kg_errc take_span(struct parser *p, struct range *r)
{
    enum kg_errc rc;
    size_t from = p->at;

    if (take(p, '*')) {
        r->any = true;
        r->first = p->field->min;
        r->last = p->field->max;
        return KG_OK;
    }
    rc = take_value(p, &r->first);
    r->last = r->first;
    r->open = !take(p, '-');
    if (rc != KG_OK || r->open) {
        return rc;
    }
    rc = take_value(p, &r->last);
    if (rc == KG_OK && r->last < r->first) {
        return refuse(p, from, "the range runs backwards");
    }
    return rc;
}

static enum kg_errc take_range(struct parser *p, struct range *r)
{
    enum kg_errc rc = take_span(p, r);

    if (rc != KG_OK || !take(p, '/')) {
        return rc;
    }
    rc = take_step(p, &r->step);
    if (r->open) {
        r->last = p->field->max;
    }
    r->any = r->any && r->step == 1;
    return rc;
}

static enum kg_errc take_field(struct parser *p, uint64_t *ret_bits,
                               bool *ret_any)
{
    uint64_t bits = 0;
    bool any = false;

    do {
        struct range r = {.step = 1};
        enum kg_errc rc = take_range(p, &r);

        if (rc != KG_OK) {
            return rc;
        }
        for (unsigned v = r.first; v <= r.last; v += r.step) {
            bits |= UINT64_C(1) << v;
        }
        any = any || r.any;
    } while (take(p, ','));
    if (!at_end_of_field(p)) {
        return refuse(p, p->at, "expected a comma, or a blank");
    }
    *ret_bits = bits;
    *ret_any = any;
    return KG_OK;
}

static enum kg_errc take_fields(struct parser *p, struct kg_cron *ret_cron)
{
    uint64_t bits[FIELD_NR];
    bool any[FIELD_NR];

    for (size_t i = 0; i < FIELD_NR; i++) {
        p->field = &fields[i];
        while (p->at < p->text.len && is_blank(p->text.ptr[p->at])) {
            p->at++;
        }
        if (p->at == p->text.len) {
            return refuse(p, p->at, "is missing; five fields are expected");
        }
        enum kg_errc rc = take_field(p, &bits[i], &any[i]);
        if (rc != KG_OK) {
            return rc;
        }
    }
    if (kg_str_trim(kg_str_of(p->text.ptr + p->at, p->text.len - p->at)).len !=
        0) {
        return refuse(p, p->at, "is followed by a sixth field");
    }
    *ret_cron = (struct kg_cron){
        .minutes = bits[MINUTE],
        .hours = (uint32_t)bits[HOUR],
        .days = (uint32_t)bits[DAY],
        .months = (uint32_t)bits[MONTH],
        .weekdays = (uint32_t)((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f),
        .any_day = any[DAY],
        .any_weekday = any[WEEKDAY],
    };
    return KG_OK;
}

enum kg_errc kg_cron_parse(struct kg_str text, struct kg_cron *ret_cron,
                           struct kg_error *e)
{
    struct parser p = {.text = text, .e = e};

    if (!kg_str_starts(kg_str_trim(text), KG_STR("@"))) {
        return take_fields(&p, ret_cron);
    }
    for (size_t i = 0; i < KG_COUNT_OF(macros); i++) {
        if (kg_str_is(kg_str_trim(text), macros[i].name)) {
            p.text = kg_str_from(macros[i].means);
            return take_fields(&p, ret_cron);
        }
    }
    return kg_error_set(e, KG_ESYNTAX, 0,
                        "schedule \"%.*s\": column 1: expected @hourly, "
                        "@daily, @weekly, @monthly, @yearly or five fields",
                        KG_STR_ARG(text));
}

static bool has(uint64_t bits, int value)
{
    return (bits >> value & 1) != 0;
}

static bool day_fits(const struct kg_cron *c, const struct kg_civil *t)
{
    bool day = has(c->days, t->day);
    bool weekday = has(c->weekdays, t->weekday);

    if (c->any_day || c->any_weekday) {
        return day && weekday;
    }
    return day || weekday;
}

/* The first instant of what comes after `t`'s month, day, hour or minute. */
static int64_t skip_month(const struct kg_civil *t)
{
    return kg_time_from_civil(
        &(struct kg_civil){.year = t->month == 12 ? t->year + 1 : t->year,
                           .month = t->month == 12 ? 1 : t->month + 1,
                           .day = 1});
}

static int64_t skip_minutes(int64_t us, int minutes)
{
    return us + (int64_t)minutes * MINUTE_US;
}

int64_t kg_cron_next(const struct kg_cron *c, int64_t after_us)
{
    int64_t past = after_us % MINUTE_US;
    int64_t us = after_us - (past < 0 ? past + MINUTE_US : past) + MINUTE_US;
    int last_year = kg_time_civil(us).year + YEARS_AHEAD;

    for (;;) {
        struct kg_civil t = kg_time_civil(us);

        if (t.year > last_year) {
            return KG_TIME_NONE;
        }
        if (!has(c->months, t.month)) {
            us = skip_month(&t);
        } else if (!day_fits(c, &t)) {
            us = skip_minutes(us, 24 * 60 - t.hour * 60 - t.minute);
        } else if (!has(c->hours, t.hour)) {
            us = skip_minutes(us, 60 - t.minute);
        } else if (!has(c->minutes, t.minute)) {
            us = skip_minutes(us, 1);
        } else {
            return us;
        }
    }
}
