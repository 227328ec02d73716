/* SPDX-License-Identifier: MIT */
#include "select.h"

#include "kubeglean/heap.h"
#include "output.h"

/* --- life ---------------------------------------------------------------------- */

enum kg_errc kg_select_init(struct kg_select *s,
                            const struct kg_profile *profile,
                            const struct kg_run_info *run,
                            const struct kg_reader_limits *limits,
                            const struct kg_select_ops *ops, void *data)
{
    uint32_t n = profile->table.n_columns;
    size_t n_slots = profile->n_slots + 1; /* Never none at all. */

    *s = (struct kg_select){.profile = profile,
                            .ops = ops,
                            .data = data,
                            .max_row = limits->row,
                            .from = kg_calloc(n_slots, sizeof(*s->from)),
                            .cells = kg_calloc(n_slots, sizeof(*s->cells)),
                            .counts = kg_calloc(n_slots, sizeof(*s->counts)),
                            .met = kg_calloc(n_slots, sizeof(*s->met)),
                            .values = kg_calloc(n, sizeof(*s->values))};
    kg_run_values_init(&s->run, run);
    kg_held_init(&s->held, n, limits->held);
    for (uint32_t i = 0; s->cells != NULL && i < profile->n_slots; i++) {
        enum kg_source source = kg_profile_def_of(profile, i)->source;
        bool in_row = source == KG_FROM_PATH || source == KG_FROM_RAW;

        kg_buf_init(&s->cells[i].text, limits->row);
        s->in_row |= (uint64_t)in_row << i;
        s->counted |= (uint64_t)(source == KG_FROM_COUNT) << i;
    }
    if (kg_places_init(&s->places, &profile->trie) != KG_OK ||
        s->from == NULL || s->cells == NULL || s->counts == NULL ||
        s->met == NULL || s->values == NULL) {
        kg_select_finish(s);
        return KG_ENOMEM;
    }
    return KG_OK;
}

void kg_select_finish(struct kg_select *s)
{
    kg_held_clear(&s->held);
    for (size_t i = 0; s->cells != NULL && i < s->profile->n_slots; i++) {
        kg_buf_finish(&s->cells[i].text);
    }
    kg_places_finish(&s->places);
    kg_free(s->from);
    kg_free(s->cells);
    kg_free(s->counts);
    kg_free(s->met);
    kg_free(s->values);
}

void kg_select_let_pass(struct kg_select *s)
{
    uint64_t own = 0;

    for (size_t i = 0; i < s->profile->n_slots; i++) {
        const struct kg_slot *slot = &s->profile->slots[i];

        own |= (uint64_t)(slot->waits && slot->scope == 0) << i;
    }
    for (uint32_t i = 0; i < s->profile->table.n_columns; i++) {
        uint64_t slots = s->profile->defs[i].slots;

        s->may_pass |= (slots & ~own) == 0 ? slots : 0;
    }
}

static bool fail(struct kg_select *s, enum kg_errc err)
{
    s->err = err;
    return err == KG_OK;
}

/* --- raw text --------------------------------------------------------------------- */

/* The text of the scalar that ends here. A string's own quotes have a backslash
 * before them, the one that begins it never has. */
static struct kg_str token_text(const struct kg_select *s, enum kg_kind kind,
                                struct kg_str value)
{
    size_t end = kg_parse_at(s->parse);
    size_t from = end - (kind == KG_STRING ? 2 : value.len);

    while (kind == KG_STRING &&
           (s->piece.ptr[from] != '"' ||
            (from > 0 && s->piece.ptr[from - 1] == '\\'))) {
        from--;
    }
    return kg_str_of(s->piece.ptr + from, end - from);
}

static enum kg_errc capture_up_to(struct kg_select *s, uint32_t slot,
                                  size_t end)
{
    size_t from = s->from[slot];

    s->from[slot] = 0;
    return kg_buf_add(&s->cells[slot].text,
                      kg_str_of(s->piece.ptr + from, end - from));
}

