/* piece_list.c - a growing list of pieces and its order; see piece.h. */
#include <stdlib.h>

#include "engine/piece.h"

void piece_list_free(struct piece_list *l)
{
	free(l->v);
	*l = (struct piece_list){ 0 };
}

struct piece *piece_list_add(struct piece_list *l)
{
	if (l->len == l->cap) {
		size_t cap = l->cap == 0 ? 16 : l->cap * 2;
		struct piece *v = reallocarray(l->v, cap, sizeof(*v));

		if (v == NULL)
			return NULL;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->len] = (struct piece){ 0 };
	return &l->v[l->len++];
}

static int by_first(const void *a, const void *b)
{
	const struct piece *p = a, *q = b;

	if (p->first != q->first)
		return p->first < q->first ? -1 : 1;
	if (rank_less(p->rank, q->rank))
		return -1;
	return rank_less(q->rank, p->rank);
}

void piece_list_sort(struct piece_list *l)
{
	/* Often it is sorted already, and a piece is large to move. */
	for (size_t i = 1; i < l->len; i++) {
		if (by_first(&l->v[i - 1], &l->v[i]) > 0) {
			qsort(l->v, l->len, sizeof(*l->v), by_first);
			return;
		}
	}
}
