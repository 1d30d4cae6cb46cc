# shellcheck shell=bash
# lib.sh: what the scripts share. Sourced, with `set -euo pipefail` already on. A script that is called with --help or -h
# prints its first comment here, before it does anything.

# A command substitution ends at the first command that fails too: bash turns errexit off in it otherwise.
shopt -s inherit_errexit

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Of clang, and of what comes with it: one version that Debian 12 and 13 both have, so that both of them format
# alike and find the same.
clang_version=19

if [[ ${1:-} =~ ^(-h|--help)$ ]]; then
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit
fi

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$@"
    exit 1
}

# takes_no_arguments "$@": what is given to a script that takes none is a mistake, and not left out in silence.
takes_no_arguments() {
    [[ $# -eq 0 ]] || die "unknown argument $1"
}

# setting NAME [DEFAULT]: the environment's value, else that of .env, else the default: the order in which the
# programs themselves look.
setting() {
    local value=${!1:-}
    if [[ -z $value && -r $root/.env ]]; then
        value=$(sed -nE "s/^[[:blank:]]*(export )?$1[[:blank:]]*=[[:blank:]]*//p" "$root/.env" | tail -n 1)
        case $value in
        \"*\"* | \'*\'*) value=${value#?} value=${value%%[\"\']*} ;;
        *) value=$(sed -E 's/ #.*//; s/[[:space:]]+$//' <<<"$value") ;;
        esac
    fi
    printf '%s' "${value:-${2:-}}"
}

# shellcheck disable=SC2120 # few callers name any
# need_packages [PACKAGE...]: installs what is missing of tools/packages and of the packages named. Asks dpkg alone
# when nothing is: that takes milliseconds, and no network.
need_packages() {
    local wanted missing sudo=()
    mapfile -t wanted < <(grep -v '^#' "$root/tools/packages" && printf '%s\n' "$@")
    mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sed '/^$/d' | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p' | sort -u))
    [[ ${#missing[@]} -gt 0 ]] || return 0

    command -v apt-get >/dev/null || die "these Debian packages are missing, and there is no apt-get: ${missing[*]}"
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || die "as root, run: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        sudo=(sudo)
    fi
    say "installing ${missing[*]}"
    "${sudo[@]}" apt-get -q update >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install "${missing[@]}" >&2
}

# shellcheck disable=SC2120 # few callers name any
# need_test_packages [PACKAGE...]: likewise, and what is missing of tests/packages.
need_test_packages() {
    local tests
    mapfile -t tests < <(grep -v '^#' "$root/tests/packages")
    need_packages "${tests[@]}" "$@"
}

# need_npm: node and npm; Debian's, unless others are there: NodeSource's nodejs brings its own npm and excludes
# Debian's.
need_npm() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        need_packages nodejs npm
    fi
}

# supervise COMMAND...: runs it in the background, so that a signal to this script reaches it at once, waits for it,
# and returns its exit code. Wants `trap stop INT TERM HUP` in the script.
supervised=
stopping=
supervise() {
    local code=0
    "$@" &
    supervised=$!
    [[ -z $stopping ]] || stop
    # A signal ends `wait` early, with the command still there.
    while kill -0 "$supervised" 2>/dev/null; do
        wait "$supervised" || true
    done
    wait "$supervised" || code=$?
    supervised=
    return "$code"
}

stop() {
    stopping=yes
    [[ -z $supervised ]] || kill -TERM "$supervised" 2>/dev/null || true
}

# build DIRECTORY [MESON-OPTION...] [-- TARGET...]: all there is, or the targets. Sets it up on first use.
build() {
    local directory=$1 options=()
    shift
    while [[ $# -gt 0 && $1 != -- ]]; do
        options+=("$1")
        shift
    done
    [[ -e $directory/build.ninja ]] || supervise meson setup "$directory" "$root" "${options[@]}"
    supervise ninja -C "$directory" "${@:2}"
}

# build_release TARGET...: what is run, optimized, in build-release; says so on stderr alone.
build_release() {
    build "$root/build-release" -Dbuildtype=release -Dtests=false -- "$@" >&2
}

# build_measured TARGET...: what is measured, optimized as what is installed for long is, in build-bench.
build_measured() {
    build "$root/build-bench" -Dbuildtype=release -Db_lto=true -Dtests=false -- "$@" >&2
}

# build_release_tests TARGET...: the same with tests among the targets.
build_release_tests() {
    local directory=$root/build-release
    [[ ! -e $directory/build.ninja ]] || supervise meson configure "$directory" -Dtests=true >&2
    build "$directory" -Dbuildtype=release -Dtests=true -- "$@" >&2
}
