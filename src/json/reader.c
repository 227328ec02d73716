/* SPDX-License-Identifier: MIT */
#include "kubeglean/reader.h"

#include "bounds.h"
#include "doubt.h"
#include "fault.h"
#include "kubeglean/heap.h"
#include "output.h"
#include "tell.h"
#include "unpack.h"
#include <stdlib.h>

struct kg_reader {
    struct kg_reader_options options;
    struct kg_tell tell;
    struct kg_reader_stats stats;
    enum kg_errc err; /* What every further call returns. */
    struct kg_frame frame;
    struct kg_parse parse;       /* With a profile, */
    struct kg_select select;     /* this, */
    struct kg_interest interest; /* and this; */
    struct kg_unpack unpack;     /* of one that has an encoding. */

    bool reading; /* A document has been begun; */
    bool spoilt;  /* what is left of it is of no use. */
    struct kg_doubt doubt;
    uint64_t decoys;    /* Bytes of documents that did not match. */
    uint64_t unpacked;  /* Those, and noise, that were packed in the log. */
    uint64_t parsed;    /* Bytes that the parser met. */
    const char *ending; /* What finish() was given as reason. */

    bool open_end; /* The log ends inside something. */
};

static bool is_whole_log(const struct kg_reader *r)
{
    return r->options.profile != NULL &&
           kg_profile_unit(r->options.profile) == KG_UNIT_LOG;
}

/* --- reports ------------------------------------------------------------------- */

static bool fail(struct kg_reader *r, enum kg_errc err)
{
    if (r->err == KG_OK) {
        r->err = err;
    }
    return r->err == KG_OK;
}

/* What a callback said. */
static bool goes_on(struct kg_reader *r, bool said)
{
    return fail(r, said ? KG_OK : KG_ECANCELED);
}

static bool begin_report(struct kg_reader *r)
{
    return goes_on(r, kg_tell_begin(&r->tell, r->frame.found.from));
}

/* A report that has no row: of which scope? */
static const struct kg_value *empty_scope(struct kg_reader *r)
{
    const struct kg_profile *p = r->options.profile;

    if (p == NULL || !p->table.allow_empty ||
        r->tell.end.outcome != KG_COMPLETE || r->tell.end.n_rows > 0 ||
        r->tell.end.n_rejected > 0) {
        return NULL;
    }
    return kg_output_scope(&r->select);
}

/* What late rows lack. If a column refuses it, it refuses all of them. */
static const struct kg_value *late_values(struct kg_reader *r)
{
    const struct kg_value *values;

    if (r->tell.late == 0 || kg_tell_is_spoilt(&r->tell)) {
        return NULL;
    }
    values = kg_output_late(&r->select, &r->tell.why);
    if (values == NULL) {
        kg_tell_spoil(&r->tell, KG_REJECTED, "rows");
    }
    return values;
}

static bool end_report(struct kg_reader *r)
{
    r->tell.end.late = late_values(r);
    r->tell.end.scope = empty_scope(r);
    return goes_on(r, kg_tell_end(&r->tell));
}

static bool on_matched(void *data)
{
    return begin_report(data);
}

static bool on_row(void *data, const struct kg_value *values, uint64_t late)
{
    return kg_tell_row(&((struct kg_reader *)data)->tell, values, late);
}

static bool on_reject(void *data, const struct kg_value *values,
                      const char *column, const char *why)
{
    return kg_tell_reject(&((struct kg_reader *)data)->tell, values, column,
                          why);
}

static const struct kg_select_ops select_ops = {
    .matched_cb = on_matched, .row_cb = on_row, .reject_cb = on_reject};

/* --- documents ------------------------------------------------------------------- */

static bool is_report(const struct kg_reader *r)
{
    return r->options.profile == NULL ? r->tell.begun
                                      : r->reading && r->select.matched;
}

static bool begin_document(struct kg_reader *r)
{
    r->reading = true;
    r->spoilt = false;
    if (r->options.profile == NULL) {
        return begin_report(r);
    }
    kg_parse_begin(&r->parse);
    return fail(r, kg_select_begin(&r->select, &r->parse));
}

/* What the selection could not take costs this report, and no more. It is taken
 * for one if rows that waited for `match` were too many. */
