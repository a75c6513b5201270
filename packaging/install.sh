#!/bin/sh
# Installs uni-api, one file, for one user: fetches it, checks its sum, and puts it where your own commands are. No root, nothing compiled, nothing else written.
#   sh install.sh               install, or bring up to date
#   sh install.sh --uninstall   remove it; api.yaml and data stay
#   sh install.sh --dir DIR     put it there
# UNIAPI_BASE is the address of the folder with uni-api.pex and SHA256SUMS; an install.sh that comes with a release knows its own.
set -eu

base=${UNIAPI_BASE:-'@BASE@'}
directory=''
action=install
work=''

say() { printf '%s\n' "$*"; }
fail() {
    printf 'uni-api: %s\n' "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
clean() { [ -z "$work" ] || rm -rf "$work"; }
trap clean EXIT
trap 'exit 130' INT TERM

while [ $# -gt 0 ]; do
    case $1 in
        --uninstall) action=uninstall ;;
        --dir)
            [ $# -gt 1 ] || fail '--dir needs a folder'
            shift
            directory=$1
            ;;
        -h | --help)
            sed -n '2,6s/^# *//p' "$0"
            exit 0
            ;;
        *) fail "there is no option $1; there are --dir DIR, --uninstall" ;;
    esac
    shift
done

# The folder for one's own commands: the one that is on PATH; a serv00 account has ~/bin.
if [ -z "$directory" ]; then
    [ -n "${HOME:-}" ] && [ -d "$HOME" ] || fail 'there is no home folder (HOME): name a folder with --dir'
    directory=$HOME/.local/bin
    case ":$PATH:" in
        *":$HOME/.local/bin:"*) ;;
        *":$HOME/bin:"*) directory=$HOME/bin ;;
    esac
fi
program=$directory/uni-api

if [ "$action" = uninstall ]; then
    [ -e "$program" ] || fail "there is no $program"
    rm -f "$program"
    say "$program is removed. Your api.yaml and its data folder stay; ~/.cache/pex may hold an unpacked copy: rm -rf ~/.cache/pex"
    exit 0
fi

# A Python that is new enough; the file finds it by itself later, this is only asked so that nothing is installed in vain.
python=''
for name in python3.14 python3.13 python3.12 python3.11 python3.10 python3 python; do
    if has "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
        python=$name
        break
    fi
done
[ -n "$python" ] || fail 'needs Python 3.10 or newer on PATH, and there is none (macOS: brew install python; Debian: apt install python3; FreeBSD: pkg install python311)'

case $base in
    http://* | https://*) ;;
    *) fail 'this install.sh is not from a release: say where the files are, UNIAPI_BASE=https://… sh install.sh' ;;
esac

# get NAME: fetches a file of the release into the work folder.
get() {
    code=0
    if has curl; then
        curl -fsSL --retry 2 -o "$work/$1" "$base/$1" || code=$?
        case $code in
            0) return ;;
            22) fail "$base/$1 is not there" ;;
            23) full "$1" ;;
        esac
    elif has wget; then
        wget -q -O "$work/$1" "$base/$1" || code=$?
        case $code in
            0) return ;;
            8) fail "$base/$1 is not there" ;;
            3) full "$1" ;;
        esac
    elif has fetch; then
        fetch -q -o "$work/$1" "$base/$1" || code=$?
        [ "$code" != 0 ] || return 0
    else
        fail 'needs curl, wget or fetch, and there is none'
    fi
    fail "$base/$1 cannot be fetched (code $code): is there a network, and room in $directory?"
}
full() { fail "$1 cannot be written into $directory: is the disk or your quota full? It needs 3 MB"; }

# sum FILE: its SHA-256, whatever this system calls the tool.
sum() {
    if has sha256sum; then
        sha256sum "$1" | cut -d ' ' -f 1
    elif has shasum; then
        shasum -a 256 "$1" | cut -d ' ' -f 1
    elif has sha256; then
        sha256 -q "$1"
    elif has openssl; then
        openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
    else
        "$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
    fi
}

mkdir -p "$directory" 2>/dev/null || fail "the folder $directory cannot be made"
work=$(mktemp -d "$directory/.uni-api.XXXXXX" 2>/dev/null) || fail "nothing can be written into $directory: is it yours, and is there room?"

get SHA256SUMS
get uni-api.pex
expected=$(sed -n 's/^\([0-9a-f]\{64\}\)  uni-api\.pex$/\1/p' "$work/SHA256SUMS")
[ -n "$expected" ] || fail "$base/SHA256SUMS says nothing of uni-api.pex"
found=$(sum "$work/uni-api.pex")
[ "$found" = "$expected" ] || fail "the sum of uni-api.pex is wrong ($found, not $expected): it was cut or changed on the way, and is not installed"

version=$("$python" "$work/uni-api.pex" --version 2>"$work/said") || fail "the file does not run here: $(cat "$work/said")"
before=''
[ ! -x "$program" ] || before=$("$python" "$program" --version 2>/dev/null) || before='an older one'
chmod 755 "$work/uni-api.pex"
mv -f "$work/uni-api.pex" "$program" || fail "$program cannot be replaced"

if [ -z "$before" ]; then
    say "uni-api $version is installed: $program"
elif [ "$before" = "$version" ]; then
    say "uni-api $version was there already, and is there anew: $program"
else
    say "uni-api $version replaces $before: $program. A gateway that runs goes on with $before until it is started anew."
fi
command=uni-api
case ":$PATH:" in
    *":$directory:"*) ;;
    *)
        command=$program
        say "$directory is not on your PATH yet: add it, in ~/.profile, by: export PATH=\"$directory:\$PATH\""
        ;;
esac
[ -n "$before" ] || say "Next:  $command serve --demo    answers at once, without any key
       $command init            writes api.yaml, with the keys it finds in your environment
       $command                 serves"
