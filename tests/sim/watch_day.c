/* SPDX-License-Identifier: MIT */
/* A day of a watch under a virtual clock, for several seeds: watches expire,
 * tokens rotate, a load balancer cuts every connection each hour, links fall
 * silent, versions and page tokens grow too old, the server is busy, fails, or
 * ends every watch at once for a minute.
 *
 * The judge knows nothing of follow.c: it has the server's log of changes, and
 * finds by reading it from its beginning what should have been told. */
#include <stdio.h>
#include <stdlib.h>

#include "kt.h"
#include "kubeglean/follow.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    TICK = 100,
    PAGE = 500,
    JOBS_MAX = 40000,
    CHANGES_MAX = 80000,
    BOOKMARKS = 60 * SECOND, /* The server's. */
    SILENCE = 90 * SECOND, /* The shell's: what is silent for longer is cut. */
    LATE_MAX = 6 * MINUTE, /* A silent link, then a server that is not well. */
    WAIT_MAX = 2 * MINUTE, /* Without a request or an open watch. */
};

struct change {
    uint64_t at_ms;
    unsigned job;
    bool removed;
};

/* Version n is that of the n-th change. */
struct server {
    struct change log[CHANGES_MAX];
    size_t n_changes;
    size_t compacted; /* Versions below are forgotten. */
    unsigned n_jobs;  /* That ever were. */
    unsigned n_live;
    bool live[JOBS_MAX];
    bool streams;
    unsigned token;
};

/* The request in flight, and what is under way to the client. */
struct link {
    bool open, answered, silent, streams_now;
    struct kg_follow_action asked;
    size_t version; /* All up to it was sent. */
    size_t at;      /* Of a page: where it begins. */
    unsigned token;
    uint64_t began_ms, ends_ms, byte_ms;
};

struct judge {
    bool told[JOBS_MAX];
    size_t position;  /* All up to this version was told. */
    size_t listed;    /* Version of the list under way. */
    bool list_is_due; /* Nothing is known, or it was refused as too old. */
    uint64_t not_before_ms;
    uint64_t latest_ms; /* A change waited so long to be told. */
    uint64_t active_ms; /* Something was asked, or open, then. */
    unsigned n_lists, n_watches, n_gone, n_tokens, n_cuts, n_silent, n_expired;
    unsigned n_busy, n_minute;
};

static struct server server;
static struct link link_;
static struct judge judge;
static struct kg_follow follow;
static struct kg_random rnd;
static uint64_t now_ms, due_ms;

static bool maybe(unsigned one_in)
{
    return kg_random_below(&rnd, one_in) == 0;
}

/* --- the judge --------------------------------------------------------------- */

static void replay(bool *live, size_t version)
{
    memset(live, 0, JOBS_MAX);
    for (size_t i = 0; i < version; i++) {
        live[server.log[i].job] = !server.log[i].removed;
    }
}

static void judge_request(const struct kg_follow_action *asked)
{
    assert_true(now_ms >= judge.not_before_ms);
    judge.n_minute++;
    if (asked->kind == KG_FOLLOW_WATCH) {
        char version[24];

        judge.n_watches++;
        (void)snprintf(version, sizeof(version), "%zu", judge.position);
        kt_assert_str(kg_buf_str(&follow.version), version);
        return;
    }
    assert_true(judge.list_is_due);
}

static void judge_change(unsigned job, bool removed)
{
    const struct change *change = &server.log[judge.position++];

    assert_true(judge.position <= server.n_changes);
    assert_int_equal(change->job, job);
    assert_int_equal(change->removed, removed);
    judge.told[job] = !removed;
    if (now_ms - change->at_ms > judge.latest_ms) {
        judge.latest_ms = now_ms - change->at_ms;
    }
}

static void judge_synced(void)
{
    static bool live[JOBS_MAX];

    replay(live, judge.listed);
    assert_memory_equal(judge.told, live, sizeof(live));
    assert_true(judge.listed >= judge.position);
    for (; judge.position < judge.listed; judge.position++) {
        uint64_t late_ms = now_ms - server.log[judge.position].at_ms;

        if (judge.n_lists > 0 && late_ms > judge.latest_ms) {
            judge.latest_ms = late_ms;
        }
    }
    judge.list_is_due = false;
    judge.n_lists++;
}

static unsigned number_of(struct kg_str uid)
{
    unsigned n = 0;

    for (size_t i = 0; i < uid.len; i++) {
        n = n * 10 + (unsigned)(uid.ptr[i] - '0');
    }
    return n;
}

/* --- the shell --------------------------------------------------------------- */

static void drive(struct kg_follow_event event, unsigned job);