static bool give_up(struct kg_reader *r, enum kg_errc err)
{
    if (err != KG_ELIMIT && err != KG_ESYNTAX) {
        return fail(r, err);
    }
    r->spoilt = true;
    if (err == KG_ELIMIT) {
        kg_select_presume(&r->select);
    }
    if (!is_report(r) || !begin_report(r) || kg_tell_is_spoilt(&r->tell)) {
        return r->err == KG_OK;
    }
    kg_fault_tell_select(&r->options.limits, err, r->select.held_full,
                         &r->tell.why);
    kg_tell_spoil(&r->tell, KG_INCOMPLETE, err == KG_ELIMIT ? "limit" : "cut");
    return true;
}

static bool select_from(struct kg_reader *r, struct kg_str piece)
{
    enum kg_errc err;

    if (r->frame.found.tally != NULL) {
        kg_select_tally(&r->select, r->frame.found.tally);
        return true;
    }
    kg_select_piece(&r->select, piece);
    if (r->frame.found.text) {
        err = kg_select_piece_over(&r->select);
        return err == KG_OK || give_up(r, err);
    }
    r->parsed += piece.len;
    err = kg_parse_feed(&r->parse,
                        kg_str_of(piece.ptr, piece.len + r->frame.found.blank));
    if (err == KG_OK) {
        err = kg_select_piece_over(&r->select);
    } else if (err == KG_ECANCELED) {
        err = r->select.err;
    }
    return err == KG_OK || give_up(r, err);
}

static bool read_piece(struct kg_reader *r)
{
    struct kg_str piece = r->frame.found.piece;

    if (!r->reading && !begin_document(r)) {
        return false;
    }
    if (r->spoilt) {
        return true;
    }
    if (r->options.profile != NULL) {
        return select_from(r, piece);
    }
    return goes_on(r, r->tell.ops->piece_cb(r->tell.data, piece));
}

static void stop_reading(struct kg_reader *r)
{
    if (r->reading && r->options.profile != NULL) {
        kg_parse_end(&r->parse);
        kg_select_end(&r->select);
    }
    r->reading = false;
}

/* The report has this document's share; it ends with it unless it is a log's. */
static bool end_document(struct kg_reader *r)
{
    bool report = is_report(r);

    if (report) {
        r->tell.end.n_nan += r->frame.found.n_nan;
        r->tell.end.len = r->frame.found.to - r->tell.end.offset;
        r->stats.nan += r->frame.found.n_nan;
        if (kg_doubt_is_in(&r->doubt, r->frame.found.from, r->frame.found.to)) {
            r->tell.end.outcome = KG_COMPLETE;
            kg_tell_spoil(&r->tell, KG_INCOMPLETE, r->doubt.reason);
        }
    }
    stop_reading(r);
    return !report || is_whole_log(r) || end_report(r);
}

static bool lacks_rows(const struct kg_reader *r)
{
    return !r->select.rows_found &&
           (r->select.rows_wrong || !r->options.profile->may_lack_rows);
}

static bool on_closed(struct kg_reader *r)
{
    if (!read_piece(r)) {
        return false;
    }
    if (!is_report(r)) {
        r->decoys +=
            r->frame.found.to - r->frame.found.from - r->frame.found.n_taken;
        return end_document(r);
    }
    if (r->options.profile != NULL && !kg_tell_is_spoilt(&r->tell) &&
        lacks_rows(r)) {
        kg_fault_tell_rows(r->options.profile, r->select.rows_wrong,
                           &r->tell.why);
        kg_tell_spoil(&r->tell, KG_REJECTED, "rows");
    }
    r->stats.documents++;
    return end_document(r);
}

static void note_damage(struct kg_reader *r)
{
    if (r->stats.damaged++ == 0 && r->stats.damaged_why == NULL) {
        r->stats.damaged_from = r->frame.found.from;
        r->stats.damaged_to = r->frame.found.to;
    }
}

static bool on_broken(struct kg_reader *r)
{
    r->open_end = r->frame.found.fault == KG_FAULT_CUT;
    if (r->frame.found.damaged) {
        note_damage(r);
        if (r->options.profile == NULL && !begin_report(r)) {
            return false;
        }
    }
    if (is_report(r) && !kg_tell_is_spoilt(&r->tell)) {
        kg_fault_tell(&r->frame, &r->tell.why);
        kg_tell_spoil(&r->tell, KG_INCOMPLETE,
                      kg_fault_reason(&r->frame, r->ending));
    }
    return end_document(r);
}

/* --- bytes -------------------------------------------------------------------------- */

