# ordersctl.fish: completion for fish. `ordersctl complete` knows what may stand where.
function __ordersctl_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    # As the shell would read it; a quote that is still open is none of the word.
    set -l typed (string unescape -- $last)
    or set typed (string trim --left --chars '\'"' -- $last)
    set -l lines ($program complete -- $words "$typed" 2>/dev/null)
    if test "$lines[1]" = files
        # Behind the = of an option, if it stands in the word.
        set -l before (string match --regex -- '^--[^=]*=' $last)
        for path in (complete --do-complete "'' "(string replace -- "$before" '' "$last"))
            echo "$before$path"
        end
        return
    end
    string join \n -- $lines[2..]
end
complete --command ordersctl --no-files --keep-order --arguments '(__ordersctl_complete)'
