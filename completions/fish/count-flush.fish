# fish completion for count-flush
source (status dirname)/count-query.fish
__count_complete count-flush
complete -c count-flush -f
