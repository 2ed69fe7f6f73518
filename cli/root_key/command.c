/* SPDX-License-Identifier: Apache-2.0 */
/* chancery root-key */
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/output.h"
#include "cli/root_key/root_key.h"
#include "setup/setup.h"

static const char HELP[] =
    "usage: chancery root-key create KEY\n"
    "       chancery root-key wrap   --key KEY --name NAME --to JWK WRAPPED\n"
    "       chancery root-key wrap   --key KEY --name NAME --module PATH --uri URI\n"
    "                                [--pin-file PIN] WRAPPED\n"
    "       chancery root-key check  [--config FILE] KEY\n"
    "       chancery root-key split  --key KEY --shares N --threshold M FOLDER\n"
    "       chancery root-key join   SHARE… KEY\n"
    "\n"
    "Makes a root key, wraps it for tokens (HSMs) and people, and splits it among people. It asks\n"
    "no authority, so do it on a machine that you trust. It has no -o.\n"
    "\n"
    "  create  writes a new root key to the file KEY, as 64 hex digits\n"
    "  wrap    adds a wrap to the file WRAPPED, or begins one: root_key.file may name it, and any\n"
    "          one of its wraps opens it. To a token's key, EC P-256 or P-384, which never leaves it;\n"
    "          or to a public key, which chancery key new-recipient makes\n"
    "  check   tells a root key's thumbprint and its wraps, and tries what would open it\n"
    "  split   writes N shares to the new folder FOLDER, a file each: any M of them give the key\n"
    "          back, fewer tell nothing\n"
    "  join    gives the key back, and writes it to the file KEY if it is the one that was split\n"
    "\n"
    "  --key KEY        the root key, plain or wrapped\n"
    "  --config FILE    of chanceryd: what its root_key.openers open is read\n"
    "  --with PEM       the same by the secret half of a key to which was wrapped\n"
    "  --name NAME      of the wrap, for people: hsm-a, drawer\n"
    "  --to JWK         a public key (RFC 7517), EC P-256 or P-384\n"
    "  --module PATH    the token's PKCS#11 library; (check) it is to open the key\n"
    "  --uri URI        which token and key: pkcs11:token=chancery;object=root (RFC 7512)\n"
    "  --pin-file PIN   a file with the token's PIN, which only its owner can read\n"
    "  --shares N       how many, 2 to 16\n"
    "  --threshold M    how many of them it takes, from 2\n"
    "  --record FILE    write down who did what when, to be signed and kept; a new file\n"
    "  --witness NAME   who was there; once for each\n"
    "\n"
    "A wrong PIN is tried once. What opens by a plain file, too, is only as safe as that file:\n"
    "remove it when two wraps or a set of shares are checked.\n"
    "\n"
    "  chancery root-key create root.key\n"
    "  chancery root-key wrap --key root.key --name hsm-a --module /usr/lib/softhsm/libsofthsm2.so \\\n"
    "      --uri 'pkcs11:token=chancery;object=root' --pin-file pin root.wrapped\n"
    "  chancery root-key split --key root.key --shares 5 --threshold 3 --record split.txt \\\n"
    "      --witness 'Ann Ames' --witness 'Bob Berg' shares\n"
    "\n"
    "Next: root_key.openers in the configuration, and chancery doctor.\n";

/* --- reading and writing keys ----------------------------------------------------------------- */

static rc add_own(const struct root_key_args *args, struct root_files *files, bool has_token,
                  struct err *err)
{
    struct root_opener opener = {.key_file = "", .module = "", .uri = "", .pin_file = ""};
    if (args->with != NULL) {
        opener.key_file = args->with;
    } else if (has_token) {
        opener.module = args->module;
        opener.uri = args->uri;
        opener.pin_file = args->pin_file == NULL ? "" : args->pin_file;
    } else {
        return OK;
    }
    if (files->opener_count == ROOT_OPENERS_MAX) {
        FAIL(err, R_INPUT_INVALID, "--config names %d openers already", ROOT_OPENERS_MAX);
    }
    files->openers[files->opener_count++] = opener;
    return OK;
}

rc root_key_files(struct session *s, const struct root_key_args *args, const char *path,
                  bool has_token, struct root_files *out, struct err *err)
{
    *out = (struct root_files){0};
    if (args->config != NULL) {
        Conf *conf;
        TRY(conf_load(s->arena, args->config, &conf, err));
        *out = setup_root_files(conf);
    }
    out->file = path;
    out->others = NULL;
    out->other_count = 0;
    return add_own(args, out, has_token, err);
}