static bool capture_scalar(struct kg_select *s, uint32_t slot,
                           enum kg_kind kind, struct kg_str text)
{
    struct kg_cell *cell = &s->cells[slot];

    cell->state = kind == KG_NULL ? KG_CELL_RAW_NULL : KG_CELL_RAW;
    kg_buf_reset(&cell->text);
    return fail(s, kg_buf_add(&cell->text, token_text(s, kind, text)));
}

static void capture_open(struct kg_select *s, uint32_t slot)
{
    s->cells[slot].state = KG_CELL_RAW;
    kg_buf_reset(&s->cells[slot].text);
    s->from[slot] = kg_parse_at(s->parse) - 1;
    s->capturing |= UINT64_C(1) << slot;
}

static bool capture_close(struct kg_select *s, uint32_t slot)
{
    s->capturing &= ~(UINT64_C(1) << slot);
    return fail(s, capture_up_to(s, slot, kg_parse_at(s->parse)));
}

void kg_select_piece(struct kg_select *s, struct kg_str piece)
{
    s->piece = piece;
}

enum kg_errc kg_select_piece_over(struct kg_select *s)
{
    for (uint64_t rest = s->capturing; rest != 0; rest &= rest - 1) {
        uint32_t slot = (uint32_t)__builtin_ctzll(rest);
        enum kg_errc err = capture_up_to(s, slot, s->piece.len);

        if (err != KG_OK) {
            return err;
        }
    }
    return KG_OK;
}

/* --- actions ------------------------------------------------------------------------ */

/* Values of the row before; those of parents stay as far as they reach. */
static void begin_row(struct kg_select *s, uint32_t rows)
{
    s->rows = rows;
    s->seen.rows |= UINT64_C(1) << rows;
    for (uint64_t rest = s->in_row; rest != 0; rest &= rest - 1) {
        s->cells[__builtin_ctzll(rest)].state = KG_CELL_ABSENT;
    }
    for (uint64_t rest = s->counted; rest != 0; rest &= rest - 1) {
        s->counts[__builtin_ctzll(rest)] = 0;
    }
}

static enum kg_errc set_count(struct kg_cell *cell, uint64_t count)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    return kg_cell_set(cell, KG_NUMBER,
                       kg_str_of(digits + at, sizeof(digits) - at));
}

static bool end_row(struct kg_select *s)
{
    for (uint64_t rest = s->counted; rest != 0; rest &= rest - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(rest);

        s->seen.slots |= (uint64_t)(s->counts[i] > 0) << i;
        if (!fail(s, set_count(&s->cells[i], s->counts[i]))) {
            return false;
        }
    }
    return kg_output_row(s);
}

static bool note_match(struct kg_select *s, const struct kg_action *a)
{
    uint64_t all = UINT64_MAX >> (64 - s->profile->n_demands);

    s->seen.matches |= UINT64_C(1) << a->slot;
    s->met_demands |= UINT64_C(1) << a->condition;
    return s->matched || s->met_demands != all || kg_output_matched(s);
}

/* What a path of rows needs where it first branches out. */
static void note_rows(struct kg_select *s, uint32_t number, enum kg_kind kind)
{
    const struct kg_path *rows = &s->profile->rows[number];
    size_t certain = kg_path_certain(rows, 0);
    bool right = true;

    if (certain < rows->n_steps) {
        right =
            kind == (rows->steps[certain].kind == KG_STEP_ELEMENTS ? KG_ARRAY
                                                                   : KG_OBJECT);
    }
    s->rows_found = s->rows_found || right;
    s->rows_wrong =
        s->rows_wrong ||
        (!right && !(kind == KG_NULL && s->profile->may_lack_rows) &&
         (certain > 0 || s->profile->n_rows == 1));
}

