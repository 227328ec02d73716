/* Lines for people and machines, on standard error: logfmt or JSON.
 *
 *     KG_LOG(KG_LOG_WARN, "watch ended", KG_F("watch", "jobs"),
 *            KG_F("err", e->text), KG_FU("retry_ms", wait_ms));
 *     time=2026-11-22T09:42:00.123Z level=warn msg="watch ended" watch=jobs ...
 *
 * Only the edge logs (agent, cli, and the shells of kube, sink, serve), once,
 * with the object; base, json and glean never do. No secret is ever a field. */
#ifndef KUBEGLEAN_LOG_H
#define KUBEGLEAN_LOG_H

#include "kubeglean/buf.h"

enum kg_log_level { KG_LOG_DEBUG, KG_LOG_INFO, KG_LOG_WARN, KG_LOG_ERROR };
enum kg_log_format { KG_LOG_LOGFMT, KG_LOG_JSON };

struct kg_field {
    const char *name;
    struct kg_str text; /* When .ptr is not NULL, */
    uint64_t number;    /* else this. */
};

#define KG_F(name, text)             \
    {                                \
        (name), kg_str_from(text), 0 \
    }
#define KG_FS(name, str) \
    {                    \
        (name), (str), 0 \
    }
#define KG_FU(name, number)         \
    {                               \
        (name), {NULL, 0}, (number) \
    }

#define KG_LOG(level, msg, ...)                                            \
    do {                                                                   \
        const struct kg_field kg_fields[] = {{NULL, {NULL, 0}, 0},         \
                                             __VA_ARGS__};                 \
        kg_log((level), (msg), kg_fields + 1, KG_COUNT_OF(kg_fields) - 1); \
    } while (0)

/* Lines below `level` are not written. Default: info, logfmt. */
void kg_log_setup(enum kg_log_level level, enum kg_log_format format);
bool kg_log_enabled(enum kg_log_level level);
/* Who gets each whole line, newline included. NULL: standard error. The line
 * is borrowed. A progress line on a terminal uses this to step aside. */
typedef void (*kg_log_line_cb)(void *data, struct kg_str line);
void kg_log_to(kg_log_line_cb line_cb, void *data);
/* A field whose text is empty is left out: it has nothing to say. A line longer
 * than 8 KiB is cut, and says so. */
void kg_log(enum kg_log_level level, const char *msg,
            const struct kg_field *fields, size_t n_fields);
/* One logfmt pair, quoted where needed, a blank before it unless `b` is empty
 * or ends with a newline. */
KG_MUST_USE enum kg_errc kg_log_pair(struct kg_buf *b, const char *name,
                                     struct kg_str text);

#endif /* KUBEGLEAN_LOG_H */
