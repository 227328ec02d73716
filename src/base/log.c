/* SPDX-License-Identifier: MIT */
#include "kubeglean/log.h"

#include <stdio.h>
#include <unistd.h>

#include "kubeglean/clock.h"

enum {
    LINE_MAX_BYTES = 8192,
    END_MAX_BYTES = 32, /* That it was cut, and its newline. */
};

/* What a process logs, and where to, is one decision for the whole process. */
static struct {
    enum kg_log_level level;
    enum kg_log_format format;
    kg_log_line_cb line_cb;
    void *data;
} setup = {.level = KG_LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void kg_log_setup(enum kg_log_level level, enum kg_log_format format)
{
    setup.level = level;
    setup.format = format;
}

bool kg_log_enabled(enum kg_log_level level)
{
    return level >= setup.level;
}

void kg_log_to(kg_log_line_cb line_cb, void *data)
{
    setup.line_cb = line_cb;
    setup.data = data;
}

static bool is_bare(struct kg_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f) {
            return false;
        }
    }
    return text.len > 0;
}

enum kg_errc kg_log_pair(struct kg_buf *b, const char *name, struct kg_str text)
{
    size_t len = kg_buf_len(b);
    bool first = len == 0 || kg_buf_str(b).ptr[len - 1] == '\n';
    enum kg_errc err = kg_buf_addf(b, "%s%s=", first ? "" : " ", name);

    if (err == KG_OK) {
        err = is_bare(text) ? kg_buf_add(b, text) : kg_buf_add_json(b, text);
    }
    if (err != KG_OK) {
        kg_buf_truncate(b, len);
    }
    return err;
}

static enum kg_errc json_pair(struct kg_buf *b, const char *name,
                              struct kg_str text)
{
    size_t len = kg_buf_len(b);
    enum kg_errc err = kg_buf_adds(b, len > 0 ? "," : "{");

    if (err == KG_OK) {
        err = kg_buf_add_json(b, kg_str_from(name));
    }
    if (err == KG_OK) {
        err = kg_buf_addc(b, ':');
    }
    if (err == KG_OK) {
        err = kg_buf_add_json(b, text);
    }
    if (err != KG_OK) {
        kg_buf_truncate(b, len);
    }
    return err;
}

static enum kg_errc pair(struct kg_buf *b, const char *name, struct kg_str text)
{
    return setup.format == KG_LOG_JSON ? json_pair(b, name, text)
                                       : kg_log_pair(b, name, text);
}

static enum kg_errc field_pair(struct kg_buf *b, const struct kg_field *field)
{
    char number[24];
    int len;

    if (field->text.ptr != NULL) {
        return field->text.len > 0 ? pair(b, field->name, field->text) : KG_OK;
    }
    len = snprintf(number, sizeof(number), "%llu",
                   (unsigned long long)field->number);
    if (setup.format == KG_LOG_JSON) {
        return kg_buf_addf(b, ",\"%s\":%s", field->name, number);
    }
    return pair(b, field->name, kg_str_of(number, (size_t)len));
}

/* What no line is without. */
static enum kg_errc add_head(struct kg_buf *b, enum kg_log_level level,
                             const char *msg)
{
    char now[KG_TIME_TEXT_MAX];
    enum kg_errc err;

    err = pair(b, "time", kg_str_from(kg_time_format(kg_clock_now_us(), now)));
    if (err == KG_OK) {
        err = pair(b, "level", kg_str_from(level_names[level]));
    }
    return err == KG_OK ? pair(b, "msg", kg_str_from(msg)) : err;
}

/* The fields up to the first for which there is no room, which is said. */
static enum kg_errc add_fields(struct kg_buf *b, const struct kg_field *fields,
                               size_t n_fields)
{
    enum kg_errc err = KG_OK;

    b->max = LINE_MAX_BYTES;
    for (size_t i = 0; err == KG_OK && i < n_fields; i++) {
        err = field_pair(b, &fields[i]);
    }
    b->max = LINE_MAX_BYTES + END_MAX_BYTES;
    if (err != KG_OK) {
        const struct kg_field cut = KG_F("cut", kg_errc_name(err));

        err = field_pair(b, &cut);
    }
    return err == KG_OK
               ? kg_buf_adds(b, setup.format == KG_LOG_JSON ? "}\n" : "\n")
               : err;
}

static void write_line(struct kg_str line)
{
    if (setup.line_cb != NULL) {
        setup.line_cb(setup.data, line);
        return;
    }
    /* Nobody is left to tell when standard error is gone. */
    (void)!write(STDERR_FILENO, line.ptr, line.len);
}

/* Level and message are constants: they need no escaping. */
static void write_without_memory(enum kg_log_level level, const char *msg)
{
    (void)fprintf(stderr,
                  setup.format == KG_LOG_JSON
                      ? "{\"level\":\"%s\",\"msg\":\"%s\",\"cut\":\"ENOMEM\"}\n"
                      : "level=%s msg=\"%s\" cut=ENOMEM\n",
                  level_names[level], msg);
}

void kg_log(enum kg_log_level level, const char *msg,
            const struct kg_field *fields, size_t n_fields)
{
    struct kg_buf line;

    if (!kg_log_enabled(level)) {
        return;
    }
    kg_buf_init(&line, LINE_MAX_BYTES + END_MAX_BYTES);
    if (add_head(&line, level, msg) == KG_OK &&
        add_fields(&line, fields, n_fields) == KG_OK) {
        write_line(kg_buf_str(&line));
    } else {
        write_without_memory(level, msg);
    }
    kg_buf_finish(&line);
}