static bool handle(struct kg_reader *r, enum kg_frame_event event)
{
    switch (event) {
    case KG_FRAME_PIECE:
        return read_piece(r);
    case KG_FRAME_CLOSED:
        return on_closed(r);
    case KG_FRAME_BROKEN:
        return on_broken(r);
    case KG_FRAME_NOMEM:
        return fail(r, KG_ENOMEM);
    default:
        return false;
    }
}

static void note_noise(struct kg_reader *r)
{
    r->stats.noise_bytes = r->frame.noise.n_bytes + r->decoys - r->unpacked;
    r->stats.headless = r->frame.noise.headless;
    r->stats.looked_at = r->frame.n_read + r->parsed;
}

static bool is_packed(const struct kg_reader *r)
{
    return r->options.profile != NULL &&
           r->options.profile->packing != KG_PACKING_NONE;
}

static bool read_text(struct kg_reader *r, struct kg_str text)
{
    while (handle(r, kg_frame_next(&r->frame, &text))) {
    }
    return r->err == KG_OK;
}

/* What is noise in it took but a part of that in the log. */
static bool read_unpacked(struct kg_reader *r)
{
    uint64_t before = r->frame.noise.n_bytes + r->decoys;
    bool going = read_text(r, r->unpack.text);

    if (kg_unpack_is_unpacked(&r->unpack)) {
        r->unpacked += r->frame.noise.n_bytes + r->decoys - before;
    }
    return going;
}

/* The rest of what it held is missing. */
static bool lose_body(struct kg_reader *r)
{
    const struct kg_unpack_broken *b = &r->unpack.broken;

    if (r->stats.damaged == 0) {
        r->stats.damaged_from = b->from;
        r->stats.damaged_to = b->to;
        r->stats.damaged_why = b->detail;
    }
    r->stats.damaged += !r->reading;
    kg_reader_doubt(r, b->reason);
    if (is_report(r) && !kg_tell_is_spoilt(&r->tell)) {
        kg_fault_tell_packed(b, &r->tell.why);
        kg_tell_spoil(&r->tell, KG_INCOMPLETE, b->reason);
    }
    return true;
}

static bool unpack_next(struct kg_reader *r, struct kg_str *bytes)
{
    switch (kg_unpack_next(&r->unpack, bytes)) {
    case KG_UNPACK_TEXT:
        return read_unpacked(r);
    case KG_UNPACK_BROKEN:
        return lose_body(r);
    case KG_UNPACK_NOMEM:
        return fail(r, KG_ENOMEM);
    default:
        return false;
    }
}

enum kg_errc kg_reader_feed(struct kg_reader *r, struct kg_str bytes)
{
    if (r->err != KG_OK) {
        return r->err;
    }
    r->stats.bytes += bytes.len;
    if (is_packed(r)) {
        while (unpack_next(r, &bytes)) {
        }
    } else {
        (void)read_text(r, bytes);
    }
    note_noise(r);
    return r->err;
}

void kg_reader_doubt(struct kg_reader *r, const char *reason)
{
    kg_doubt_add(&r->doubt, reason, r->frame.offset, r->frame.from);
}

/* What broke or is missing may have been a part of the report. */
static void judge_whole_log(struct kg_reader *r)
{
    bool cut = r->open_end || r->stats.damaged > 0;

    if (kg_tell_is_spoilt(&r->tell)) {
        return;
    }
    if (r->doubt.reason != NULL) {
        kg_tell_spoil(&r->tell, KG_INCOMPLETE, r->doubt.reason);
    } else if (cut) {
        kg_fault_tell_damage(&r->stats, &r->tell.why);
        kg_tell_spoil(&r->tell, KG_INCOMPLETE, r->open_end ? r->ending : "cut");
    } else if (r->stats.headless) {
        kg_fault_tell_head(&r->tell.why);
        kg_tell_spoil(&r->tell, KG_INCOMPLETE, "head_missing");
    }
}

enum kg_errc kg_reader_finish(struct kg_reader *r, const char *reason)
{
    r->ending = reason;
    if (is_packed(r) && kg_unpack_end(&r->unpack, reason)) {
        (void)lose_body(r);
    }
    while (r->err == KG_OK && handle(r, kg_frame_end(&r->frame))) {
    }
    note_noise(r);
    if (r->err == KG_OK && r->tell.begun) {
        if (is_whole_log(r)) {
            judge_whole_log(r);
        }
        (void)end_report(r);
    }
    return r->err;
}

