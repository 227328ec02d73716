/* SPDX-License-Identifier: MIT */
/* Task, Profile and Config files: each mistake has its message. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kt.h"
#include "kubeglean/config.h"
#include "kubeglean/profile.h"

/* A directory for the files of one test. */
static char dir[64];

static struct kg_config config;
static struct kg_error error;

static int start(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/kubeglean-XXXXXX");
    kt_heap_setup();
    kg_error_clear(&error);
    return mkdtemp(dir) != NULL && chdir(dir) == 0 ? 0 : -1;
}

static int end(void **state)
{
    static const char *const names[] = {"t.yaml", "c.yaml", "p.yaml",
                                        "sub/t.yaml", "sub/p.yaml"};

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        (void)unlink(names[i]);
    }
    (void)rmdir("sub");
    kt_heap_teardown();
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

#define HEAD                        \
    "apiVersion: kubeglean.io/v1\n" \
    "kind: Task\n"                  \
    "metadata: {name: krr}\n"       \
    "spec:\n"
#define POD             \
    "  pod:\n"          \
    "    containers:\n" \
    "    - {name: krr, image: krr}\n"

/* A task is accepted with `spec`, the lines below `spec:`. */
static void refuse_task(const char *text, const char *message)
{
    kt_write_file("t.yaml", text);
    assert_int_equal(kg_config_load_tasks("t.yaml", &config, &error),
                     KG_ECONFIG);
    assert_string_equal(error.text, message);
}

static void accept_task(const char *text)
{
    kt_write_file("t.yaml", text);
    if (kg_config_load_tasks("t.yaml", &config, &error) != KG_OK) {
        fail_msg("%s", error.text);
    }
}

static void refuse_config(const char *text, const char *message)
{
    kt_write_file("c.yaml", text);
    assert_int_equal(kg_config_load("c.yaml", &config, &error), KG_ECONFIG);
    assert_string_equal(error.text, message);
}

static void a_task_says_what_it_wants(void **state)
{
    const struct kg_task_config *t;

    (void)state;
    accept_task(HEAD "  profile: krr\n"
                     "  namespaces: [team-b, team-a]\n"
                     "  schedule: \"0 3 * * *\"\n"
                     "  runAs: cronjob\n"
                     "  container: krr\n"
                     "  timeoutSeconds: 3600\n"
                     "  retention: {complete: keep, other: delete, "
                     "keepHours: 5}\n"
                     "  cronJob: {successfulJobsHistoryLimit: 2, "
                     "failedJobsHistoryLimit: 0}\n" POD);
    assert_int_equal(config.n_tasks, 1);
    t = &config.tasks[0];
    kt_assert_str(t->def.name, "krr");
    kt_assert_str(t->def.profile, "krr");
    assert_string_equal(kg_profile_name(t->profile), "krr");
    assert_int_equal(t->def.n_namespaces, 2);
    kt_assert_str(t->def.namespaces[0], "team-a");
    kt_assert_str(t->schedule, "0 3 * * *");
    assert_ptr_equal(t->def.schedule, &t->cron);
    assert_int_equal(t->def.run_as, KG_RUN_AS_CRONJOB);
    kt_assert_str(t->def.container, "krr");
    assert_int_equal(t->timeout_s, 3600);
    assert_false(t->def.retention.delete_complete);
    assert_true(t->def.retention.delete_other);
    assert_int_equal(t->def.retention.keep_hours, 5);
    assert_int_equal(t->n_keep_successful, 2);
    assert_int_equal(t->n_keep_failed, 0);
    kt_assert_str(
        kg_node_str(kg_node_get(
            kg_node_path(t->job, "template.spec.containers")->child, "image")),
        "krr");
    kg_config_finish(&config);
}

static void what_a_task_leaves_out_has_a_default(void **state)
{
    const struct kg_task_config *t;

    (void)state;
    accept_task(HEAD "  profile: krr\n"
                     "  job:\n"
                     "    completions: 3\n"
                     "    template:\n"
                     "      spec: {containers: [{name: a}]}\n");
    t = &config.tasks[0];
    assert_int_equal(t->def.n_namespaces, 0);
    assert_null(t->def.schedule);
    assert_int_equal(t->def.run_as, KG_RUN_AS_JOB);
    assert_int_equal(t->def.container.len, 0);
    assert_int_equal(t->timeout_s, 0);
    assert_true(t->def.retention.delete_complete);
    assert_false(t->def.retention.delete_other);
    assert_int_equal(t->def.retention.keep_hours, 72);
    assert_int_equal(t->n_keep_successful, 1);
    assert_int_equal(t->n_keep_failed, 3);
    kt_assert_str(kg_node_get(t->job, "completions")->text, "3");
    assert_int_equal(config.n_streams_max, 500);
    assert_int_equal(config.n_jobs_max, 100000);
    kg_config_finish(&config);
}

