/* Every maximum of the program, with why. Bytes unless said otherwise. */
#ifndef KUBEGLEAN_LIMITS_H
#define KUBEGLEAN_LIMITS_H

#include <stddef.h>

#define KG_KIB ((size_t)1024)
#define KG_MIB (KG_KIB * 1024)

/* json: defaults of extract's options, and of every profile. */
#define KG_LIMIT_DEPTH        512          /* Far beyond any tool's report. */
#define KG_LIMIT_DEPTH_MAX    10000        /* What a user may ask for. */
#define KG_LIMIT_STRING       (1 * KG_MIB) /* KRR's largest cell is 305. */
#define KG_LIMIT_KEY          (4 * KG_KIB) /* Map keys are names of objects. */
#define KG_LIMIT_NUMBER       (1 * KG_KIB) /* numeric holds more digits. */
#define KG_LIMIT_ROW          (4 * KG_MIB) /* One row with its raw columns. */
#define KG_LIMIT_HELD         (8 * KG_MIB) /* Of rows that wait for a value. */
#define KG_LIMIT_REGEX_TEXT   (4 * KG_KIB) /* A regex may take its square. */
#define KG_LIMIT_UNPACK_RATIO 256 /* JSON is packed to a hundredth at most; */
#define KG_LIMIT_UNPACK_FREE  (16 * KG_MIB) /* so much may be more. */
#define KG_LIMIT_RESCAN       (64 * KG_KIB) /* Looked at again after a failure. */
#define KG_LIMIT_FOREIGN      (4 * KG_KIB) /* A line between a document's lines. */

/* cli */
#define KG_LIMIT_PRINT_HELD (1 * KG_MIB) /* Of a document, before a file is. */
#define KG_LIMIT_SEEN       49152        /* Keys, to count duplicates by. */

/* http, kube */
#define KG_LIMIT_RESPONSE   (8 * KG_MIB)  /* A whole answer that is kept. */
#define KG_LIMIT_HEADERS    (64 * KG_KIB) /* Of one answer. */
#define KG_LIMIT_URL        (8 * KG_KIB)  /* Label selectors are long. */
#define KG_LIMIT_QPS        400 /* Requests a second: 100 Jobs take 300. */
#define KG_LIMIT_BURST      800 /* A cluster's namespaces, listed at a start. */
#define KG_LIMIT_REQUESTS   100 /* At a time: servers take 100 on a connection. */
#define KG_LIMIT_KUBECONFIG (4 * KG_MIB) /* Many contexts with certificates. */
#define KG_LIMIT_CREDENTIAL \
    (1 * KG_MIB) /* A token; a bundle of CAs has 200 K. */

/* sink */
#define KG_LIMIT_BATCH_ROWS   1000         /* A report of more rows, */
#define KG_LIMIT_BATCH_BYTES  (1 * KG_MIB) /* or bytes, is staged. */
#define KG_LIMIT_GATHER_ROWS  5000 /* Reports that share a transaction, */
#define KG_LIMIT_GATHER_BYTES (2 * KG_MIB) /* which has a cost of its own. */
#define KG_LIMIT_NEW_ROWS     1000         /* Of them in a statement. */
#define KG_LIMIT_CONNECTIONS  2      /* A third gains nothing (measured). */
#define KG_LIMIT_REJECTS      100    /* Bad rows of a report written down. */
#define KG_LIMIT_CONNECT_MS   10000  /* Milliseconds to connect. */
#define KG_LIMIT_LEAVE_MS     1000   /* To end what hangs, when we leave. */
#define KG_LIMIT_ANSWER_MS    300000 /* Far beyond a large report\'s merge. */
#define KG_LIMIT_SINK_BINDS   (64 * KG_MIB) /* One statement's parameters. */
#define KG_LIMIT_SINK_ROWS    (8 * KG_MIB) /* A report's rows not yet staged. */
#define KG_LIMIT_SINK_BYTES   (8 * KG_MIB) /* All reports': then all stage. */
#define KG_LIMIT_STAGE_BYTES  (256 * KG_KIB) /* One staged piece. */

/* serve */
#define KG_LIMIT_SERVE_CONNECTIONS 64 /* Probes, a scraper, people. */
#define KG_LIMIT_SERVE_HEAD        (16 * KG_KIB) /* Of one request. */
#define KG_LIMIT_SERVE_URL         (2 * KG_KIB)
#define KG_LIMIT_SERVE_BODY        (64 * KG_KIB) /* Nothing takes one yet. */
#define KG_LIMIT_SERVE_ANSWER      (4 * KG_MIB)  /* /metrics, all series. */
#define KG_LIMIT_SERVE_TOKEN       (4 * KG_KIB)  /* A JWT is 1 KiB or so. */
#define KG_LIMIT_SERVE_IDLE_MS     90000 /* Scrapers come back each minute. */
#define KG_LIMIT_SERVE_REQUEST_MS  10000
#define KG_LIMIT_SERVE_ANSWER_MS   30000 /* A run is one Job per namespace. */
#define KG_LIMIT_SERVE_LINGER_MS   1000  /* For our last answer to arrive. */

/* configuration */
#define KG_LIMIT_CONFIG     (4 * KG_MIB)  /* One YAML file. */
#define KG_LIMIT_TREE       (64 * KG_MIB) /* Its tree, aliases expanded. */
#define KG_LIMIT_YAML_DEPTH 100           /* A Pod's spec has 12 levels. */

#endif /* KUBEGLEAN_LIMITS_H */
