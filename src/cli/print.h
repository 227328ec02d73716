/* A verb's standard output: buffered, and held back where it must be whole.
 *
 *     PASSING --hold--> HOLDING --release--> PASSING (all of it went out)
 *                          '------drop-----> PASSING (none of it did)
 *
 * What is held beyond KG_LIMIT_PRINT_HELD goes to an unlinked file in TMPDIR, so
 * that memory is bounded. */
#ifndef KG_CLI_PRINT_H
#define KG_CLI_PRINT_H

#include "kubeglean/buf.h"

enum kg_print_state { KG_PRINT_PASSING, KG_PRINT_HOLDING };

struct kg_print {
    enum kg_print_state state; /* Read-only. */
    int fd;                    /* Private: where it goes, */
    int file;                  /* Private: or waits; -1: nothing there. */
    struct kg_buf passing;     /* Private. */
    struct kg_buf held;        /* Private: what follows the file. */
    struct kg_error error;     /* Read-only: the first one. */
};

/* Borrows `fd`. */
void kg_print_init(struct kg_print *p, int fd);
void kg_print_finish(struct kg_print *p);
/* Of the terminal that it writes to, in characters; 0: it is none. */
size_t kg_print_width(const struct kg_print *p);
/* KG_EIO (closed pipe, full disk), KG_ENOMEM: p->error tells, and all further
 * calls fail alike. */
KG_MUST_USE enum kg_errc kg_print_add(struct kg_print *p, struct kg_str text);
void kg_print_hold(struct kg_print *p);
KG_MUST_USE enum kg_errc kg_print_release(struct kg_print *p);
void kg_print_drop(struct kg_print *p);
/* What is not held goes out now. */
KG_MUST_USE enum kg_errc kg_print_flush(struct kg_print *p);

#endif /* KG_CLI_PRINT_H */