const struct kg_reader_stats *kg_reader_stats(const struct kg_reader *r)
{
    return &r->stats;
}

bool kg_reader_met(const struct kg_reader *r, size_t path)
{
    return kg_select_met(&r->select, path);
}

enum kg_outcome kg_reader_outcome(const struct kg_reader *r,
                                  const char **ret_reason)
{
    *ret_reason = "";
    if (r->stats.damaged > 0) {
        *ret_reason = r->stats.damaged_why != NULL ? r->doubt.reason : "cut";
        return KG_INCOMPLETE;
    }
    if (r->stats.headless) {
        *ret_reason = "head_missing";
        return KG_INCOMPLETE;
    }
    return KG_EMPTY;
}

/* --- life ---------------------------------------------------------------------------- */

static enum kg_errc init_frame(struct kg_reader *r)
{
    const struct kg_reader_options *o = &r->options;
    bool selects = o->profile != NULL;
    struct kg_frame_options options = {
        .root = o->root,
        .strict = o->strict,
        .lines = is_whole_log(r),
        .delimits = selects,
        .limits = {.depth = o->limits.depth,
                   .string = o->limits.string,
                   .key = o->limits.key,
                   .number = o->limits.number},
        .interest = selects && !o->parse_all ? &r->interest : NULL};
    struct kg_error e;
    enum kg_errc err = kg_scan_choose(getenv("KG_SIMD"), &options.scan, &e);

    return err == KG_OK ? kg_frame_init(&r->frame, &options) : err;
}

static enum kg_errc init_selection(struct kg_reader *r)
{
    const struct kg_reader_options *o = &r->options;
    enum kg_errc err = kg_interest_init(&r->interest, &o->profile->trie);

    if (err != KG_OK) {
        return err;
    }
    err = kg_parse_init(&r->parse, o->limits.depth, &kg_select_tokens,
                        &r->select);
    if (err != KG_OK) {
        goto err_after_interest;
    }
    err = kg_select_init(&r->select, o->profile, o->run, &o->limits,
                         &select_ops, r);
    if (err != KG_OK) {
        goto err_after_parse;
    }
    if (o->takes_late && o->profile->unit == KG_UNIT_DOCUMENT) {
        kg_select_let_pass(&r->select);
    }
    if (is_packed(r)) {
        err = kg_unpack_init(&r->unpack, o->profile->packing);
    }
    if (err != KG_OK) {
        goto err_after_select;
    }
    return KG_OK;

err_after_select:
    kg_select_finish(&r->select);
err_after_parse:
    kg_parse_finish(&r->parse);
err_after_interest:
    kg_interest_finish(&r->interest);
    return err;
}

static void finish_selection(struct kg_reader *r)
{
    if (is_packed(r)) {
        kg_unpack_finish(&r->unpack);
    }
    if (r->options.profile != NULL) {
        kg_select_finish(&r->select);
        kg_parse_finish(&r->parse);
        kg_interest_finish(&r->interest);
    }
}

static enum kg_errc init(struct kg_reader *r)
{
    struct kg_reader_options *o = &r->options;
    enum kg_errc err = kg_bounds_fill(&o->limits);

    if (err == KG_OK && o->profile != NULL) {
        o->root = kg_profile_root(o->profile);
        err = init_selection(r);
    }
    if (err != KG_OK) {
        return err;
    }
    err = init_frame(r);
    if (err != KG_OK) {
        finish_selection(r);
    }
    return err;
}

enum kg_errc kg_reader_create(const struct kg_reader_options *options,
                              const struct kg_reader_ops *ops, void *data,
                              struct kg_reader **ret_reader)
{
    struct kg_reader *r = kg_calloc(1, sizeof(*r));
    enum kg_errc err;

    if (r == NULL) {
        return KG_ENOMEM;
    }
    r->options = *options;
    r->tell = (struct kg_tell){.ops = ops, .data = data, .stats = &r->stats};
    r->ending = "cut";
    err = init(r);
    if (err != KG_OK) {
        kg_free(r);
        return err;
    }
    *ret_reader = r;
    return KG_OK;
}

void kg_reader_destroy(struct kg_reader *r)
{
    if (r == NULL) {
        return;
    }
    finish_selection(r);
    kg_frame_finish(&r->frame);
    kg_free(r);
}
