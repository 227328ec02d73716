/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include "kubeglean/heap.h"

static void pem_finish(struct kg_http_pem *pem)
{
    if (pem->text.ptr != NULL) {
        explicit_bzero((char *)pem->text.ptr, pem->text.len);
        kg_free((char *)pem->text.ptr);
    }
    kg_free((char *)pem->file);
}

static bool pem_copy(struct kg_http_pem *to, const struct kg_http_pem *from)
{
    if (from->text.len > 0) {
        to->text.ptr = kg_strndup(from->text.ptr, from->text.len);
        to->text.len = to->text.ptr != NULL ? from->text.len : 0;
        return to->text.ptr != NULL;
    }
    to->file = from->file != NULL ? kg_strdup(from->file) : NULL;
    return from->file == NULL || to->file != NULL;
}

struct kg_identity *kg_identity_create(const struct kg_http_pem *ca,
                                       const struct kg_http_pem *cert,
                                       const struct kg_http_pem *key)
{
    struct kg_identity *id = kg_calloc(1, sizeof(*id));

    if (id == NULL) {
        return NULL;
    }
    id->n_holds = 1;
    if (!pem_copy(&id->ca, ca) || !pem_copy(&id->cert, cert) ||
        !pem_copy(&id->key, key)) {
        kg_identity_release(id);
        return NULL;
    }
    return id;
}

void kg_identity_hold(struct kg_identity *id)
{
    id->n_holds++;
}

void kg_identity_release(struct kg_identity *id)
{
    if (id == NULL || --id->n_holds > 0) {
        return;
    }
    pem_finish(&id->ca);
    pem_finish(&id->cert);
    pem_finish(&id->key);
    kg_free(id);
}

static CURLcode set_pem(CURL *easy, const struct kg_http_pem *pem,
                        CURLoption text_option, CURLoption file_option)
{
    struct curl_blob blob = {(void *)pem->text.ptr, pem->text.len,
                             CURL_BLOB_NOCOPY};

    if (pem->text.len > 0) {
        return curl_easy_setopt(easy, text_option, &blob);
    }
    if (pem->file != NULL) {
        return curl_easy_setopt(easy, file_option, pem->file);
    }
    return CURLE_OK;
}

CURLcode kg_identity_apply(const struct kg_identity *id, CURL *easy)
{
    CURLcode err = set_pem(easy, &id->ca, CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO);

    if (err == CURLE_OK) { /* An https proxy is known by the same, as in Go. */
        err = set_pem(easy, &id->ca, CURLOPT_PROXY_CAINFO_BLOB,
                      CURLOPT_PROXY_CAINFO);
    }
    if (err == CURLE_OK) {
        err = set_pem(easy, &id->cert, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT);
    }
    if (err == CURLE_OK) {
        err = set_pem(easy, &id->key, CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEY);
    }
    return err;
}
