/* SPDX-License-Identifier: MIT */
/* Any file gives a configuration that can be used, or an error with a text. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kubeglean/config.h"

static void use(const struct kg_config *c)
{
    for (size_t i = 0; i < c->n_tasks; i++) {
        const struct kg_task_config *t = &c->tasks[i];

        KG_REQUIRE(t->def.name.len > 0 && t->profile != NULL);
        KG_REQUIRE(t->job != NULL && t->job->kind == KG_OBJECT);
        KG_REQUIRE(t->def.schedule == NULL || t->schedule.len > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int fd = memfd_create("config", MFD_CLOEXEC);
    struct kg_config config;
    struct kg_error e;
    char path[64];

    KG_REQUIRE(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (kg_config_load_tasks(path, &config, &e) == KG_OK) {
        use(&config);
        kg_config_finish(&config);
    } else {
        KG_REQUIRE(e.text[0] != '\0');
    }
    KG_REQUIRE(close(fd) == 0);
    return 0;
}
