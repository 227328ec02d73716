/* What `kubeglean profiles` has in more than one file. */
#ifndef KG_CLI_PROFILES_H
#define KG_CLI_PROFILES_H

#include "cli.h"
#include "kubeglean/profile.h"
#include "printed.h"

/* A table that is no profile's: columns whose width is their type's. */
struct kg_sheet {
    struct kg_table_def table; /* Private. */
    struct kg_printed printed; /* Private. */
    enum kg_errc err;          /* Read-only: the first one. */
};

/* Prints the head. Borrows `columns` and `print`. */
void kg_sheet_begin(struct kg_sheet *s, const struct kg_column *columns,
                    uint32_t n_columns, struct kg_print *print);
void kg_sheet_add(struct kg_sheet *s, const struct kg_value *values);
/* For a cell; borrows `text`. */
static inline struct kg_value kg_sheet_text(const char *text)
{
    return (struct kg_value){.text = kg_str_from(text)};
}
/* KG_ENOMEM, or what the print said. */
KG_MUST_USE enum kg_errc kg_sheet_end(struct kg_sheet *s);

/* `profiles test`: what `profile` makes of the logs. */
enum kg_exit kg_profiles_test(const struct kg_profile *profile,
                              const struct kg_run_info *run, char **logs);

#endif /* KG_CLI_PROFILES_H */
