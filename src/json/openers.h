/* Which openers in noise may begin a document.
 *
 * Most are none: brackets of a log's line, a terminal's colours, what a program
 * printed of its maps. The bytes behind them tell, if they are there. What is
 * refused here is what the grammar would give up before it has met a whole name
 * or element: looking ahead changes what it costs, and not what is found. */
#ifndef KG_JSON_OPENERS_H
#define KG_JSON_OPENERS_H

#include "kubeglean/profile.h"

/* Longer ones behind a bracket are not judged before they were read. */
enum { KG_OPENERS_TOKEN_MAX = 64 };

struct kg_openers {
    enum kg_root root;
    size_t number; /* A longer one is told as such, and not refused here. */
    bool wide;     /* bytes.h: 16 bytes at a time. */
};

/* Where the first one in `s` is; s.len: there is none. */
size_t kg_openers_find(const struct kg_openers *o, struct kg_str s);

#endif /* KG_JSON_OPENERS_H */
