/* jobs.c - texts parsed by several threads and handed back in their order; see jobs.h. */
#include "jobs.h"

#include <pthread.h>
#include <stdlib.h>

struct jobs {
	unsigned njobs;			/* threads at most, the caller's among them */
	unsigned nthreads;		/* started */
	struct job *ring;
	unsigned nring, first, used;
	struct parser *parsers;		/* njobs; the first is the caller's */
	pthread_t threads[CLI_JOBS_MAX];
	struct seat { struct jobs *j; struct parser *parser; } seats[CLI_JOBS_MAX];
	/* guards the states, first and used where threads look; a parser belongs to who took the text */
	pthread_mutex_t lock;
	pthread_cond_t waits, done;
	unsigned taken;
	bool started, ahead;		/* of the caller */
	bool held, end;
};

static void parse(struct job *job, struct parser *parser)
{
	parser->line.now = job->now;
	job->parser = parser;
	parse_text(parser, job->buf + job->from, job->len, &job->parsed);
}

static struct job *waiting(struct jobs *j)
{
	for (unsigned i = 0; i < j->used && !j->held; i++) {
		struct job *job = &j->ring[(j->first + i) % j->nring];

		if (job->state == JOB_WAITS)
			return job;
	}
	return NULL;
}

static void *work(void *arg)
{
	struct seat *seat = arg;
	struct jobs *j = seat->j;
	struct job *job;

	pthread_mutex_lock(&j->lock);
	while (!j->end) {
		job = waiting(j);
		if (job == NULL) {
			pthread_cond_wait(&j->waits, &j->lock);
			continue;
		}
		job->state = JOB_TAKEN;
		j->taken++;
		pthread_mutex_unlock(&j->lock);
		parse(job, seat->parser);
		pthread_mutex_lock(&j->lock);
		job->state = JOB_DONE;
		j->taken--;
		pthread_cond_signal(&j->done);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

static bool allocate(struct jobs *j, size_t buffer)
{
	j->ring = calloc(j->nring, sizeof(*j->ring));
	j->parsers = calloc(j->njobs, sizeof(*j->parsers));
	if (j->ring == NULL || j->parsers == NULL)
		return false;
	for (unsigned i = 0; i < j->nring; i++) {
		j->ring[i].buf = malloc(buffer + SCAN_PAD);
		if (j->ring[i].buf == NULL)
			return false;
	}
	return true;
}

struct jobs *jobs_new(unsigned njobs, size_t buffer, const struct line *how, scan_fn *scan)
{
	struct jobs *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->waits, NULL);
	pthread_cond_init(&j->done, NULL);
	j->njobs = njobs;
	j->nring = njobs == 1 ? 1 : 2 * njobs;	/* each thread has one, and one more lies ready for it */
	if (!allocate(j, buffer)) {
		jobs_end(j);
		return NULL;
	}
	for (unsigned i = 0; i < njobs; i++) {
		j->parsers[i].line = *how;
		j->parsers[i].scan = scan;
		j->parsers[i].names_limit = NAMES_LIMIT / njobs;
	}
	return j;
}

void jobs_set_unit(struct jobs *j, enum count_unit unit)
{
	for (unsigned i = 0; i < j->njobs; i++)
		j->parsers[i].line.unit = unit;
}

void jobs_ahead(struct jobs *j, bool ahead)
{
	j->ahead = ahead;
	for (; ahead && !j->started && j->nthreads + 1 < j->njobs; j->nthreads++) {
		struct seat *seat = &j->seats[j->nthreads];

		*seat = (struct seat){ j, &j->parsers[j->nthreads + 1] };
		if (pthread_create(&j->threads[j->nthreads], NULL, work, seat) != 0)
			break;		/* then those that are there do it, or the caller alone */
	}
	j->started |= ahead;
}

struct job *jobs_free_one(struct jobs *j)
{
	unsigned most = j->ahead && j->nthreads > 0 ? j->nring : 1;

	return j->used < most ? &j->ring[(j->first + j->used) % j->nring] : NULL;
}

void jobs_put(struct jobs *j, struct job *job)
{
	pthread_mutex_lock(&j->lock);
	job->state = JOB_WAITS;
	j->used++;
	if (j->nthreads > 0)
		pthread_cond_signal(&j->waits);
	pthread_mutex_unlock(&j->lock);
}

struct job *jobs_oldest(struct jobs *j)
{
	struct job *job = &j->ring[j->first];
	bool mine;

	if (j->used == 0)
		return NULL;
	pthread_mutex_lock(&j->lock);
	mine = job->state == JOB_WAITS;
	if (mine)
		job->state = JOB_TAKEN;
	while (!mine && job->state != JOB_DONE)
		pthread_cond_wait(&j->done, &j->lock);
	pthread_mutex_unlock(&j->lock);
	if (mine) {
		parse(job, &j->parsers[0]);
		pthread_mutex_lock(&j->lock);
		job->state = JOB_DONE;
		pthread_mutex_unlock(&j->lock);
	}
	return job;
}

void jobs_give_back(struct jobs *j, struct job *job)
{
	pthread_mutex_lock(&j->lock);
	job->state = JOB_FREE;
	j->first = (j->first + 1) % j->nring;
	j->used--;
	pthread_mutex_unlock(&j->lock);
}

void jobs_restart(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->held = true;
	while (j->taken > 0)
		pthread_cond_wait(&j->done, &j->lock);
	for (unsigned i = 0; i < j->used; i++)
		j->ring[(j->first + i) % j->nring].state = JOB_WAITS;
	for (unsigned i = 0; i < j->njobs; i++)
		parser_forget(&j->parsers[i]);
	j->held = false;
	pthread_cond_broadcast(&j->waits);
	pthread_mutex_unlock(&j->lock);
}

void jobs_end(struct jobs *j)
{
	if (j == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	j->end = true;
	pthread_cond_broadcast(&j->waits);
	pthread_mutex_unlock(&j->lock);
	for (unsigned i = 0; i < j->nthreads; i++)
		pthread_join(j->threads[i], NULL);
	for (unsigned i = 0; i < j->nring && j->ring != NULL; i++) {
		free(j->ring[i].buf);
		parsed_free(&j->ring[i].parsed);
	}
	for (unsigned i = 0; i < j->njobs && j->parsers != NULL; i++)
		parser_free(&j->parsers[i]);
	pthread_cond_destroy(&j->done);
	pthread_cond_destroy(&j->waits);
	pthread_mutex_destroy(&j->lock);
	free(j->ring);
	free(j->parsers);
	free(j);
}
