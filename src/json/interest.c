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

bool kg_interest_open(struct kg_interest *i, enum kg_kind kind)
{
    bool text;

    if (i->n_whole > 0) {
        i->n_whole++;
        return false;
    }
    kg_places_value(&i->places);
    if (!is_whole(i)) {
        kg_places_open(&i->places, kind);
        return false;
    }
    text = is_text(i);
    i->n_whole = 1;
    i->unknown = false;
    return text;
}

void kg_interest_close(struct kg_interest *i)
{
    if (i->n_whole > 0) {
        i->n_whole--;
        return;
    }
    kg_places_close(&i->places);
}
