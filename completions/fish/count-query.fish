# fish completion for count-query; those of the other tools read this file too.
# Options and their descriptions are those of --help.

function __count_series
    set -l dir
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        if contains -- $words[$i] -d --data-dir; and set -q words[(math $i + 1)]
            set dir -d $words[(math $i + 1)]
        end
    end
    count-query -q $dir --list 2>/dev/null
end

# What may follow an option, for complete -a.
function __count_values -a tool long
    switch $tool:$long
        case '*:data-dir'
            echo '(__fish_complete_directories)'
        case '*:config' 'count-ingest:rejects'
            echo '(__fish_complete_path)'
        case 'count-ingest:format'
            echo 'auto graphite json'
        case 'count-query:format'
            echo 'text csv tsv json ndjson'
        case '*:time-unit'
            echo 'auto s ms us ns'
        case 'count-ingest:sync'
            echo 'interval exit always none'
        case 'count-ingest:precision'
            echo 's ms us ns'
        case 'count-ingest:name'
            echo '(__count_series)'
        case 'count-query:time-format' 'count-manifest:time-format'
            echo 'unit s ms us ns iso'
        case 'count-query:fill'
            echo 'none null zero previous linear'
        case 'count-query:tier'
            echo 'hot warm cold'
        case 'count-query:agg'
            echo 'avg sum min max count first last stddev median p50 p90 p95 p99 rate irate increase delta'
        case 'count-query:step'
            echo '10s 1m 5m 15m 1h 6h 1d 1w 1mo 1y'
        case 'count-query:max-cost' 'count-manifest:max-cost'
            echo 'none 1 10 100'
        case 'count-query:from' 'count-query:to'
            echo 'now -1h -1d -7d -30d today yesterday'
        case 'count-archive:older-than'
            echo '7d 14d 30d 90d'
        case 'count-archive:jobs'
            echo '1 4 8 16 32'
        case 'count-flush:level' 'count-archive:level'
            echo 'fast default max'
        case 'count-ingest:jobs' 'count-query:jobs'
            echo '1 2 4'
        case 'count-flush:retention'
            echo '30d 90d 1y 2y 5y'
    end
end

function __count_complete -a tool
    for line in ($tool --help 2>/dev/null)
        # A group that did not match is left out of the list: so each comes by itself, or empty.
        set -l long (string match -rg '^  (?:-.,|   ) --([a-z-]+) ' -- $line)
        or continue
        set -l letter (string match -rg '^  -(.),' -- $line)
        set -l argument (string match -rg '^  (?:-.,|   ) --[a-z-]+ ([A-Z][A-Z=]*) ' -- $line)
        set -l spec -c $tool -l $long -d (string replace -r '^  .{4}--[a-z-]+( [A-Z=]+)? +' '' -- $line)
        test -n "$letter"; and set -a spec -s $letter
        if test -n "$argument"
            set -a spec -x
            set -l values (__count_values $tool $long)
            test -n "$values"; and set -a spec -a $values
        end
        complete $spec
    end
end

__count_complete count-query
complete -c count-query -f -a '(__count_series)'