static const struct {
    const char *text, *message;
} task_mistakes[] = {
    {HEAD "  profile: krr\n  shedule: x\n" POD,
     "t.yaml:6:3: spec.shedule: unknown key; known here: profile, "
     "namespaces, schedule, runAs, container, timeoutSeconds, retention, "
     "cronJob, job, pod"},
    {HEAD "  profile: krr\n  retention: {keepHour: 1}\n" POD,
     "t.yaml:6:15: spec.retention.keepHour: unknown key; known here: "
     "complete, other, keepHours"},
    {HEAD POD, "t.yaml:5:3: spec.profile: missing; wanted: a profile's "
               "name, or a file"},
    {HEAD "  profile: 7\n" POD,
     "t.yaml:5:12: spec.profile: is a number; wanted: a profile's name, "
     "or a file"},
    {HEAD "  profile:\n" POD,
     "t.yaml:5:11: spec.profile: has no value; wanted: a profile's name, "
     "or a file"},
    {HEAD "  profile: ''\n" POD,
     "t.yaml:5:12: spec.profile: \"\" must not be empty"},
    {HEAD "  profile: \"a\\0b\"\n" POD,
     "t.yaml:5:12: spec.profile: must not hold a NUL"},
    {HEAD "  profile: nosuch.yaml\n" POD,
     "t.yaml:5:12: spec.profile: nosuch.yaml: No such file or directory"},
    {HEAD "  profile: krr\n  namespaces: team-a\n" POD,
     "t.yaml:6:15: spec.namespaces: is a string; wanted: an array of one "
     "namespace or more"},
    {HEAD "  profile: krr\n  namespaces: []\n" POD,
     "t.yaml:6:15: spec.namespaces: is empty; wanted: an array of one "
     "namespace or more"},
    {HEAD "  profile: krr\n  namespaces: [a, B]\n" POD,
     "t.yaml:6:19: spec.namespaces: \"B\" must be lower-case letters, "
     "digits and '-' within, at most 63"},
    {HEAD "  profile: krr\n  namespaces: [a2345678901234567890123456789012"
          "34567890123456789012345678901234]\n" POD,
     "t.yaml:6:16: spec.namespaces: \"a2345678901234567890123456789012"
     "34567890123456789012345678901234\" must be lower-case letters, "
     "digits and '-' within, at most 63"},
    {HEAD "  profile: krr\n  namespaces: [x, y]\n" POD,
     "t.yaml:6:19: spec.namespaces: an element is a boolean; wanted: text, "
     "in quotes"},
    {HEAD "  profile: krr\n  namespaces: [b, a, b]\n" POD,
     "t.yaml:6:15: spec.namespaces: b is there twice"},
    {HEAD "  profile: krr\n  runAs: jobs\n" POD,
     "t.yaml:6:10: spec.runAs: \"jobs\" is none of: job, cronjob"},
    {HEAD "  profile: krr\n  runAs: cronjob\n" POD,
     "t.yaml:6:10: spec.runAs: a cronjob needs spec.schedule"},
    {HEAD "  profile: krr\n  timeoutSeconds: 0\n" POD,
     "t.yaml:6:19: spec.timeoutSeconds: 0 is no whole number from 1 to "
     "2147483647"},
    {HEAD "  profile: krr\n  timeoutSeconds: 1.5\n" POD,
     "t.yaml:6:19: spec.timeoutSeconds: 1.5 is no whole number from 1 to "
     "2147483647"},
    {HEAD "  profile: krr\n  timeoutSeconds: \"5\"\n" POD,
     "t.yaml:6:19: spec.timeoutSeconds: is a string; wanted: a whole "
     "number from 1 to 2147483647"},
    {HEAD "  profile: krr\n  retention: keep\n" POD,
     "t.yaml:6:14: spec.retention: is a string; wanted: an object"},
    {HEAD "  profile: krr\n  retention: {complete: drop}\n" POD,
     "t.yaml:6:25: spec.retention.complete: \"drop\" is none of: delete, "
     "keep"},
    {HEAD "  profile: krr\n  retention: {complete: true}\n" POD,
     "t.yaml:6:25: spec.retention.complete: is a boolean; wanted: delete, "
     "keep"},
    {HEAD "  profile: krr\n",
     "t.yaml:5:3: spec: job (a JobSpec) or pod (a PodSpec) is missing"},
    {HEAD "  profile: krr\n" POD "  job: {}\n",
     "t.yaml:7:5: spec.pod: spec.job is there as well: leave one out"},
    {HEAD "  profile: krr\n  job: []\n",
     "t.yaml:6:8: spec.job: is empty; wanted: an object"},
    {HEAD "  profile: krr\n  job: {template: {}}\n",
     "t.yaml:6:8: spec.job: template.spec.containers is missing"},
    {HEAD "  profile: krr\n  pod: {containers: []}\n",
     "t.yaml:6:8: spec.pod: containers is missing"},
    {HEAD "  profile: krr\n  container: other\n" POD,
     "t.yaml:6:14: spec.container: the Job has no container of this name"},
    {"apiVersion: v1\nkind: Task\n",
     "t.yaml:1:13: apiVersion: \"v1\" is none of: kubeglean.io/v1"},
    {"kind: Task\nmetadata: {name: Krr}\n",
     "t.yaml:2:18: metadata.name: \"Krr\" must be lower-case letters, "
     "digits and '-' within, at most 63"},
    {"kind: Task\n"
     "metadata: {name: a23456789012345678901234567890123456789-1}\n",
     "t.yaml:2:18: metadata.name: "
     "\"a23456789012345678901234567890123456789-1\" is too long: a Job's "
     "name has room for 40 of its letters"},
    {"kind: Task\nspec: {}\n",
     "t.yaml:2:7: spec.profile: missing; wanted: a profile's name, or a "
     "file"},
    {"kind: Job\n", "t.yaml:1:7: kind: none of: Task, Profile, Config"},
    {"spec: {}\n", "t.yaml:1:1: kind: none of: Task, Profile, Config"},
    {"- 1\n", "t.yaml:1:1: kind: none of: Task, Profile, Config"},
    {"kind: Config\nspec: {}\n",
     "t.yaml:1:1: kind: only one Config is wanted, in the file that -c "
     "names"},
    {"# nothing\n", "t.yaml: there is no Task"},
    {"a: [\n", "t.yaml:2:1: did not find expected node content while "
               "parsing a flow node"},
};

