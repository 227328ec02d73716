/* The bytes of a file, or of standard input, as they come. */
#ifndef KG_CLI_INPUT_H
#define KG_CLI_INPUT_H

#include "kubeglean/error.h"
#include "kubeglean/str.h"

enum { KG_INPUT_BLOCK = 128 * 1024 };

/* A shorter block than KG_INPUT_BLOCK: nothing more is there at the moment.
 * False stops. */
typedef bool (*kg_input_block_cb)(void *data, struct kg_str block);

/* What messages call `path`: "-" is standard input. */
const char *kg_input_name(const char *path);
/* Calls back for each block until the end. KG_ECANCELED: the callback stopped
 * it; KG_EIO, KG_ENOMEM: `e` tells why, without the name. A large file is mapped:
 * if it is cut meanwhile the process says so and ends, exit code 1. */
KG_MUST_USE enum kg_errc kg_input_read(const char *path, kg_input_block_cb cb,
                                       void *data, struct kg_error *e);

#endif /* KG_CLI_INPUT_H */