static void note_condition(struct kg_select *s, const struct kg_action *a,
                           enum kg_kind kind, struct kg_str text)
{
    const struct kg_condition *c =
        &kg_profile_def_of(s->profile, a->slot)->where[a->condition];
    uint8_t bit = (uint8_t)(1u << a->condition);

    if (c->kind == kind && kg_str_eq(c->text, text)) {
        s->met[a->slot] |= bit;
    } else {
        s->met[a->slot] &= (uint8_t)~bit;
    }
}

static bool note_parent(struct kg_select *s, uint32_t slot, enum kg_kind kind,
                        struct kg_str text)
{
    s->seen.slots |= UINT64_C(1) << slot;
    return fail(s, kg_cell_set(&s->cells[slot], kind, text)) &&
           kg_output_parent(s, slot);
}

/* What a parent's value is for is over. A document's own is still asked for when
 * it had no rows. */
static bool end_scope(struct kg_select *s, uint32_t slot)
{
    bool go_on =
        s->cells[slot].state != KG_CELL_ABSENT || kg_output_parent(s, slot);

    if (s->profile->slots[slot].scope > 0) {
        s->cells[slot].state = KG_CELL_ABSENT;
    }
    return go_on;
}

static bool on_scalar_action(struct kg_select *s, const struct kg_action *a,
                             enum kg_kind kind, struct kg_str text)
{
    switch (a->kind) {
    case KG_ACT_MATCH:
        return note_match(s, a);
    case KG_ACT_ROWS:
        note_rows(s, a->slot, kind);
        return true;
    case KG_ACT_ROW:
        begin_row(s, a->slot);
        return true;
    case KG_ACT_VALUE:
        return fail(s, kg_cell_set(&s->cells[a->slot], kind, text));
    case KG_ACT_RAW:
        return capture_scalar(s, a->slot, kind, text);
    case KG_ACT_COUNT:
        s->counts[a->slot] +=
            kg_profile_def_of(s->profile, a->slot)->n_where == 0;
        return true;
    case KG_ACT_COUNTED:
        s->counts[a->slot] = 0;
        return true;
    case KG_ACT_CONDITION:
        note_condition(s, a, kind, text);
        return true;
    case KG_ACT_PARENT:
        return note_parent(s, a->slot, kind, text);
    case KG_ACT_ROW_END:
        return end_row(s);
    case KG_ACT_SCOPE:
        return end_scope(s, a->slot);
    default:
        return true;
    }
}

static bool on_open_action(struct kg_select *s, const struct kg_action *a,
                           enum kg_kind kind)
{
    switch (a->kind) {
    case KG_ACT_RAW:
        capture_open(s, a->slot);
        return true;
    case KG_ACT_COUNT:
        s->met[a->slot] = 0;
        return true;
    case KG_ACT_SCOPE:
    case KG_ACT_ROW_END:
        return true;
    default:
        return on_scalar_action(s, a, kind, KG_STR(""));
    }
}

static void count_object(struct kg_select *s, uint32_t slot)
{
    s->counts[slot] += s->met[slot] ==
                       (1u << kg_profile_def_of(s->profile, slot)->n_where) - 1;
}

static bool on_close_action(struct kg_select *s, const struct kg_action *a)
{
    switch (a->kind) {
    case KG_ACT_RAW:
        return capture_close(s, a->slot);
    case KG_ACT_COUNT:
        count_object(s, a->slot);
        return true;
    case KG_ACT_ROW_END:
        return end_row(s);
    case KG_ACT_SCOPE:
        return end_scope(s, a->slot);
    default:
        return true;
    }
}

/* --- tokens ------------------------------------------------------------------------ */

/* Goes through the actions of a value. */
struct cursor {
    size_t place;
    const struct kg_action *action, *end;
};