static void carry_out(const struct kg_follow_action *action, unsigned job)
{
    switch (action->kind) {
    case KG_FOLLOW_WAIT:
        link_.open = false;
        due_ms = now_ms + action->wait_ms;
        break;
    case KG_FOLLOW_LIST:
    case KG_FOLLOW_STREAM:
    case KG_FOLLOW_WATCH:
        judge_request(action);
        link_ = (struct link){.open = true,
                              .asked = *action,
                              .token = link_.token,
                              .began_ms = now_ms,
                              .byte_ms = now_ms};
        break;
    case KG_FOLLOW_TELL_PUT:
        if (follow.sm.state == KG_FOLLOW_WATCHING) {
            judge_change(job, false);
        }
        judge.told[job] = true;
        break;
    case KG_FOLLOW_TELL_DELETED:
        judge_change(job, true);
        break;
    case KG_FOLLOW_TELL_VANISHED:
        judge.told[number_of(action->uid)] = false;
        drive((struct kg_follow_event){.kind = KG_FOLLOW_NEXT}, 0);
        break;
    case KG_FOLLOW_TELL_SYNCED:
        judge_synced();
        drive((struct kg_follow_event){.kind = KG_FOLLOW_NEXT}, 0);
        break;
    default:
        assert_int_equal(action->kind, KG_FOLLOW_NOTHING);
    }
}

static void drive(struct kg_follow_event event, unsigned job)
{
    struct kg_follow_action action;

    event.now_ms = now_ms;
    action = kg_follow_step(&follow, &event);
    carry_out(&action, job);
}

static void end(enum kg_errc code, uint32_t retry_after_ms)
{
    struct kg_error e = {.code = code};

    link_.open = false;
    judge.not_before_ms = now_ms + retry_after_ms;
    drive((struct kg_follow_event){.kind = KG_FOLLOW_ENDED,
                                   .e = code != KG_OK ? &e : NULL,
                                   .retry_after_ms = retry_after_ms,
                                   .renewed = code == KG_EUNAUTHORIZED},
          0);
}

/* --- the server -------------------------------------------------------------- */

static void tell(enum kg_follow_event_kind kind, unsigned job, size_t version)
{
    char uid[16];
    char text[24];

    (void)snprintf(uid, sizeof(uid), "%u", job);
    (void)snprintf(text, sizeof(text), "%zu", version);
    link_.byte_ms = now_ms;
    drive((struct kg_follow_event){.kind = kind,
                                   .uid = kg_str_from(uid),
                                   .version = kg_str_from(text),
                                   .initial_end = link_.streams_now},
          job);
}

static void gone(void)
{
    judge.n_gone++;
    judge.list_is_due = true;
    end(KG_EGONE, 0);
}

static void answer_page(void)
{
    static bool live[JOBS_MAX];
    size_t n = 0, version = server.n_changes, from = 0;
    char token[48] = "", text[24];
    unsigned job = 0;

    if (kg_buf_len(&follow.page) > 0) {
        assert_int_equal(
            sscanf(kg_buf_cstr(&follow.page), "%zu/%zu", &version, &from), 2);
        if (version < server.compacted || maybe(6)) {
            gone();
            return;
        }
    }
    judge.listed = version;
    replay(live, version);
    for (job = (unsigned)from; job < server.n_jobs; job++) {
        if (live[job] && n++ == PAGE && !follow.unpaged) {
            (void)snprintf(token, sizeof(token), "%zu/%u", version, job);
            break;
        }
        if (live[job]) {
            tell(KG_FOLLOW_ELEMENT, job, 0);
        }
    }
    (void)snprintf(text, sizeof(text), "%zu", version);
    drive((struct kg_follow_event){.kind = KG_FOLLOW_PAGE,
                                   .version = kg_str_from(text),
                                   .page = kg_str_from(token)},
          0);
    end(KG_OK, 0);
}

static void answer_stream(void)
{
    static bool live[JOBS_MAX];
    size_t version = server.n_changes;

    if (!server.streams) {
        end(KG_EINVALID, 0);
        return;
    }
    replay(live, version);
    for (unsigned job = 0; job < server.n_jobs; job++) {
        if (live[job]) {
            tell(KG_FOLLOW_CHANGED, job, 1);
        }
        if (maybe(3 * server.n_jobs)) {
            end(KG_ECLOSED, 0);
            return;
        }
    }
    judge.listed = version;
    link_.version = version;
    link_.streams_now = true;
    tell(KG_FOLLOW_BOOKMARK, 0, version);
    link_.streams_now = false;
}

static void answer(void)
{
    static const enum kg_errc faults[] = {KG_EBUSY, KG_ESERVER, KG_ECONNECT,
                                          KG_ECLOSED};

    link_.answered = true;
    link_.ends_ms = now_ms + (uint64_t)link_.asked.seconds * SECOND;
    if (link_.token != server.token) {
        judge.n_tokens++;
        link_.token = server.token;
        end(KG_EUNAUTHORIZED, 0);
        return;
    }
    if (maybe(12)) {
        enum kg_errc fault = faults[kg_random_below(&rnd, 4)];

        judge.n_busy++;
        end(fault, fault == KG_EBUSY ? 5 * SECOND : 0);
        return;
    }
    if (link_.asked.kind == KG_FOLLOW_LIST) {
        answer_page();
    } else if (link_.asked.kind == KG_FOLLOW_STREAM) {
        answer_stream();
    } else {
        link_.version = strtoul(kg_buf_cstr(&follow.version), NULL, 10);
        if (link_.version < server.compacted) {
            gone();
        }
    }
}

