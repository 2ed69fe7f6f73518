/* SPDX-License-Identifier: Apache-2.0 */
#include "toy.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "obs/log.h"

struct toy toy;

/* --- rows -------------------------------------------------------------------------------------- */

void toy_tell(const char *word)
{
    size_t len = strlen(toy.story);
    snprintf(toy.story + len, sizeof toy.story - len, "%s%s", len == 0 ? "" : " ", word);
}

static step row(struct call *c, enum toy_row which, const char *name)
{
    toy_tell(name);
    return toy.on[which] == NULL ? STEP_NEXT : toy.on[which](c);
}

#define ROW(fn, which, name)        \
    static step fn(struct call *c)  \
    {                               \
        return row(c, which, name); \
    }
ROW(a1, A1, "a1")
ROW(a2, A2, "a2")
ROW(a3, A3, "a3")
ROW(s1, S1, "s1")
ROW(s2, S2, "s2")
ROW(s3, S3, "s3")
ROW(f1, F1, "f1")
ROW(f2, F2, "f2")
ROW(f3, F3, "f3")
ROW(flow_recorder, FLOW_RECORDER, "recorder")
ROW(caller_recorder, CALLER_RECORDER, "RECORDER")

static step f4(struct call *c)
{
    toy_tell("f4");
    return toy.on[F4] == NULL ? toy_reply(c) : toy.on[F4](c);
}

const struct subflow TOY_SIDE = {
    .name = "side",
    .steps = {STEP("s1", s1), STEP("s2", s2), STEP("s3", s3)},
};

static const struct subflow knock = {
    .name = "knock",
    .steps = {STEP("a1", a1), STEP("a2", a2), STEP("a3", a3)},
};

static const struct subflow *const subflows[] = {&knock, &TOY_SIDE, NULL};

const struct authenticator TOY_AUTHENTICATOR = {
    .caller_size = sizeof(struct toy_caller),
    .authenticate = &knock,
    .on_refusal = caller_recorder,
    .subflows = subflows,
};

#define TOY_STEPS                                                        \
    {                                                                    \
        STEP("f1", f1), STEP("f2", f2), COMMIT("f3", f3), STEP("f4", f4) \
    }

const struct flow TOY_FLOW = {
    .method = "/chancery.v1.LicensingService/AcquireLicense",
    .name = "toy",
    .state = FLOW_STATE(struct toy_state),
    .steps = TOY_STEPS,
    .on_refusal = flow_recorder,
};

const struct flow TOY_PLAIN = {
    .method = "/chancery.v1.TemplateService/GetTemplate",
    .name = "toy_plain",
    .state = FLOW_STATE(struct toy_state),
    .steps = TOY_STEPS,
};

const struct flow TOY_CACHED = {
    .method = "/chancery.v1.PublishingService/Protect",
    .name = "toy_cached",
    .state = FLOW_STATE(struct toy_state),
    .trust = TRUST_CACHES,
    .steps = {STEP("f1", f1), STEP("f2", f2), GATE("f3", f3), STEP("f4", f4)},
    .on_refusal = flow_recorder,
};

const struct flow TOY_PUBLIC = {
    .method = "/grpc.health.v1.Health/Check",
    .name = "toy_public",
    .state = FLOW_STATE(struct toy_state),
    .steps = {STEP("f1", f1), STEP("f4", f4)},
};

static void watch_closes(struct call *c)
{
    (void)c;
    toy_tell("closes");
}

const struct flow TOY_WATCH = {
    .method = "/grpc.health.v1.Health/Watch",
    .name = "toy_watch",
    .state = FLOW_STATE(struct toy_state),
    .steps = {STEP("f1", f1)},
    .on_close = watch_closes,
};

const struct flow TOY_CHAT = {
    .method = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    .name = "toy_chat",
    .state = FLOW_STATE(struct toy_state),
    .steps = {STEP("f1", f1), STEP("f4", f4)},
};

const struct flow TOY_TAIL = {
    .method = "/chancery.v1.AuditService/Tail",
    .name = "toy_tail",
    .state = FLOW_STATE(struct toy_state),
    .steps = TOY_STEPS,
    .on_close = watch_closes,
};

/* --- what rows may do -------------------------------------------------------------------------- */

static void op_over(struct loop_task *task)
{
    struct toy_op *op = LIST_ENTRY(task, struct toy_op, task);
    op->is_pending = false;
    toy.completed++;
    call_resume(op->call);
}

