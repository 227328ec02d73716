/* SPDX-License-Identifier: MIT */
#include "deeds.h"

static const struct kg_deed *const deeds[] = {&kg_deed_create,
                                              &kg_deed_apply,
                                              &kg_deed_trigger,
                                              &kg_deed_suspend,
                                              &kg_deed_resume,
                                              &kg_deed_delete,
                                              NULL};

static enum kg_exit cronjob(char **args)
{
    static const struct kg_deeds_def def = {&kg_verb_cronjob, KG_KUBE_CRONJOB,
                                            deeds};

    return kg_deeds_run(&def, args);
}

const struct kg_verb kg_verb_cronjob = {
    .name = "cronjob",
    .summary = "Create, apply, run now, suspend, resume and delete CronJobs",
    .synopsis = "COMMAND [OPTION]... [NAME]...",
    .commands = "  create   makes the CronJobs of -f FILE\n"
                "  apply    makes them, or makes them so (server-side apply)\n"
                "  trigger  makes a Job of the CronJob NAME now, as its "
                "schedule would\n"
                "  suspend  lets no schedule make Jobs until they are resumed\n"
                "  resume   lets them go on\n"
                "  delete   deletes the CronJobs NAME, or those of -f FILE\n",
    .about =
        "What is written as batch/v1 is sent as batch/v1beta1 to a server "
        "that\n"
        "has nothing else, and the other way round.\n"
        "All manifests are checked before the first is sent; after that, one\n"
        "CronJob that fails does not stop the others.\n"
        "Exit codes: 0 all done; 1 an error; 2 usage, or a wrong manifest.\n",
    .options = kg_deeds_options,
    .run = cronjob,
};
