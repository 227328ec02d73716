/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "kubeglean/log.h"

enum { EVERY_MS = 250 };

void kg_progress_hide(struct kg_progress *p)
{
    if (p->visible) {
        (void)fputs("\r\033[K", stderr);
        p->visible = false;
    }
}

static void scale(double bytes, char text[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    while (bytes >= 1024 && unit + 1 < KG_COUNT_OF(units)) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(text, 24, unit == 0 ? "%.0f %s" : "%.1f %s", bytes,
                   units[unit]);
}

static void show(struct kg_progress *p)
{
    struct kg_agent_progress now;
    char bytes[24], rate[24];
    uint64_t seconds = (kg_loop_now_ms(p->loop) - p->began_ms) / 1000;

    kg_agent_progress(p->agent, &now);
    scale((double)now.bytes, bytes);
    scale(p->rate, rate);
    (void)fprintf(
        stderr,
        "\r\033[K%llu:%02llu  %s  jobs %llu  %s  reports %llu  rows "
        "%llu  %s/s",
        (unsigned long long)(seconds / 60), (unsigned long long)(seconds % 60),
        now.state, (unsigned long long)now.n_jobs, bytes,
        (unsigned long long)now.reports, (unsigned long long)now.rows, rate);
    (void)fflush(stderr);
    p->visible = true;
}

static void on_timer(uv_timer_t *timer)
{
    struct kg_progress *p = timer->data;
    struct kg_agent_progress now;

    kg_agent_progress(p->agent, &now);
    p->rate =
        p->rate * 0.7 + (double)(now.bytes - p->bytes) * 0.3 * 1000 / EVERY_MS;
    p->bytes = now.bytes;
    show(p);
}

static void on_line(void *data, struct kg_str line)
{
    struct kg_progress *p = data;
    bool was_visible = p->visible;

    kg_progress_hide(p);
    (void)fwrite(line.ptr, 1, line.len, stderr);
    if (was_visible) {
        show(p);
    }
}

void kg_progress_start(struct kg_progress *p, struct kg_loop *loop,
                       const struct kg_agent *agent, bool wanted)
{
    *p = (struct kg_progress){.agent = agent,
                              .loop = loop,
                              .on = wanted && isatty(STDERR_FILENO) == 1,
                              .began_ms = kg_loop_now_ms(loop)};
    (void)uv_timer_init(&loop->uv, &p->timer);
    p->timer.data = p;
    if (p->on) {
        kg_log_to(on_line, p);
        (void)uv_timer_start(&p->timer, on_timer, EVERY_MS, EVERY_MS);
    }
}

void kg_progress_close(struct kg_progress *p, struct kg_latch *open)
{
    if (p->on) {
        kg_progress_hide(p);
        kg_log_to(NULL, NULL);
        p->on = false;
    }
    kg_latch_close_handle(open, (uv_handle_t *)&p->timer);
}
