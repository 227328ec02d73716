/* One Task document, checked. */
#ifndef KG_CONFIG_TASK_H
#define KG_CONFIG_TASK_H

#include "files.h"

/* Into `*ret_task`, which kg_task_finish() frees; what it borrows lives in
 * `files`. `document` is of `file`. */
KG_MUST_USE enum kg_errc kg_task_read(struct kg_config_files *files,
                                      struct config_file *file,
                                      const struct kg_node *document,
                                      struct kg_task_config *ret_task,
                                      struct kg_error *e);
void kg_task_finish(struct kg_task_config *t);

extern const char *const kg_config_api_versions[]; /* Ended by NULL. */

#endif /* KG_CONFIG_TASK_H */
