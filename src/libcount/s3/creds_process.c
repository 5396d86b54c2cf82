/*
 * creds_process.c - the output of a credential_process: started without a shell, read with limits.
 *
 * The command gets a process group of its own, so that a time-out ends all that it started; stdin is
 * empty, and no descriptor of ours but the two pipes is inherited.  What it says on stderr is not shown
 * (the library does not print) but its last line stands in the error.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "s3/creds_impl.h"

#define TICK_MS 50		/* between looks at whether it has ended: it may leave the pipes to a child */
#define STDERR_MAX 4096

extern char **environ;

/* ---- The command line ---- */

/* One character at *s goes to *out; false: the command ended inside a quotation. */
static bool quoted(const char **s, char quote, char **out)
{
	for (++*s; **s != quote; ++*s) {
		if (**s == '\0')
			return false;
		if (quote == '"' && **s == '\\' && ((*s)[1] == '"' || (*s)[1] == '\\'))
			++*s;
		*(*out)++ = **s;
	}
	return true;
}

/* The word at *s, and past it. */
static bool word(const char **s, char **out)
{
	for (; **s != '\0' && **s != ' ' && **s != '\t'; ++*s) {
		if (**s == '\'' || **s == '"') {
			if (!quoted(s, **s, out))
				return false;
		} else {
			if (**s == '\\' && *++*s == '\0')
				return false;
			*(*out)++ = **s;
		}
	}
	*(*out)++ = '\0';
	return true;
}

/* A word takes at least one byte and a blank behind it: half as many pointers as bytes are enough. */
int creds_process_split(const char *command, char ***argv)
{
	size_t len = strlen(command), most = len / 2 + 2, n = 0;
	char **v = malloc(most * sizeof(*v) + len + 1), *out;

	if (v == NULL)
		return COUNT_ERR_NOMEM;
	out = (char *)(v + most);
	for (;;) {
		command += strspn(command, " \t");
		if (*command == '\0')
			break;
		v[n++] = out;
		if (!word(&command, &out)) {
			free(v);
			return COUNT_ERR_INVALID;
		}
	}
	v[n] = NULL;
	*argv = v;
	return n > 0 ? COUNT_OK : (free(v), COUNT_ERR_INVALID);
}

/* ---- The process ---- */

struct process {
	const char *who;
	pid_t pid;
	int fd[2];			/* what it writes: stdout, stderr; -1: closed */
	struct buf *out, complaint;
	int limit_ms;
	int64_t deadline_ms;
	bool ended, has_status;
	int status;			/* of waitpid() */
};

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Signals as a fresh program has them, whatever the host of the library does with its own. */
static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	ret = posix_spawnattr_setsigmask(attr, &none);
	if (ret == 0)
		ret = posix_spawnattr_setsigdefault(attr, &all);
	if (ret == 0)
		ret = posix_spawnattr_setpgroup(attr, 0);
	if (ret == 0)
		ret = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
					       POSIX_SPAWN_SETPGROUP);
	return ret;
}

static int set_files(posix_spawn_file_actions_t *files, const int to[2])
{
	int ret = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);

	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(files, to[0], 1);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(files, to[1], 2);
	if (ret == 0)
		ret = posix_spawn_file_actions_addclosefrom_np(files, 3);
	return ret;
}

/* An errno. */
static int spawn(struct process *p, char **argv, const int to[2])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int ret = posix_spawn_file_actions_init(&files);

	if (ret != 0)
		return ret;
	ret = posix_spawnattr_init(&attr);
	if (ret == 0) {
		ret = set_attributes(&attr);
		if (ret == 0)
			ret = set_files(&files, to);
		if (ret == 0)
			ret = posix_spawnp(&p->pid, argv[0], &files, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return ret;
}

/* The ends for the child stay clear of 0 to 2, which dup2() would overwrite before it reads them. */
static int make_pipe(int *from, int *to)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0)
		return errno;
	*from = fd[0];
	*to = fd[1];
	if (fd[1] <= 2) {
		*to = fcntl(fd[1], F_DUPFD_CLOEXEC, 3);
		close(fd[1]);
	}
	if (*to < 0 || fcntl(*from, F_SETFL, O_NONBLOCK) != 0)
		return errno;
	return 0;
}

static int start(struct process *p, char **argv, struct count_error *err)
{
	int to[2] = { -1, -1 }, ret = make_pipe(&p->fd[0], &to[0]);

	if (ret == 0)
		ret = make_pipe(&p->fd[1], &to[1]);
	if (ret == 0)
		ret = spawn(p, argv, to);
	close_fd(&to[0]);
	close_fd(&to[1]);
	if (ret == 0)
		return COUNT_OK;
	errno = ret;
	return err_sys(err, COUNT_ERR_DENIED, "%s: cannot run %.60s", p->who, argv[0]);
}

