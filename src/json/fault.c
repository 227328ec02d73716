/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include "profile_def.h"

void kg_fault_tell(const struct kg_frame *f, struct kg_error *e)
{
    unsigned long long at = f->found.to;

    switch (f->found.fault) {
    case KG_FAULT_SYNTAX:
        (void)kg_error_set(e, KG_ESYNTAX, 0, "%sbroken at byte %llu of the log",
                           f->options.strict ? "not one JSON text, " : "", at);
        break;
    case KG_FAULT_PART:
        (void)kg_error_set(e, KG_ESYNTAX, 0,
                           "a part of a document that began before the log, up "
                           "to byte %llu",
                           at);
        break;
    case KG_FAULT_CUT:
        (void)kg_error_set(e, KG_ESYNTAX, 0,
                           "the log ends inside it, at byte %llu", at);
        break;
    case KG_FAULT_DEPTH:
        (void)kg_error_set(e, KG_ELIMIT, 0,
                           "deeper than %zu at byte %llu (--max-depth)",
                           f->options.limits.depth, at);
        break;
    case KG_FAULT_STRING:
        (void)kg_error_set(
            e, KG_ELIMIT, 0,
            "a string above %zu bytes at byte %llu (--max-string)",
            f->options.limits.string, at);
        break;
    case KG_FAULT_KEY:
        (void)kg_error_set(e, KG_ELIMIT, 0,
                           "a name above %zu bytes at byte %llu (--max-key)",
                           f->options.limits.key, at);
        break;
    case KG_FAULT_NUMBER:
        (void)kg_error_set(
            e, KG_ELIMIT, 0,
            "a number above %zu bytes at byte %llu (--max-number)",
            f->options.limits.number, at);
        break;
    }
}

void kg_fault_tell_select(const struct kg_reader_limits *limits,
                          enum kg_errc why, bool held, struct kg_error *e)
{
    if (why != KG_ELIMIT) {
        (void)kg_error_set(e, why, 0, "the parser refuses it");
    } else if (held) {
        (void)kg_error_set(e, why, 0,
                           "more than %zu bytes of rows wait for a value that "
                           "comes behind them",
                           limits->held);
    } else {
        (void)kg_error_set(e, why, 0, "a row above %zu bytes", limits->row);
    }
}

void kg_fault_tell_rows(const struct kg_profile *p, bool wrong,
                        struct kg_error *e)
{
    (void)kg_error_set(
        e, KG_EDATA, 0, "rows: %.*s%s is %s", KG_STR_ARG(p->rows_text[0]),
        p->n_rows > 1 ? ", ..." : "", wrong ? "of the wrong type" : "absent");
}

void kg_fault_tell_packed(const struct kg_unpack_broken *b, struct kg_error *e)
{
    (void)kg_error_set(e, KG_EDATA, 0,
                       "it is packed from byte %llu of the log on, and broken "
                       "at byte %llu: %s",
                       (unsigned long long)b->from, (unsigned long long)b->to,
                       b->detail);
}

void kg_fault_tell_damage(const struct kg_reader_stats *s, struct kg_error *e)
{
    if (s->damaged == 0) {
        (void)kg_error_set(e, KG_ESYNTAX, 0,
                           "the log ends inside what may be a part of it");
        return;
    }
    (void)kg_error_set(e, KG_ESYNTAX, 0,
                       "bytes %llu to %llu of the log are broken or cut, and "
                       "may be a part of it",
                       (unsigned long long)s->damaged_from,
                       (unsigned long long)s->damaged_to);
}

void kg_fault_tell_head(struct kg_error *e)
{
    (void)kg_error_set(e, KG_ESYNTAX, 0,
                       "the log begins inside what may be a part of it");
}

const char *kg_fault_reason(const struct kg_frame *f, const char *ending)
{
    switch (f->found.fault) {
    case KG_FAULT_SYNTAX:
        return "cut";
    case KG_FAULT_PART:
        return "head_missing";
    case KG_FAULT_CUT:
        return ending;
    default:
        return "limit";
    }
}
