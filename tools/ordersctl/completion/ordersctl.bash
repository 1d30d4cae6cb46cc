# shellcheck shell=bash
# ordersctl.bash: completion for bash; wants nothing but bash. `ordersctl complete` knows what may stand where.
#
# Readline cuts words at COMP_WORDBREAKS, among them = and :, and puts what is completed behind the last cut. So the
# words are put together again by the blanks between them, and candidates lose what stands before the cut.
_ordersctl() {
    local line=$COMP_LINE words=() i piece kind candidate
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if [[ $i -eq 0 || $line == [[:space:]]* ]]; then
            words+=("$piece")
        else
            words[-1]+=$piece
        fi
        line=${line#"${line%%[![:space:]]*}"}
        line=${line#"$piece"}
    done
    words=("${words[@]//\\/}") piece=${piece//\\/} # as the shell would read them
    local last=${words[-1]}
    local cut=${last%"$piece"}
    [[ $piece != [=:@]* ]] || cut=$last # the cut itself

    COMPREPLY=()
    {
        read -r kind
        if [[ $kind == files ]]; then
            compopt -o default 2>/dev/null
            return
        fi
        while IFS= read -r candidate; do
            candidate=${candidate%%$'\t'*}
            candidate=${candidate#"$cut"}
            [[ $candidate != *[^[:alnum:]_.,/:=@+%-]* ]] || printf -v candidate %q "$candidate"
            COMPREPLY+=("$candidate")
        done
    } < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _ordersctl ordersctl
