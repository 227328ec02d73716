/* Which proxy leads to a server: the environment's, as Go's programs, and so
 * kubectl, find it. */
#ifndef KG_KUBE_PROXY_H
#define KG_KUBE_PROXY_H

#include "kubeglean/str.h"

/* HTTPS_PROXY or HTTP_PROXY, by the server's scheme, in capitals or not; NULL
 * when there is none, or NO_PROXY or no_proxy has the server, or it is this
 * machine. Borrowed from the environment. */
const char *kg_proxy_of_environment(const char *server);
/* Whether the list has the host: "*"; "a.b" with all below it; ".a.b" or
 * "*.a.b", what is below; addresses and networks ("10.0.0.0/8"); each but the
 * networks with a port or without. Exported for its tests. */
bool kg_proxy_excludes(struct kg_str list, struct kg_str host,
                       struct kg_str port);
/* "http", "https", "socks5" or "socks5h", as Kubernetes has it. */
bool kg_proxy_is_known(const char *url);

#endif /* KG_KUBE_PROXY_H */