/* What is there now; false: more than the limit, or no memory for it. */
static bool drain(int *fd, struct buf *b, size_t max)
{
	while (*fd >= 0) {
		ssize_t n;

		if (!buf_reserve(b, 4096))
			return false;
		n = read(*fd, b->data + b->len, b->cap - b->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			close_fd(fd);
		else
			b->len += (size_t)n;
		if (b->len > max)
			return false;
	}
	return true;
}

/* Of stderr the end is kept, however much there is. */
static void drain_complaint(struct process *p)
{
	const size_t keep = STDERR_MAX / 2;

	while (!drain(&p->fd[1], &p->complaint, STDERR_MAX) && !p->complaint.failed && clock_ms() < p->deadline_ms) {
		memmove(p->complaint.data, p->complaint.data + p->complaint.len - keep, keep);
		p->complaint.len = keep;
	}
}

static void look_whether_ended(struct process *p)
{
	pid_t got = p->ended ? 0 : waitpid(p->pid, &p->status, WNOHANG);

	if (got == p->pid)
		p->ended = p->has_status = true;
	else if (got < 0 && errno != EINTR)
		p->ended = true;	/* the host of the library has SIGCHLD ignored */
}

/* Until it has ended and all that it wrote is here. */
static int attend(struct process *p, struct count_error *err)
{
	while (!p->ended) {
		struct pollfd poll_fd[2] = {
			{ .fd = p->fd[0], .events = POLLIN }, { .fd = p->fd[1], .events = POLLIN },
		};
		int tick = p->fd[0] < 0 && p->fd[1] < 0 ? 5 : TICK_MS;

		if (clock_ms() >= p->deadline_ms)
			return err_set(err, COUNT_ERR_DENIED, "%s: it did not end within %g s", p->who,
				       (double)p->limit_ms / 1000);
		poll(poll_fd, 2, tick);
		look_whether_ended(p);
		drain_complaint(p);
		if (!drain(&p->fd[0], p->out, CREDS_BODY_MAX))
			return p->out->failed ? err_nomem(err) :
			       err_set(err, COUNT_ERR_DENIED, "%s: it printed more than %zu bytes", p->who,
				       CREDS_BODY_MAX);
	}
	return COUNT_OK;
}

/* The last line that is not empty. */
static const char *last_line(struct buf *b)
{
	char *line;

	while (b->len > 0 && b->data[b->len - 1] <= ' ')
		b->len--;
	buf_put_u8(b, '\0');
	if (b->failed)
		return "";
	line = memrchr(b->data, '\n', b->len);
	return line != NULL ? line + 1 : (char *)b->data;
}

static int judge(struct process *p, struct count_error *err)
{
	const char *complaint = last_line(&p->complaint);
	const char *colon = complaint[0] != '\0' ? ": " : "";

	if (!p->has_status || (WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0))
		return COUNT_OK;
	if (WIFSIGNALED(p->status))
		return err_set(err, COUNT_ERR_DENIED, "%s: killed by signal %d%s%.160s", p->who, WTERMSIG(p->status),
			       colon, complaint);
	return err_set(err, COUNT_ERR_DENIED, "%s: exit status %d%s%.160s", p->who, WEXITSTATUS(p->status), colon,
		       complaint);
}

/* On every way out: nothing of it goes on, and no zombie stays. */
static void finish(struct process *p)
{
	close_fd(&p->fd[0]);
	close_fd(&p->fd[1]);
	if (!p->ended) {
		kill(-p->pid, SIGKILL);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	creds_wipe_buf(&p->complaint);
}

int creds_process_run(const char *who, const char *command, int limit_ms, struct buf *out,
		      struct count_error *err)
{
	struct process p = {
		.who = who, .fd = { -1, -1 }, .out = out, .limit_ms = limit_ms, .deadline_ms = clock_ms() + limit_ms,
	};
	char **argv;
	int ret = creds_process_split(command, &argv);

	if (ret == COUNT_ERR_NOMEM)
		return err_nomem(err);
	if (ret != COUNT_OK)
		return err_set(err, COUNT_ERR_DENIED, "%s: no command, or a quotation mark that does not end", who);
	ret = start(&p, argv, err);
	free(argv);
	if (ret != COUNT_OK) {
		close_fd(&p.fd[0]);
		close_fd(&p.fd[1]);
		return ret;
	}
	ret = attend(&p, err);
	if (ret == COUNT_OK)
		ret = judge(&p, err);
	finish(&p);
	return ret;
}
