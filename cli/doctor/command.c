/* SPDX-License-Identifier: Apache-2.0 */
/* chancery doctor: checks what server and command line need, and says what to fix. */
#include <stdio.h>

#include "base/utf8.h"
#include "chancery/config/v1/profile.pb-c.h"
#include "cli/answer.h"
#include "cli/doctor/cbom.h"
#include "cli/doctor/doctor.h"
#include "crypto/algs.h"
#include "wire/message_text.h"
#include "wire/yaml_print.h"

static const char HELP[] =
    "usage: chancery doctor --config FILE [--profile FILE] [-o json|yaml]\n"
    "       chancery doctor --profile NAME [-o json|yaml]\n"
    "       chancery doctor --cbom --config FILE\n"
    "\n"
    "Checks an installation, and says of each fault what it is, why it is thought so, and what to\n"
    "do.\n"
    "\n"
    "  --config FILE    what chanceryd needs: configuration, algorithms, root key, certificates and\n"
    "                   their keys, names and times, addresses and ports, memory that may be\n"
    "                   locked, the database with its settings, schema, privileges, standbys,\n"
    "                   room, root key and clock, whether its log can be followed and its sinks\n"
    "                   have, and whether the server answers. Run it as the user who runs\n"
    "                   chanceryd, on its machine\n"
    "  --profile FILE   what a profile of the command line needs: its files, an authority that\n"
    "                   answers, and that it knows who asks\n"
    "  --cbom           checks nothing, and prints a bill of materials instead (CycloneDX 1.6, JSON):\n"
    "                   every key, certificate and algorithm with its size and state, and what needs\n"
    "                   it. Never a key itself\n"
    "\n"
    "It changes nothing. A check is skipped when what it needs is missing, of which another one\n"
    "tells. Exit code 0 if all is well, warnings included, 1 if not.\n"
    "\n"
    "  chancery doctor --config /etc/chancery/chanceryd.yaml\n"
    "  chancery doctor --profile alice.yaml\n"
    "  chancery doctor --cbom --config /etc/chancery/chanceryd.yaml > cbom.json\n";

enum { BUDGET = 64 * 1024 * 1024 };

static void check_configuration(struct doctor *d)
{
    struct err err = {0};
    struct slice text;
    ProtobufCMessage *message = NULL;
    if (conf_load(d->arena, d->config_path, &d->conf, &err).ok) {
        return;
    }
    d->conf = NULL;
    if (read_file(d->arena, d->config_path, CONF_BYTES_MAX, &text, &(struct err){0}).ok &&
        message_from_yaml(d->arena, &chancery__config__v1__profile__descriptor, text, &message,
                          &(struct err){0})
            .ok) {
        setup_tell(&d->to, FAULT_CONFIG_IS_PROFILE, "%s", d->config_path);
    } else {
        setup_tell_err(&d->to, &err);
    }
}

/* Behind those of server/setup. */
static const struct doctor_check CHECKS[] = {
    {"memory", NEED_CONFIG, doctor_memory},
    {"descriptors", NEED_CONFIG, doctor_descriptors},
    {"ports", NEED_CONFIG, doctor_ports},
    {"database", NEED_CONFIG, doctor_database},
    {"settings", NEED_DATABASE, doctor_settings},
    {"schema", NEED_DATABASE, doctor_schema},
    {"privileges", NEED_SCHEMA, doctor_grants},
    {"log", NEED_SCHEMA, doctor_log},
    {"standbys", NEED_DATABASE, doctor_standbys},
    {"disk", NEED_DATABASE, doctor_disk},
    {"database key", NEED_SCHEMA, doctor_database_key},
    {"clock", NEED_DATABASE, doctor_clock},
    {"server", NEED_CONFIG, doctor_server},
    {"profile", NEED_PROFILE, doctor_profile},
};

static unsigned there_is(const struct doctor *d)
{
    return (d->conf != NULL ? NEED_CONFIG : 0U) | (d->database != NULL ? NEED_DATABASE : 0U) |
           (d->has_schema ? NEED_SCHEMA : 0U) | (d->profile_path != NULL ? NEED_PROFILE : 0U);
}

static void examine_files(struct doctor *d, struct doctor_report *report)
{
    doctor_report_begin(report, "configuration");
    check_configuration(d);
    doctor_report_end(report);
    for (size_t i = 0; i < SETUP_CHECK_COUNT; i++) {
        if (d->conf == NULL) {
            doctor_report_skip(report, SETUP_CHECKS[i].name);
            continue;
        }
        doctor_report_begin(report, SETUP_CHECKS[i].name);
        SETUP_CHECKS[i].run(d->conf, &d->to);
        doctor_report_end(report);
    }
}