rc root_key_read(struct session *s, const struct root_key_args *args, const char *path,
                 struct secret **out, struct err *err)
{
    struct root_files files;
    struct secret *roots[KEYS_ROOTS_MAX];
    TRY(root_key_files(s, args, path, false, &files, err));
    TRY(root_files_read(&files, roots, err));
    *out = roots[0];
    return OK;
}

rc root_key_write(struct session *s, const char *path, const struct secret *root, struct err *err)
{
    if (output_is_standard(path) || access(path, F_OK) == 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s is there already, or is no file: name a new one", path);
    }
    char *hex = hex_dup(s->arena, secret_use(root)); /* the arena is wiped */
    ARENA_ENSURE(hex, err);
    hex[2 * ROOT_KEY_BYTES] = '\n';
    return output_write(path, slice_of(hex, 2 * ROOT_KEY_BYTES + 1), err);
}

int root_key_create(struct session *s, const struct root_key_args *args)
{
    AUTO(secret_free_at) struct secret *root = secret_random(ROOT_KEY_BYTES);
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    struct root_key_act act = {.name = "create", .thumbprint = thumbprint};
    struct err err = {0};
    if (!root_wraps_thumbprint(root, thumbprint, &err).ok ||
        !root_key_write(s, args->operands[0], root, &err).ok) {
        return fail_with(s->command, &err);
    }
    act.lines[act.line_count++] = args->operands[0];
    return root_key_tell(s, args, &act);
}

/* --- the command ------------------------------------------------------------------------------ */

static const struct {
    size_t least, most;
    const char *operands;
    int (*run)(struct session *s, const struct root_key_args *args);
} VERBS[] = {{1, 1, "the file to write", root_key_create},
             {1, 1, "the file of wraps to write", root_key_wrap},
             {1, 1, "one root key's file", root_key_check},
             {1, 1, "the folder to make", root_key_split},
             {2, SHAMIR_SHARES_MAX + 1, "shares, and the file to write", root_key_join}};
static const char *const NAMES[] = {"create", "wrap", "check", "split", "join", NULL};

static int run_verb(struct root_key_args *args, int argc, char **argv)
{
    struct session session;
    size_t verb = 0;
    if (argc < 2) {
        return usage_error(&command_root_key, "say create, wrap, check, split or join");
    }
    int code = choice_read(&command_root_key, NULL, argv[1], NAMES, &verb);
    if (code != EXIT_OK) {
        return code;
    }
    args->operands = argv + 2;
    args->operand_count = (size_t)argc - 2;
    if (args->operand_count < VERBS[verb].least || args->operand_count > VERBS[verb].most) {
        return usage_error(&command_root_key, "%s: give %s", NAMES[verb], VERBS[verb].operands);
    }
    struct err err = {0};
    if (!root_key_record_check(args, &err).ok) {
        return fail_with(&command_root_key, &err);
    }
    code = session_begin(&session, &command_root_key);
    if (code == EXIT_OK) {
        code = VERBS[verb].run(&session, args);
        session_close(&session);
    }
    return code;
}

static int run(int argc, char **argv)
{
    struct root_key_args args = {0};
    const struct option_spec specs[] = {
        {"--key", &args.key, NULL, NULL},       {"--name", &args.name, NULL, NULL},
        {"--to", &args.to, NULL, NULL},         {"--config", &args.config, NULL, NULL},
        {"--with", &args.with, NULL, NULL},     {"--module", &args.module, NULL, NULL},
        {"--uri", &args.uri, NULL, NULL},       {"--pin-file", &args.pin_file, NULL, NULL},
        {"--shares", &args.shares, NULL, NULL}, {"--threshold", &args.threshold, NULL, NULL},
        {"--record", &args.record, NULL, NULL}, {"--witness", NULL, NULL, &args.witnesses},
    };
    argc = options_take(&command_root_key, specs, sizeof specs / sizeof specs[0], argc, argv);
    return run_verb(&args, argc, argv);
}

const struct command command_root_key = {
    .name = "root-key",
    .summary = "make, wrap, split and join root keys, for tokens and people",
    .help = HELP,
    .run = run};
