/* SPDX-License-Identifier: MIT */
#include "interest.h"

enum kg_errc kg_interest_init(struct kg_interest *i, const struct kg_trie *trie)
{
    *i = (struct kg_interest){.n_whole = 0};
    return kg_places_init(&i->places, trie);
}

void kg_interest_finish(struct kg_interest *i)
{
    kg_places_finish(&i->places);
}

void kg_interest_begin(struct kg_interest *i)
{
    kg_places_begin(&i->places);
    i->n_whole = 0;
    i->unknown = false;
}

bool kg_interest_name(struct kg_interest *i, struct kg_str name, bool escaped)
{
    if (i->n_whole > 0) {
        return true;
    }
    i->unknown = escaped;
    kg_places_name(&i->places, name);
    return i->unknown || i->places.n > 0;
}

static bool is_whole(const struct kg_interest *i)
{
    bool whole = i->unknown;

    for (size_t k = 0; k < i->places.n; k++) {
        whole = whole || kg_places_node(&i->places, k)->whole;
    }
    return whole;
}

static bool is_text(const struct kg_interest *i)
{
    bool text = !i->unknown;

    for (size_t k = 0; k < i->places.n; k++) {
        text = text && kg_places_node(&i->places, k)->as_text;
    }
    return text;
}

static bool is_counted(const struct kg_interest *i, enum kg_kind kind)
{
    return kind == KG_ARRAY && i->places.n == 1 &&
           kg_places_node(&i->places, 0)->counted;
}

enum kg_wanted kg_interest_open(struct kg_interest *i, enum kg_kind kind)
{
    enum kg_wanted wanted;

    if (i->n_whole > 0) {
        i->n_whole++;
        return KG_WANTED_TOKENS;
    }
    kg_places_value(&i->places);
    if (!is_whole(i)) {
        wanted = is_counted(i, kind) ? KG_WANTED_TALLY : KG_WANTED_TOKENS;
        kg_places_open(&i->places, kind);
        return wanted;
    }
    wanted = is_text(i) ? KG_WANTED_TEXT : KG_WANTED_TOKENS;
    i->n_whole = 1;
    i->unknown = false;
    return wanted;
}

struct kg_tally kg_interest_tally(const struct kg_interest *i)
{
    const struct kg_trie_node *array = kg_places_node(&i->places, 0);
    const struct kg_condition *c = array->counted_if;

    return c != NULL ? (struct kg_tally){.name = c->name, .value = c->text}
                     : (struct kg_tally){.n_all = 0};
}

void kg_interest_close(struct kg_interest *i)
{
    if (i->n_whole > 0) {
        i->n_whole--;
        return;
    }
    kg_places_close(&i->places);
}
