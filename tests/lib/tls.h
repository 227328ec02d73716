/* Certificates made by openssl, and its s_server as the other side. */
#ifndef KT_TLS_H
#define KT_TLS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* A certificate of 127.0.0.1 and in.cert, signed by itself; false when there is
 * no openssl. */
bool kt_tls_make_cert(const char *key, const char *cert);

struct kt_s_server {
    pid_t pid;
    FILE *said;
    char url[64]; /* "https://127.0.0.1:12345" */
};

/* `demand` is NULL, or a file of certificates that clients must come from. The
 * answers are files below `dir`, with their heads; without one, a page. */
void kt_s_server_start(struct kt_s_server *s, const char *cert, const char *key,
                       const char *demand, const char *dir);
void kt_s_server_stop(struct kt_s_server *s);

#endif /* KT_TLS_H */
