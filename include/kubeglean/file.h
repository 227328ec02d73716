/* Whole small files, read while nothing else waits: at start-up, or on a thread
 * of libuv's pool. */
#ifndef KUBEGLEAN_FILE_H
#define KUBEGLEAN_FILE_H

#include "kubeglean/buf.h"

/* Adds the content of `path` ("-": standard input) to `out`. KG_EIO with errno
 * and a sentence that names the file; KG_ELIMIT: it is longer than `out` may
 * be; KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_file_read(const char *path, struct kg_buf *out,
                                      struct kg_error *e);

#endif /* KUBEGLEAN_FILE_H */