static void op_canceled(void *ptr)
{
    struct toy_op *op = ptr;
    assert_true(op->is_pending); /* once only, and never after its end */
    op->is_pending = false;
    loop_task_cancel(&op->task);
    toy.canceled++;
}

step toy_wait(struct call *c, step_fn then)
{
    assert_true(toy.op_count < TOY_OPS_MAX);
    struct toy_op *op = &toy.ops[toy.op_count++];
    *op = (struct toy_op){.call = c, .is_pending = true};
    loop_task_init(&op->task, op_over);
    return call_wait(c, then, op_canceled, op);
}

step toy_next(struct call *c)
{
    (void)c;
    toy_tell("then");
    return STEP_NEXT;
}

step toy_waits(struct call *c)
{
    return toy_wait(c, toy_next);
}

step toy_enters(struct call *c)
{
    return call_enter(c, &TOY_SIDE);
}

step toy_is_done(struct call *c)
{
    (void)c;
    return STEP_DONE;
}

step toy_refuses(struct call *c)
{
    return call_fail(c, TOY_REFUSAL, "toy");
}

step toy_fails(struct call *c)
{
    return call_fail(c, TOY_FAILURE, "toy");
}

step toy_verifies(struct call *c)
{
    call_note_verified(c);
    return STEP_NEXT;
}

step toy_reply(struct call *c)
{
    return call_reply(c, call_message(c, call_method(c)->response));
}

/* --- set up and tear down ---------------------------------------------------------------------- */

void toy_engine(const struct rpc_limits *limits, const struct authenticator *authenticator)
{
    rpc_free(toy.rpc);
    toy.rpc = rpc_new(toy.loop, toy.services, authenticator, limits);
}

void toy_serve(const struct flow *flow)
{
    rpc_register(toy.rpc, flow);
}

int toy_set_up(void **state)
{
    (void)state;
    toy = (struct toy){.loop = loop_new(), .services = &toy, .log_fd = memfd_create("log", 0)};
    toy.ops = xcalloc(TOY_OPS_MAX, sizeof *toy.ops);
    log_configure(LOG_JSON, LOG_INFO);
    log_to_fd(toy.log_fd);
    toy_engine(&(const struct rpc_limits){.max_deadline_ms = 60000}, &TOY_AUTHENTICATOR);
    return 0;
}

void toy_end_calls(void)
{
    for (size_t i = 0; i < toy.stream_count; i++) {
        if (!toy.streams[i]->is_closed) {
            fake_net_close(toy.streams[i]);
        }
    }
    toy_settle();
    while (toy_in_flight() > 0) {
        toy_complete(); /* what was committed is finished */
    }
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

int toy_tear_down(void **state)
{
    (void)state;
    toy_end_calls();
    rpc_free(toy.rpc);
    loop_free(toy.loop);
    for (size_t i = 0; i < toy.stream_count; i++) {
        fake_net_free(toy.streams[i]);
    }
    xfree(toy.ops);
    log_to_fd(-1);
    close(toy.log_fd);
    return 0;
}

/* --- driving ----------------------------------------------------------------------------------- */

static void stop(struct loop_task *task)
{
    (void)task;
    loop_stop(toy.loop);
}

void toy_settle(void)
{
    struct loop_task task;
    do {
        loop_task_init(&task, stop);
        loop_defer(toy.loop, &task);
        loop_run(toy.loop);
    } while (toy.rpc != NULL && toy.rpc->runnable.count > 0); /* a turn has no time for all */
}

static void fire(struct loop_timer *timer)
{
    loop_stop(timer->loop);
}

void toy_run_ms(int64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer, toy.loop, fire);
    loop_timer_arm(&timer, ms);
    loop_run(toy.loop);
    loop_timer_fini(&timer);
}

size_t toy_in_flight(void)
{
    size_t count = 0;
    for (size_t i = 0; i < toy.op_count; i++) {
        count += toy.ops[i].is_pending;
    }
    return count;
}

void toy_complete(void)
{
    for (size_t i = 0; i < toy.op_count; i++) {
        if (toy.ops[i].is_pending) {
            loop_defer(toy.loop, &toy.ops[i].task);
        }
    }
    toy_settle();
}

/* The id of a call that was answered at once, from its line in the log; none without a call. */
static void read_id(off_t from, char id[UUID_TEXT_BYTES])
{
    static const char field[] = "\"request_id\":\"";
    char line[1024];
    ssize_t len = pread(toy.log_fd, line, sizeof line - 1, from);
    line[len < 0 ? 0 : len] = '\0';
    const char *at = strstr(line, field);
    snprintf(id, UUID_TEXT_BYTES, "%s", at == NULL ? "no call" : at + sizeof field - 1);
}

