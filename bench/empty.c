/* empty.c - the least a process costs: what spawn.c and latency.sh measure others against. */
int main(void)
{
	return 0;
}
