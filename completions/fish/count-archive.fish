# fish completion for count-archive
source (status dirname)/count-query.fish
__count_complete count-archive
complete -c count-archive -f
