# fish completion for count-manifest
source (status dirname)/count-query.fish
__count_complete count-manifest
set -l commands list show where cat verify repair rebuild sync diff stats
complete -c count-manifest -f -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c count-manifest -f -n "__fish_seen_subcommand_from $commands" -a '(__count_series)'
