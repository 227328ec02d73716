/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "kubeglean/clock.h"

static const struct {
    unsigned status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {202, "Accepted"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

/* Empty for one that is not known: HTTP allows it. */
static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < KG_COUNT_OF(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].text;
        }
    }
    return "";
}

/* RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT" */
static enum kg_errc add_date(int64_t now_us, struct kg_buf *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct kg_civil c = kg_time_civil(now_us);

    return kg_buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n",
                       days[c.weekday], c.day, months[c.month - 1], c.year,
                       c.hour, c.minute, c.second);
}

enum kg_errc kg_serve_answer_add(const struct kg_serve_answer *a,
                                 int64_t now_us, struct kg_buf *out)
{
    enum kg_errc err = kg_buf_addf(
        out,
        "HTTP/1.1 %u %s\r\n"
        "Content-Type: %s\r\n"
        "Content-Length: %zu\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "%s%s%s",
        a->status, reason_of(a->status), a->type, a->body.len,
        a->header != NULL ? a->header : "", a->header != NULL ? "\r\n" : "",
        a->keep_alive ? "" : "Connection: close\r\n");

    if (err == KG_OK) {
        err = add_date(now_us, out);
    }
    if (err == KG_OK) {
        err = kg_buf_adds(out, "\r\n");
    }
    return err == KG_OK && !a->head_only ? kg_buf_add(out, a->body) : err;
}