static void each_mistake_in_a_task_has_its_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(task_mistakes); i++) {
        refuse_task(task_mistakes[i].text, task_mistakes[i].message);
    }
}

static void a_wrong_schedule_names_file_and_column(void **state)
{
    (void)state;
    kt_write_file("t.yaml",
                  HEAD "  profile: krr\n  schedule: 0 99 * * *\n" POD);
    assert_int_equal(kg_config_load_tasks("t.yaml", &config, &error),
                     KG_ECONFIG);
    assert_ptr_equal(strstr(error.text, "t.yaml:6:13: spec.schedule: "),
                     error.text);
    assert_non_null(strstr(error.text, "column 3"));
}

static void an_unknown_profile_is_told_the_known_ones(void **state)
{
    (void)state;
    kt_write_file("t.yaml", HEAD "  profile: crr\n" POD);
    assert_int_equal(kg_config_load_tasks("t.yaml", &config, &error),
                     KG_ECONFIG);
    assert_ptr_equal(
        strstr(error.text,
               "t.yaml:5:12: spec.profile: no profile \"crr\"; there are: "),
        error.text);
    assert_non_null(strstr(error.text, "krr, "));
    assert_non_null(strstr(error.text, "or a file (crr.yaml)"));
}

#define PROFILE(name)                                                    \
    "apiVersion: kubeglean.io/v1\nkind: Profile\nmetadata: {name: " name \
    "}\nspec:\n  match: [\"$.scans\"]\n  rows: \"$.scans[*]\"\n"         \
    "  table: t\n  columns:\n"                                           \
    "  - {name: k, type: text, key: true, path: \"@.k\"}\n"

