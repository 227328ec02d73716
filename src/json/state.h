/* What a frame may read next. */
#ifndef KG_JSON_STATE_H
#define KG_JSON_STATE_H

/* The order groups them: kg_grammar_is_inside() and _is_in_token() are ranges. */
enum kg_grammar_state {
    NOISE,       /* Outside: looking for an opener. */
    START,       /* strict: white space, then the value. */
    FIRST_NAME,  /* { was read: a name, or }. */
    FIRST_VALUE, /* [ was read: a value, or ]. */
    NAME,        /* An object's comma was read. */
    COLON,       /* A name was read. */
    VALUE,       /* A colon or an array's comma was read. */
    NEXT,        /* A value was read: a comma or a closer. */
    CLOSER,      /* The same, and a line was taken out: a closer. */
    TEXT,        /* Inside a string, */
    ESCAPE,      /* behind its backslash, */
    HEX,         /* in \u's digits, */
    SEQUENCE,    /* in a character of several bytes. */
    SCALAR,      /* Inside a number or a literal. */
    DRAIN,       /* Behind a limit: outside strings, */
    DRAIN_TEXT,  /* inside one, */
    DRAIN_BACKSLASH,
    JUDGE,    /* Closed; what follows says if it was a document. */
    DEAD,     /* strict: it was not. */
    BREAKING, /* Given up; its last tokens are being handed on. */
};

#endif /* KG_JSON_STATE_H */
