/* SPDX-License-Identifier: MIT */
#include "cell.h"

#include "kubeglean/clock.h"
#include "kubeglean/limits.h"
#include "scalar.h"

/* --- the run ---------------------------------------------------------------- */

static struct kg_value known(struct kg_str text)
{
    return (struct kg_value){.text = text, .is_null = text.len == 0};
}

static struct kg_value instant(int64_t us, char text[KG_TIME_TEXT_MAX])
{
    return known(kg_str_from(kg_time_format(us, text)));
}

void kg_run_values_init(struct kg_run_values *v, const struct kg_run_info *run)
{
    static const struct kg_run_info nothing = {.scanned_at_us = KG_TIME_NONE,
                                               .started_at_us = KG_TIME_NONE,
                                               .finished_at_us = KG_TIME_NONE};

    if (run == NULL) {
        run = &nothing;
    }
    v->values[KG_RUN_CLUSTER] = known(run->id.cluster);
    v->values[KG_RUN_CLUSTER].is_null = false; /* Unknown is ''. */
    v->values[KG_RUN_NAMESPACE] = known(run->ns);
    v->values[KG_RUN_JOB] = known(run->job);
    v->values[KG_RUN_POD] = known(run->pod);
    v->values[KG_RUN_NODE] = known(run->node);
    v->values[KG_RUN_TASK] = known(run->task);
    v->values[KG_RUN_CONTAINER] = known(run->id.container);
    v->values[KG_RUN_JOB_UID] = known(run->id.job_uid);
    v->values[KG_RUN_POD_UID] = known(run->id.pod_uid);
    v->values[KG_RUN_SCANNED_AT] = instant(run->scanned_at_us, v->times[0]);
    v->values[KG_RUN_STARTED_AT] = instant(run->started_at_us, v->times[1]);
    v->values[KG_RUN_FINISHED_AT] = instant(run->finished_at_us, v->times[2]);
}

/* --- the document -------------------------------------------------------------- */

enum kg_errc kg_cell_set(struct kg_cell *cell, enum kg_kind kind,
                         struct kg_str text)
{
    static const enum kg_cell_state states[] = {
        [KG_NULL] = KG_CELL_NULL,       [KG_BOOL] = KG_CELL_BOOL,
        [KG_NUMBER] = KG_CELL_NUMBER,   [KG_STRING] = KG_CELL_STRING,
        [KG_ARRAY] = KG_CELL_CONTAINER, [KG_OBJECT] = KG_CELL_CONTAINER};

    cell->state = states[kind];
    kg_buf_reset(&cell->text);
    return kg_buf_add(&cell->text, text);
}

/* --- the column ------------------------------------------------------------------ */