static void a_profile_may_stand_beside_its_task(void **state)
{
    (void)state;
    accept_task(HEAD "  profile: mine\n" POD "---\n" PROFILE("mine"));
    kt_assert_str(config.tasks[0].def.profile, "mine");
    kg_config_finish(&config);
}

static void a_profile_of_a_file_wins_over_a_built_in_one(void **state)
{
    (void)state;
    accept_task(HEAD "  profile: krr\n" POD "---\n" PROFILE("krr"));
    assert_string_equal(kg_profile_table(config.tasks[0].profile)->name, "t");
    kg_config_finish(&config);
}

static void two_profiles_of_one_name_are_refused(void **state)
{
    (void)state;
    refuse_task(PROFILE("p") "---\n" PROFILE("p"),
                "t.yaml:13:18: metadata.name: there is a profile p already");
}

static void two_tasks_of_one_name_are_refused(void **state)
{
    (void)state;
    refuse_task(HEAD "  profile: krr\n" POD "---\n" HEAD "  profile: krr\n" POD,
                "t.yaml:12:18: metadata.name: there is a task krr already");
}

static void paths_are_relative_to_the_file_that_names_them(void **state)
{
    struct kg_profile *profile;
    char absolute[512];

    (void)state;
    assert_int_equal(mkdir("sub", 0700), 0);
    kt_write_file("sub/p.yaml", PROFILE("mine"));
    kt_write_file("sub/t.yaml", HEAD "  profile: p.yaml\n" POD);
    kt_write_file("c.yaml", "kind: Config\nspec: {tasks: [sub/t.yaml]}\n");
    if (kg_config_load("c.yaml", &config, &error) != KG_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(kg_profile_name(config.tasks[0].profile), "mine");
    kg_config_finish(&config);
    (void)snprintf(absolute, sizeof(absolute),
                   HEAD "  profile: %s/sub/p.yaml\n" POD, dir);
    kt_write_file("sub/t.yaml", absolute);
    if (kg_config_load("c.yaml", &config, &error) != KG_OK) {
        fail_msg("%s", error.text);
    }
    kg_config_finish(&config);
    assert_int_equal(kg_profile_load("sub/p.yaml", &profile, &error), KG_OK);
    assert_string_equal(kg_profile_name(profile), "mine");
    kg_profile_destroy(profile);
}

static void a_config_says_all_it_may(void **state)
{
    (void)state;
    kt_write_file("t.yaml", HEAD "  profile: krr\n" POD);
    kt_write_file(
        "c.yaml",
        "apiVersion: kubeglean.io/v1\nkind: Config\nspec:\n"
        "  clusterName: c1\n"
        "  database: {url: \"postgresql:///reports\", migrate: false}\n"
        "  tasks: [t.yaml]\n"
        "  listen: \"127.0.0.1:8080\"\n"
        "  tokenFile: /token\n"
        "  limits: {logStreams: 7, jobs: 8}\n"
        "  spool: {dir: /spool, maxMiB: 9}\n");
    if (kg_config_load("c.yaml", &config, &error) != KG_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(config.cluster, "c1");
    assert_string_equal(config.database_url, "postgresql:///reports");
    assert_false(config.migrate);
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.token_file, "/token");
    assert_int_equal(config.n_streams_max, 7);
    assert_int_equal(config.n_jobs_max, 8);
    assert_string_equal(config.spool_dir, "/spool");
    assert_int_equal(config.spool_max_mib, 9);
    assert_int_equal(config.n_tasks, 1);
    kg_config_finish(&config);
}

static void each_mistake_in_a_config_has_its_message(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"kind: Config\nspec: {task: []}\n",
         "c.yaml:2:8: spec.task: unknown key; known here: clusterName, "
         "database, tasks, listen, tokenFile, limits, spool"},
        {"kind: Config\nspec: {database: {url: u, migrate: never}}\n",
         "c.yaml:2:36: spec.database.migrate: is a string; wanted: true or "
         "false"},
        {"kind: Config\nspec: {database: {}}\n",
         "c.yaml:2:18: spec.database.url: missing; wanted: postgresql://..."},
        {"kind: Config\nspec: {spool: {maxMiB: 1}}\n",
         "c.yaml:2:15: spec.spool.dir: missing; wanted: a directory"},
        {"kind: Config\nspec: {limits: {jobs: 0}}\n",
         "c.yaml:2:23: spec.limits.jobs: 0 is no whole number from 1 to "
         "10000000"},
        {"kind: Config\nspec: {listen: 8080}\n",
         "c.yaml:2:16: spec.listen: is a number; wanted: 127.0.0.1:8080"},
        {"kind: Config\nspec: {listen: \"localhost:http\"}\n",
         "c.yaml:2:16: spec.listen: \"localhost:http\" is no address: it "
         "should look like 127.0.0.1:8080"},
        {"kind: Config\nspec: {tasks: [no.yaml]}\n",
         "c.yaml:2:16: spec.tasks: no.yaml: No such file or directory"},
        {"kind: Config\nspec: {tasks: [p.yaml]}\n", "c.yaml: there is no Task"},
        {"kind: Config\nspec: {}\n---\nkind: Config\nspec: {}\n",
         "c.yaml:4:1: kind: only one Config is wanted, in the file that -c "
         "names"},
        {"kind: Config\n", "c.yaml:1:1: spec: missing; wanted: an object"},
        {HEAD "  profile: krr\n" POD, "c.yaml: there is no Config"},
    };

    (void)state;
    kt_write_file("p.yaml", PROFILE("p"));
    for (size_t i = 0; i < KG_COUNT_OF(cases); i++) {
        refuse_config(cases[i].text, cases[i].message);
    }
}