static void examine(struct doctor *d, struct doctor_report *report)
{
    if (d->config_path != NULL) {
        examine_files(d, report);
    }
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++) {
        bool is_of_profile = CHECKS[i].needs == NEED_PROFILE;
        if ((is_of_profile ? d->profile_path : d->config_path) == NULL) {
            continue;
        }
        if ((CHECKS[i].needs & there_is(d)) != CHECKS[i].needs) {
            doctor_report_skip(report, CHECKS[i].name);
            continue;
        }
        doctor_report_begin(report, CHECKS[i].name);
        CHECKS[i].run(d);
        doctor_report_end(report);
    }
}

static void print_document(struct doctor_report *report, enum answer answer)
{
    const char *json = doctor_report_json(report);
    CH_ASSERT(json != NULL); /* the arena is far larger than a report */
    if (answer == ANSWER_YAML) {
        yaml_print(stdout, json);
    } else {
        puts(json);
    }
}

/* A context's name becomes its file. */
static rc find_profile(struct doctor *d, struct err *err)
{
    struct profile_name named;
    if (d->profile_path == NULL) {
        return OK;
    }
    TRY(profile_find(d->arena, d->profile_path, &named, err));
    d->profile_path = named.file;
    d->context = named.context;
    return OK;
}

static int run_checks(struct doctor *d, enum answer answer)
{
    struct err err = {0};
    d->arena = arena_new(BUDGET);
    if (!find_profile(d, &err).ok) {
        arena_free(d->arena);
        return fail_with(&command_doctor, &err);
    }
    struct doctor_report *report = doctor_report_new(d->arena, answer == ANSWER_TEXT);
    d->to = doctor_report_listener(report);
    d->to.roots = d->roots;
    examine(d, report);
    if (answer != ANSWER_TEXT) {
        print_document(report, answer);
    }
    int code = doctor_report_is_healthy(report) ? EXIT_OK : EXIT_FAILED;
    for (size_t i = 0; i < KEYS_ROOTS_MAX; i++) {
        secret_free(d->roots[i]);
    }
    PQfinish(d->database);
    arena_free(d->arena);
    crypto_fini();
    return code;
}

/* --- the bill of materials --------------------------------------------------------------------- */

/* Why there is none: standard output is for the document. */
static void tell_why_none(void *ctx, const struct setup_finding *finding)
{
    (void)ctx;
    fprintf(stderr, "chancery doctor: %s: ", finding->code);
    utf8_print(stderr, finding->why);
    fprintf(stderr, "\n  %s %s\n", finding->what, finding->next);
}

static int print_cbom(struct doctor *d)
{
    struct err err = {0};
    int code = EXIT_FAILED;
    d->arena = arena_new(BUDGET);
    d->to = (struct setup_listener){.tell = tell_why_none};
    check_configuration(d);
    if (d->conf != NULL &&
        !crypto_init(d->conf->crypto_properties[0] == '\0' ? NULL : d->conf->crypto_properties,
                     &err)
             .ok) {
        setup_tell(&d->to, FAULT_ALGORITHMS_MISSING, "%s", err_words(&err));
    } else if (d->conf != NULL) {
        doctor_database(d);
    }
    if (d->database != NULL) {
        doctor_schema(d);
    }
    if (d->has_schema) {
        code = doctor_cbom(d);
    }
    PQfinish(d->database);
    arena_free(d->arena);
    crypto_fini();
    return code;
}

static int run(int argc, char **argv)
{
    struct doctor d = {0};
    bool wants_cbom = false;
    const char *format = NULL;
    enum answer answer;
    const struct option_spec specs[] = {{"--config", &d.config_path, NULL, NULL},
                                        {"--profile", &d.profile_path, NULL, NULL},
                                        {"-o", &format, NULL, NULL},
                                        {"--cbom", NULL, &wants_cbom, NULL}};
    if (options_take(&command_doctor, specs, 4, argc, argv) != 1) {
        return usage_error(&command_doctor, "it takes no operands");
    }
    if (d.config_path == NULL && d.profile_path == NULL) {
        return usage_error(&command_doctor, "--config or --profile is required");
    }
    if (wants_cbom && (d.config_path == NULL || d.profile_path != NULL || format != NULL)) {
        return usage_error(&command_doctor, "--cbom goes with --config alone");
    }
    if (wants_cbom) {
        return print_cbom(&d);
    }
    if (answer_read(&command_doctor, format, &answer) != EXIT_OK) {
        return EXIT_USAGE;
    }
    return run_checks(&d, answer);
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "check what server and command line need, and what to fix",
    .help = HELP,
    .run = run};