static bool ends_all_watches(void)
{
    return now_ms % HOUR / MINUTE == 30;
}

static void go_on(void)
{
    if (!link_.silent && maybe(20 * MINUTE / TICK)) {
        link_.silent = true;
    }
    if (link_.silent) {
        if (now_ms - link_.byte_ms >= SILENCE) {
            judge.n_silent++;
            end(KG_ETIMEOUT, 0);
        }
        return;
    }
    while (link_.open && link_.version < server.n_changes) {
        const struct change *change = &server.log[link_.version++];

        tell(change->removed ? KG_FOLLOW_REMOVED : KG_FOLLOW_CHANGED,
             change->job, link_.version);
    }
    if (link_.open && now_ms - link_.byte_ms >= BOOKMARKS) {
        tell(KG_FOLLOW_BOOKMARK, 0, link_.version);
    }
    if (link_.open && (now_ms >= link_.ends_ms || ends_all_watches())) {
        judge.n_expired++;
        end(KG_OK, 0);
    }
}

static void change_something(void)
{
    struct change *change = &server.log[server.n_changes++];
    unsigned job = (unsigned)kg_random_below(&rnd, server.n_jobs + 1);

    assert_true(server.n_changes < CHANGES_MAX);
    for (unsigned i = 0; i < 50 && job < server.n_jobs && !server.live[job];
         i++) {
        job = (unsigned)kg_random_below(&rnd, server.n_jobs + 1);
    }
    if (job == server.n_jobs || !server.live[job] ||
        (server.n_live < 1100 && maybe(2))) {
        job = server.n_jobs++;
        assert_true(server.n_jobs < JOBS_MAX);
    }
    *change = (struct change){.at_ms = now_ms, .job = job};
    change->removed = server.live[job] && maybe(2);
    server.n_live += change->removed ? -1u : server.live[job] ? 0 : 1;
    server.live[job] = !change->removed;
}

static void tick(void)
{
    if (maybe(3 * SECOND / TICK)) {
        change_something();
    }
    if (maybe(4 * MINUTE / TICK)) {
        server.compacted = server.n_changes;
    }
    if (now_ms % HOUR == 0) {
        server.token++;
    }
    if (now_ms % HOUR == 20 * MINUTE && link_.open) {
        judge.n_cuts++;
        end(KG_ECLOSED, 0);
    }
    if (now_ms % MINUTE == 0) {
        assert_true(judge.n_minute <= 20); /* Nor does anything spin. */
        judge.n_minute = 0;
    }
    if (link_.open && !link_.answered) {
        answer();
    } else if (link_.open) {
        go_on();
    } else if (now_ms >= due_ms) {
        drive((struct kg_follow_event){.kind = KG_FOLLOW_DUE}, 0);
    }
    judge.active_ms = link_.open ? now_ms : judge.active_ms;
    assert_true(now_ms - judge.active_ms < WAIT_MAX);
}

static void live_a_day(uint64_t seed)
{
    memset(&server, 0, sizeof(server));
    memset(&judge, 0, sizeof(judge));
    link_ = (struct link){.open = false};
    kg_random_init(&rnd, seed);
    judge.list_is_due = true;
    server.streams = seed % 2 == 0;
    now_ms = 0;
    for (unsigned i = 0; i < 1300; i++) {
        change_something();
    }
    kg_follow_init(&follow, "jobs", seed);
    follow.may_stream = true;
    drive((struct kg_follow_event){.kind = KG_FOLLOW_START}, 0);
    for (now_ms = TICK; now_ms <= DAY; now_ms += TICK) {
        tick();
    }
}

static void no_job_is_missed_and_no_list_is_asked_for_that_was_not_due(
    void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        live_a_day(seed);
        assert_true(judge.latest_ms < LATE_MAX);
        assert_true(judge.n_lists <= 1 + judge.n_gone);
        assert_true(judge.n_gone > 5 && judge.n_silent > 20);
        assert_true(judge.n_cuts > 10 && judge.n_tokens > 20);
        assert_true(judge.n_expired > 60 && judge.n_busy > 20);
        assert_true(server.n_changes - judge.position < 100);
        kg_follow_finish(&follow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            no_job_is_missed_and_no_list_is_asked_for_that_was_not_due),
    };

    return cmocka_run_group_tests_name("watch_day", tests, NULL, NULL);
}
