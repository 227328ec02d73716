/* A file in TMPDIR that nobody else sees: for what must wait, and is too much
 * for memory. It is gone with its descriptor. */
#ifndef KG_CLI_TEMPORARY_H
#define KG_CLI_TEMPORARY_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

/* KG_EIO, with a text that names TMPDIR. The descriptor is the caller's. */
KG_MUST_USE enum kg_errc kg_temporary_open(int *ret_fd, struct kg_error *e);
/* All of `text`. KG_EIO. */
KG_MUST_USE enum kg_errc kg_temporary_write(int fd, struct kg_str text,
                                            struct kg_error *e);
/* From `at` on, `len` bytes or fewer; none at its end. KG_EIO. */
KG_MUST_USE enum kg_errc kg_temporary_read(int fd, uint64_t at, char *to,
                                           size_t len, size_t *ret_len,
                                           struct kg_error *e);

/* write() until all of `text` went to `fd`, which messages call `what`. KG_EIO. */
KG_MUST_USE enum kg_errc kg_write_all(int fd, struct kg_str text,
                                      const char *what, struct kg_error *e);

#endif /* KG_CLI_TEMPORARY_H */
