/* SPDX-License-Identifier: MIT */
#include "deeds.h"

static const struct kg_deed *const deeds[] = {&kg_deed_create, &kg_deed_apply,
                                              &kg_deed_delete, &kg_deed_suspend,
                                              &kg_deed_resume, NULL};

static enum kg_exit job(char **args)
{
    static const struct kg_deeds_def def = {&kg_verb_job, KG_KUBE_JOB, deeds};

    return kg_deeds_run(&def, args);
}

const struct kg_verb kg_verb_job = {
    .name = "job",
    .summary = "Create, apply, delete, suspend and resume Jobs",
    .synopsis = "COMMAND [OPTION]... [NAME]...",
    .commands =
        "  create   makes the Jobs of -f FILE\n"
        "  apply    makes them, or makes them so (server-side apply)\n"
        "  delete   deletes the Jobs NAME, or those of -f FILE\n"
        "  suspend  takes the Pods of Jobs away until they are resumed\n"
        "  resume   lets them go on\n",
    .about =
        "All manifests are checked before the first is sent; after that, one\n"
        "Job that fails does not stop the others.\n"
        "Exit codes: 0 all done; 1 an error; 2 usage, or a wrong manifest.\n",
    .options = kg_deeds_options + 1,
    .run = job,
};
