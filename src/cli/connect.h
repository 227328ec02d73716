/* The options of each verb that talks to a cluster, with kubectl's names and
 * meanings: one table, which a verb's own holds as a group.
 *
 *     struct values {
 *         const char *profile;
 *         struct kg_connect connect;
 *     };
 *     static const struct kg_option options[] = {
 *         {.name = "profile", ...},
 *         KG_CONNECT_GROUP(struct values, connect),
 *         {0}};
 *
 *     rc = kg_connect_load(&v.connect, &kubeconfig, &e); */
#ifndef KG_CLI_CONNECT_H
#define KG_CLI_CONNECT_H

#include "kubeglean/kubeconfig.h"
#include "options.h"

struct kg_connect {
    const char *kubeconfig;
    struct kg_texts as_groups;
    struct kg_kubeconfig_overrides over;
};

extern const struct kg_option kg_connect_options[];

#define KG_CONNECT_GROUP(values, member)                                   \
    {                                                                      \
        .name = "The cluster, as kubectl has it", .type = KG_OPTION_GROUP, \
        .group = kg_connect_options, .at = offsetof(values, member)        \
    }

/* Reads where the cluster is and who we are there; "-" is standard input. What
 * is secret is taken out of the arguments, which everybody may read in the list
 * of processes: it can be loaded once. KG_ECONFIG, KG_EIO, KG_ENOMEM. */
KG_MUST_USE enum kg_errc kg_connect_load(const struct kg_connect *c,
                                         struct kg_kubeconfig *ret_config,
                                         struct kg_error *e);

#endif /* KG_CLI_CONNECT_H */