struct net_stream *toy_open_with(const struct net_request *request)
{
    assert_true(toy.stream_count < TOY_STREAMS_MAX);
    off_t logged = lseek(toy.log_fd, 0, SEEK_END);
    struct net_stream *stream = fake_net_open(toy.loop, rpc_net_handler(toy.rpc), request);
    if (stream->user != NULL) {
        memcpy(toy.ids[toy.stream_count], toy_call(stream)->request_id, UUID_TEXT_BYTES);
    } else {
        read_id(logged, toy.ids[toy.stream_count]);
    }
    toy.streams[toy.stream_count++] = stream;
    return stream;
}

struct net_stream *toy_open(const struct flow *flow)
{
    const struct net_request request = fake_net_request(flow->method);
    return toy_open_with(&request);
}

void toy_body(struct net_stream *stream)
{
    fake_net_message(stream, SLICE_NONE);
    fake_net_end(stream);
}

struct net_stream *toy_ask(const struct flow *flow)
{
    struct net_stream *stream = toy_open(flow);
    toy_body(stream);
    toy_settle();
    return stream;
}

struct call *toy_call(const struct net_stream *stream)
{
    assert_non_null(stream->user);
    return stream->user;
}

const char *toy_id(const struct net_stream *stream)
{
    size_t index = 0;
    while (toy.streams[index] != stream) {
        index++;
    }
    return toy.ids[index];
}

/* --- looking ----------------------------------------------------------------------------------- */

/* The call's lines in the log: how many, and the last one. */
static size_t lines_of(const struct net_stream *stream, char out[2048])
{
    static char log[1 << 20];
    ssize_t len = pread(toy.log_fd, log, sizeof log - 1, 0);
    size_t count = 0;
    log[len < 0 ? 0 : len] = '\0';
    for (char *line = strtok(log, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (strstr(line, toy_id(stream)) != NULL) {
            count++;
            snprintf(out, 2048, "%s", line);
        }
    }
    return count;
}

void assert_logged(const struct net_stream *stream, const char *text)
{
    char line[2048] = "";
    assert_int_equal(lines_of(stream, line), 1);
    if (strstr(line, text) == NULL) {
        fail_msg("%s is not in %s", text, line);
    }
}

void assert_unlogged(const struct net_stream *stream)
{
    char line[2048];
    assert_int_equal(lines_of(stream, line), 0);
}

static void assert_logged_reason(const struct net_stream *stream, const char *reason)
{
    char text[128];
    snprintf(text, sizeof text, "\"reason\":\"%s\"", reason);
    assert_logged(stream, text);
}

bool toy_details_have(const struct net_stream *stream, const char *text)
{
    return memmem(stream->details, stream->details_len, text, strlen(text)) != NULL;
}

void assert_served(const struct net_stream *stream)
{
    assert_int_equal(stream->finishes, 1);
    if (stream->code != GRPC_OK) {
        fail_msg("refused: %s", stream->text);
    }
    assert_int_equal(stream->sent_count, 1);
    assert_logged_reason(stream, "OK");
}

void assert_refused(const struct net_stream *stream, enum reason reason)
{
    const struct reason_info *info = reason_info(reason);
    assert_int_equal(stream->finishes, 1);
    size_t sentence = strlen(info->text) - 1; /* fields may be named behind it */
    if (strcmp(stream->text, info->text) != 0 &&
        (reason != R_FIELD_INVALID || strncmp(stream->text, info->text, sentence) != 0)) {
        fail_msg("refused for \"%s\", not for %s", stream->text, info->name);
    }
    assert_int_equal(stream->code, info->code);
    assert_int_equal(stream->sent_count, 0);
    assert_logged_reason(stream, info->name);
}

void assert_unanswered(const struct net_stream *stream)
{
    assert_int_equal(stream->finishes, 0);
    assert_int_equal(stream->sent_count, 0);
    assert_unlogged(stream);
}

void assert_aborts(void (*run)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)setrlimit(RLIMIT_CORE, &none);
        for (int number = 1; number < NSIG; number++) {
            (void)signal(number,
                         SIG_DFL); /* cmocka would catch them and go on with the next test */
        }
        (void)dup2(null, STDERR_FILENO);
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