/* NULL behind the last. */
static inline const struct kg_action *next_action(const struct kg_select *s,
                                                  struct cursor *c)
{
    while (c->action == c->end) {
        const struct kg_trie_node *node;

        if (c->place == s->places.n) {
            return NULL;
        }
        node = kg_places_node(&s->places, c->place++);
        c->action = &s->places.trie->actions[node->action];
        c->end = c->action + node->n_actions;
    }
    return c->action++;
}

static bool on_scalar(void *data, enum kg_kind kind, struct kg_str text)
{
    struct kg_select *s = data;
    struct cursor c = {0};
    const struct kg_action *a;

    if (s->places.n_dead > 0) {
        return true;
    }
    kg_places_value(&s->places);
    while ((a = next_action(s, &c)) != NULL) {
        if (!on_scalar_action(s, a, kind, text)) {
            return false;
        }
    }
    return true;
}

static bool on_name(void *data, struct kg_str name)
{
    struct kg_select *s = data;
    struct cursor c = {0};
    const struct kg_action *a;

    if (s->places.n_dead > 0) {
        return true;
    }
    kg_places_name(&s->places, name);
    while ((a = next_action(s, &c)) != NULL) {
        if (a->kind == KG_ACT_MAP_KEY &&
            !fail(s, kg_cell_set(&s->cells[a->slot], KG_STRING, name))) {
            return false;
        }
    }
    return true;
}

static bool on_open(void *data, enum kg_kind kind)
{
    struct kg_select *s = data;
    struct cursor c = {0};
    const struct kg_action *a;

    kg_places_value(&s->places);
    while ((a = next_action(s, &c)) != NULL) {
        if (!on_open_action(s, a, kind)) {
            return false;
        }
    }
    kg_places_open(&s->places, kind);
    return true;
}

static bool on_close(void *data, enum kg_kind kind)
{
    struct kg_select *s = data;
    struct cursor c = {0};
    const struct kg_action *a;

    (void)kind;
    kg_places_close(&s->places);
    if (s->places.n_dead > 0) {
        return true;
    }
    while ((a = next_action(s, &c)) != NULL) {
        if (!on_close_action(s, a)) {
            return false;
        }
    }
    return true;
}

void kg_select_tally(struct kg_select *s, const struct kg_tally *tally)
{
    struct cursor c = {0};
    const struct kg_action *a;

    kg_places_value(&s->places);
    while ((a = next_action(s, &c)) != NULL) {
        s->counts[a->slot] +=
            kg_profile_def_of(s->profile, a->slot)->n_where == 0 ? tally->n_all
                                                                 : tally->n_met;
    }
}

const struct kg_parse_ops kg_select_tokens = {.scalar_cb = on_scalar,
                                              .name_cb = on_name,
                                              .open_cb = on_open,
                                              .close_cb = on_close};

/* --- a document --------------------------------------------------------------------------- */

enum kg_errc kg_select_begin(struct kg_select *s, const struct kg_parse *parse)
{
    s->parse = parse;
    s->err = KG_OK;
    s->held_full = false;
    s->matched = false;
    s->rows_found = false;
    s->rows_wrong = false;
    s->met_demands = 0;
    s->passing = 0;
    kg_places_begin(&s->places);
    s->capturing = 0;
    for (size_t i = 0; i < s->profile->n_slots; i++) {
        s->cells[i].state = KG_CELL_ABSENT;
    }
    return s->profile->n_demands > 0 || kg_output_matched(s) ? KG_OK : s->err;
}

void kg_select_presume(struct kg_select *s)
{
    s->matched = true;
}

bool kg_select_met(const struct kg_select *s, size_t path)
{
    const struct kg_profile *p = s->profile;

    if (path < p->n_rows) {
        return (s->seen.rows >> path & 1) != 0;
    }
    path -= p->n_rows;
    if (path < p->n_matches) {
        return (s->seen.matches >> path & 1) != 0;
    }
    return (s->seen.slots >> (path - p->n_matches) & 1) != 0;
}

void kg_select_end(struct kg_select *s)
{
    kg_held_clear(&s->held);
}
