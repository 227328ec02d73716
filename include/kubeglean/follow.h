/* What a watch does next, decided without a loop, a clock or a socket: an event
 * with its time goes in, one action comes out.
 *
 *        start             version unknown            all was read
 *   IDLE -------> WAITING -----------------> LISTING -------------> SYNCING
 *     ^            ^ ^ '- where offered --> STREAMING -----------'   |   |
 *     |            | |                        |                 paged| streamed
 *     |            | '---- error, 410 --------'                      |   |
 *     |            |<------------------------------------------------'   v
 *     |            |------------------ version known --------------> WATCHING
 *     |            '---- end of stream, error, 410 -------------------'
 *     '--- from any state: stop, or an error no retry can cure
 *
 * A list is asked for only when nothing is known to go on from: at the start,
 * after 410, and when the list before was not read to its end. */
#ifndef KUBEGLEAN_FOLLOW_H
#define KUBEGLEAN_FOLLOW_H

#include "kubeglean/backoff.h"
#include "kubeglean/buf.h"
#include "kubeglean/error.h"
#include "kubeglean/sm.h"
#include "kubeglean/table.h"

enum kg_follow_state {
    KG_FOLLOW_IDLE,
    KG_FOLLOW_WAITING,   /* For a time that the last action named. */
    KG_FOLLOW_LISTING,   /* Page by page. */
    KG_FOLLOW_STREAMING, /* A watch that tells first what is there. */
    KG_FOLLOW_SYNCING,   /* All was read: who vanished is told. */
    KG_FOLLOW_WATCHING,
    KG_FOLLOW_STATE_NR
};

enum kg_follow_event_kind {
    KG_FOLLOW_START,    /* From IDLE. */
    KG_FOLLOW_DUE,      /* The time that was waited for. */
    KG_FOLLOW_ELEMENT,  /* Of a list: `uid`. */
    KG_FOLLOW_PAGE,     /* A list's own fields: `version`, `page`. */
    KG_FOLLOW_CHANGED,  /* An event of a watch: `uid`, `version`. */
    KG_FOLLOW_REMOVED,  /* The same, DELETED. */
    KG_FOLLOW_BOOKMARK, /* `version`, `initial_end`. */
    KG_FOLLOW_NEXT,     /* VANISHED or SYNCED was carried out. */
    KG_FOLLOW_ENDED,    /* The request: by `e`, or by the server (NULL). */
};

/* Texts are borrowed until the call returns. */
struct kg_follow_event {
    enum kg_follow_event_kind kind;
    uint64_t now_ms;
    struct kg_str uid;
    struct kg_str version;    /* resourceVersion, the server's text. */
    struct kg_str page;       /* Token of the next page, or empty. */
    bool initial_end;         /* What was there has been told. */
    const struct kg_error *e; /* Status or what broke, */
    uint32_t retry_after_ms;  /* and when the server wants to be asked again. */
    bool renewed; /* Who we are, or whom we trust, since it was asked. */
};

enum kg_follow_action_kind {
    KG_FOLLOW_NOTHING,
    KG_FOLLOW_WAIT,     /* End the request, if any, and be back in `wait_ms`. */
    KG_FOLLOW_LIST,     /* Ask for a page: `page`, `unpaged`. */
    KG_FOLLOW_STREAM,   /* Ask for a watch that begins with what is there, */
    KG_FOLLOW_WATCH,    /* or from `version` on; for `seconds`. */
    KG_FOLLOW_TELL_PUT, /* Tell what the event held. */
    KG_FOLLOW_TELL_DELETED,
    KG_FOLLOW_TELL_VANISHED, /* `uid` is no more. Then NEXT. */
    KG_FOLLOW_TELL_SYNCED,   /* Then NEXT. */
    KG_FOLLOW_FAIL,          /* End the request: it is IDLE. */
};

struct kg_follow_action {
    enum kg_follow_action_kind kind;
    enum kg_errc why; /* Of WAIT and FAIL: what went wrong, or KG_OK. */
    uint64_t wait_ms;
    unsigned seconds;
    struct kg_str uid; /* Borrowed until the next event. */
};

struct kg_follow {
    struct kg_sm sm;       /* Read-only: a state of the diagram above. */
    bool may_stream;       /* Public: lists are streamed; false when the
                              server cannot. */
    bool synced;           /* Read-only: SYNCED was told since the start. */
    bool unpaged;          /* Read-only: the list comes in one piece. */
    uint64_t n_lists;      /* Read-only: complete lists, */
    uint64_t n_restarts;   /* and watch requests that ended. */
    struct kg_buf version; /* Read-only: to watch from; empty: list first. */
    struct kg_buf page;    /* Read-only: token of the next page; or empty. */
    bool streamed;         /* Private: the list goes on as a watch. */
    unsigned generation;   /* Private: of the list. */
    struct kg_buf listed;  /* Private: version of the list being read. */
    struct kg_map known;   /* Private: by uid, what the owner was told of. */
    const struct kg_map_node *vanished; /* Private: being told so. */
    struct kg_backoff backoff; /* Private: reset when a watch lasted. */
    uint64_t began_ms;         /* Private: when the request was sent. */
};

/* Allocates nothing. Borrows `name`, which traces call it. */
void kg_follow_init(struct kg_follow *f, const char *name, uint64_t seed);
void kg_follow_finish(struct kg_follow *f);
/* An event that does not fit the state, because its sender was stopped or is
 * late, is answered by NOTHING. */
struct kg_follow_action kg_follow_step(struct kg_follow *f,
                                       const struct kg_follow_event *event);
/* Back to IDLE. What was told stays known: it is told anew, or as vanished,
 * after the next start. */
void kg_follow_stop(struct kg_follow *f);

#endif /* KUBEGLEAN_FOLLOW_H */
