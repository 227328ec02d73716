/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/heap.h"

struct kg_str sim_note(const struct kg_node *root, const char *name)
{
    static const char *const prefixes[] = {"sim", "lab"};
    const struct kg_node *all = kg_node_path(root, "metadata.annotations");
    char key[200];

    for (size_t i = 0; i < KG_COUNT_OF(prefixes); i++) {
        const struct kg_node *n;

        (void)snprintf(key, sizeof(key), "%s/%s", prefixes[i], name);
        n = kg_node_get(all, key);
        if (n != NULL) {
            return n->text;
        }
    }
    return kg_str_of(NULL, 0);
}

struct kg_str sim_note_of(const struct kg_node *root, const char *name,
                          struct kg_str container)
{
    char own[200];
    struct kg_str text;

    (void)snprintf(own, sizeof(own), "%s.%.*s", name, KG_STR_ARG(container));
    text = sim_note(root, own);
    return text.ptr != NULL ? text : sim_note(root, name);
}

uint64_t sim_seconds_us(struct kg_str text, uint64_t otherwise_us)
{
    char *copy;
    char *end;
    double seconds;

    if (text.len == 0) {
        return otherwise_us;
    }
    copy = sim_cstr(text);
    seconds = strtod(copy, &end);
    if (*end != '\0' || !(seconds >= 0 && seconds < 1e9)) {
        seconds = (double)otherwise_us / 1e6;
    }
    kg_free(copy);
    return (uint64_t)(seconds * 1e6);
}

uint64_t sim_note_us(const struct kg_node *root, const char *name,
                     uint64_t otherwise_us)
{
    return sim_seconds_us(sim_note(root, name), otherwise_us);
}

uint64_t sim_note_number(const struct kg_node *root, const char *name,
                         uint64_t otherwise)
{
    uint64_t value;

    return kg_str_to_u64(sim_note(root, name), &value) ? value : otherwise;
}
