/* SPDX-License-Identifier: MIT */
#include "ends.h"

#include "json.h"
#include "kubeglean/heap.h"

enum { ENDS_MAX = 4000 };

struct end {
    struct kg_queue node;
    int64_t ended_us;
    int64_t sent_us;
    char pod[];
};

void sim_ends_init(struct sim_ends *e)
{
    kg_queue_init(&e->all);
    e->n = 0;
}

static void forget_oldest(struct sim_ends *e)
{
    struct kg_queue *node = kg_queue_head(&e->all);

    kg_queue_remove(node);
    kg_free(KG_CONTAINER_OF(node, struct end, node));
    e->n--;
}

void sim_ends_add(struct sim_ends *e, const char *pod, int64_t ended_us,
                  int64_t sent_us)
{
    size_t len = strlen(pod) + 1;
    struct end *end = kg_alloc(sizeof(*end) + len);

    KG_REQUIRE(end != NULL);
    memcpy(end->pod, pod, len);
    end->ended_us = ended_us;
    end->sent_us = sent_us;
    kg_queue_insert_tail(&e->all, &end->node);
    if (++e->n > ENDS_MAX) {
        forget_oldest(e);
    }
}

void sim_ends_json(const struct sim_ends *e, struct kg_buf *out)
{
    const char *before = "";
    const struct kg_queue *node;

    sim_require(kg_buf_adds(out, "["));
    kg_queue_foreach (node, &e->all) {
        const struct end *end = KG_CONTAINER_OF(node, struct end, node);

        sim_require(kg_buf_addf(
            out, "%s{\"pod\":\"%s\",\"endedUs\":%lld,\"sentUs\":%lld}", before,
            end->pod, (long long)end->ended_us, (long long)end->sent_us));
        before = ",\n";
    }
    sim_require(kg_buf_adds(out, "]\n"));
}

void sim_ends_clear(struct sim_ends *e)
{
    while (e->n > 0) {
        forget_oldest(e);
    }
}