static uint32_t hex4(struct kg_str s, size_t at)
{
    uint32_t value = 0;

    for (size_t i = at; i < at + 4; i++) {
        uint8_t c = (uint8_t)s.ptr[i];

        value =
            value * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* At a \u escape: the length of the character if jsonb can hold it, else 0. */
static size_t escape_len(struct kg_str s, size_t at)
{
    uint32_t unit = hex4(s, at + 2);

    if (unit == 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) {
        return 0;
    }
    if (unit < 0xD800 || unit > 0xDBFF) {
        return 6;
    }
    if (at + 12 > s.len || s.ptr[at + 6] != '\\' || s.ptr[at + 7] != 'u') {
        return 0;
    }
    unit = hex4(s, at + 8);
    return unit >= 0xDC00 && unit <= 0xDFFF ? 12 : 0;
}

/* jsonb has neither U+0000 nor half a surrogate pair. */
static bool jsonb_holds(struct kg_str json)
{
    size_t at = 0;

    while (at < json.len) {
        const char *escape = memchr(json.ptr + at, '\\', json.len - at);
        size_t len;

        if (escape == NULL) {
            return true;
        }
        at = (size_t)(escape - json.ptr);
        len = json.ptr[at + 1] == 'u' ? escape_len(json, at) : 2;
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

/* Behind the string that begins at `at`; beyond the end when none does. */
static size_t skip_string(struct kg_str json, size_t at)
{
    if (at >= json.len || json.ptr[at] != '"') {
        return json.len + 1;
    }
    for (at++; at < json.len && json.ptr[at] != '"'; at++) {
        at += json.ptr[at] == '\\';
    }
    return at + 1;
}

/* ["a","b"], as the document's text is without white space. */
static bool is_strings(struct kg_str json)
{
    size_t at = 1;

    if (kg_str_is(json, "[]")) {
        return true;
    }
    if (!kg_str_starts(json, KG_STR("["))) {
        return false;
    }
    do {
        at = skip_string(json, at);
    } while (at < json.len && json.ptr[at++] == ',');
    return at == json.len && json.ptr[at - 1] == ']';
}

static bool is_integer(struct kg_str text, int64_t min, int64_t max)
{
    int64_t value;

    return kg_scalar_of(text) == KG_SCALAR_NUMBER &&
           kg_str_to_i64(text, &value) && value >= min && value <= max;
}

const char *kg_cell_refuse(enum kg_type type, struct kg_str text)
{
    static const char no_jsonb[] =
        "U+0000 or half a surrogate pair cannot be stored";
    int64_t us;

    switch (type) {
    case KG_TYPE_TEXT:
        return text.len > 0 && memchr(text.ptr, 0, text.len) != NULL
                   ? "U+0000 cannot be stored"
                   : NULL;
    case KG_TYPE_INTEGER:
        return is_integer(text, INT32_MIN, INT32_MAX) ? NULL
                                                      : "it is no integer";
    case KG_TYPE_BIGINT:
        return is_integer(text, INT64_MIN, INT64_MAX) ? NULL
                                                      : "it is no integer";
    case KG_TYPE_NUMERIC:
        return kg_scalar_of(text) == KG_SCALAR_NUMBER ? NULL
                                                      : "it is no number";
    case KG_TYPE_BOOLEAN:
        return kg_str_is(text, "true") || kg_str_is(text, "false")
                   ? NULL
                   : "it is no boolean";
    case KG_TYPE_TIMESTAMPTZ:
        return kg_time_parse(text, &us) ? NULL : "it is no time of RFC 3339";
    case KG_TYPE_TEXT_ARRAY:
        return !is_strings(text)    ? "it is no array of strings"
               : !jsonb_holds(text) ? no_jsonb
                                    : NULL;
    default:
        return jsonb_holds(text) ? NULL : no_jsonb;
    }
}

/* The JSON type that a column's type takes. */
static enum kg_cell_state wanted(enum kg_type type)
{
    switch (type) {
    case KG_TYPE_INTEGER:
    case KG_TYPE_BIGINT:
    case KG_TYPE_NUMERIC:
        return KG_CELL_NUMBER;
    case KG_TYPE_BOOLEAN:
        return KG_CELL_BOOL;
    default:
        return KG_CELL_STRING;
    }
}

/* Before its regex: that would end at a NUL, and may take time by the square of
 * the text's length. */
static const char *refuse_regex(const struct kg_column_def *def,
                                const struct kg_cell *cell, struct kg_str text)
{
    if (!def->has_regex) {
        return NULL;
    }
    if (cell->state != KG_CELL_STRING) {
        return "it is of another type";
    }
    return text.len > KG_LIMIT_REGEX_TEXT ? "it is too long for a regex"
                                          : kg_cell_refuse(KG_TYPE_TEXT, text);
}

static const char *refuse(const struct kg_column_def *def,
                          const struct kg_cell *cell, struct kg_str text)
{
    if (cell->state != KG_CELL_RAW && !def->has_regex &&
        cell->state != wanted(def->type)) {
        return "it is of another type";
    }
    return kg_cell_refuse(def->type, text);
}

/* The piece that the regex cuts out; false when it does not match. */
static bool cut_out(const struct kg_column_def *def, struct kg_cell *cell,
                    struct kg_str *ret_text)
{
    regmatch_t match[KG_GROUPS_MAX];
    const char *text = kg_buf_cstr(&cell->text);
    const regmatch_t *group = &match[def->group];

    if (text == NULL ||
        regexec(&def->regex, text, KG_GROUPS_MAX, match, 0) != 0 ||
        group->rm_so < 0) {
        return false;
    }
    *ret_text =
        kg_str_of(text + group->rm_so, (size_t)(group->rm_eo - group->rm_so));
    return true;
}

static struct kg_value given(const struct kg_given *g,
                             const struct kg_run_values *run)
{
    return g->from_run ? run->values[g->field] : g->value;
}

static const char *apply(const struct kg_column_def *def,
                         const struct kg_run_values *run, enum kg_policy policy,
                         const char *why, struct kg_value *ret_value)
{
    if (policy == KG_POLICY_REJECT) {
        return why;
    }
    *ret_value = policy == KG_POLICY_DEFAULT
                     ? given(&def->fallback, run)
                     : (struct kg_value){.is_null = true};
    return NULL;
}

static const char *resolve_given(const struct kg_column_def *def,
                                 const struct kg_run_values *run,
                                 struct kg_value *ret_value)
{
    *ret_value = given(&def->given, run);
    return ret_value->is_null && def->source == KG_FROM_RUN
               ? apply(def, run, def->absent, "it is not known", ret_value)
               : NULL;
}

static const char *resolve(struct kg_cell *cell,
                           const struct kg_column_def *def,
                           const struct kg_run_values *run,
                           struct kg_value *ret_value)
{
    struct kg_str text;
    const char *why;

    if (def->source == KG_FROM_RUN || def->source == KG_FROM_CONST) {
        return resolve_given(def, run, ret_value);
    }
    if (cell == NULL || cell->state == KG_CELL_ABSENT) {
        return apply(def, run, def->absent, "it is absent", ret_value);
    }
    if (cell->state == KG_CELL_NULL || cell->state == KG_CELL_RAW_NULL) {
        return apply(def, run, def->null, "it is null", ret_value);
    }
    text = kg_buf_str(&cell->text);
    why = refuse_regex(def, cell, text);
    if (why == NULL && def->has_regex && !cut_out(def, cell, &text)) {
        return apply(def, run, def->absent, "its regex matches nothing",
                     ret_value);
    }
    if (why == NULL) {
        why = refuse(def, cell, text);
    }
    if (why != NULL) {
        return apply(def, run, def->mismatch, why, ret_value);
    }
    *ret_value = (struct kg_value){.text = text};
    return NULL;
}

const char *kg_cell_resolve(struct kg_cell *cell,
                            const struct kg_column_def *def,
                            const struct kg_run_values *run,
                            struct kg_value *ret_value)
{
    const char *why = resolve(cell, def, run, ret_value);

    return why == NULL && def->key && ret_value->is_null ? "a key is null"
                                                         : why;
}
