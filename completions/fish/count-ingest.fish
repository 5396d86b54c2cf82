# fish completion for count-ingest
source (status dirname)/count-query.fish
__count_complete count-ingest