static void a_file_that_is_not_there_is_wrong_configuration(void **state)
{
    struct kg_profile *profile;

    (void)state;
    assert_int_equal(kg_config_load("c.yaml", &config, &error), KG_ECONFIG);
    assert_string_equal(error.text, "c.yaml: No such file or directory");
    assert_int_equal(error.code, KG_ECONFIG);
    assert_int_equal(kg_profile_load("./p", &profile, &error), KG_ECONFIG);
    assert_string_equal(error.text, "./p: No such file or directory");
    assert_int_equal(kg_profile_load("nosuch", &profile, &error), KG_ECONFIG);
}

static void standard_input_has_a_name_in_messages(void **state)
{
    int saved = dup(STDIN_FILENO);

    (void)state;
    kt_write_file("t.yaml", "kind: Task\n");
    assert_non_null(freopen("t.yaml", "r", stdin));
    assert_int_equal(kg_config_load_tasks("-", &config, &error), KG_ECONFIG);
    assert_string_equal(error.text, "stdin:1:1: apiVersion: missing; wanted: "
                                    "kubeglean.io/v1");
    assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(saved), 0);
}

/* The database's address may hold a password. */
static void a_database_address_is_in_no_message(void **state)
{
    static const char *const texts[] = {
        "kind: Config\nspec: {database: {url: [postgresql://u:secret@h]}}\n",
        "kind: Config\nspec: {database: \"postgresql://u:secret@h\"}\n",
        "kind: Config\nspec: {database: {url: \"postgresql://u:secret@h\\0\"}}",
        "kind: Config\nspec: {database: {url: \"postgresql://u:secret@h\"}}",
    };

    (void)state;
    for (size_t i = 0; i < KG_COUNT_OF(texts); i++) {
        kt_write_file("c.yaml", texts[i]);
        assert_int_equal(kg_config_load("c.yaml", &config, &error), KG_ECONFIG);
        assert_null(strstr(error.text, "secret"));
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_task_says_what_it_wants),
        CLAIM(what_a_task_leaves_out_has_a_default),
        CLAIM(each_mistake_in_a_task_has_its_message),
        CLAIM(a_wrong_schedule_names_file_and_column),
        CLAIM(an_unknown_profile_is_told_the_known_ones),
        CLAIM(a_profile_may_stand_beside_its_task),
        CLAIM(a_profile_of_a_file_wins_over_a_built_in_one),
        CLAIM(two_profiles_of_one_name_are_refused),
        CLAIM(two_tasks_of_one_name_are_refused),
        CLAIM(paths_are_relative_to_the_file_that_names_them),
        CLAIM(a_config_says_all_it_may),
        CLAIM(each_mistake_in_a_config_has_its_message),
        CLAIM(a_file_that_is_not_there_is_wrong_configuration),
        CLAIM(standard_input_has_a_name_in_messages),
        CLAIM(a_database_address_is_in_no_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
