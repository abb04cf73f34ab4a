# shellcheck shell=bash
# What every part of build.sh uses: where things are, and how to speak.

ROOT=$PWD
TOOLS=$ROOT/target/tools

# The scripts name files under target/ and dist/; a target directory elsewhere
# would leave them looking at the wrong place.
unset CARGO_TARGET_DIR
export PATH="$TOOLS/bin:$TOOLS/node_modules/.bin:$PATH"

say() {
    printf '==> %s\n' "$*"
}

die() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# locked_version CRATE: the version that Cargo.lock names.
locked_version() {
    awk -v name="\"$1\"" '$1 == "name" { found = $3 == name }
        found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' "$ROOT/Cargo.lock"
}

# What a scratch folder in memory needs there, in kB.
SCRATCH_KB=$((3 * 1024 * 1024))

# Makes a folder for what tests write, in memory where there is room for it, and says so to
# all programs (FERRY_SCRATCH, TMPDIR): browsers and databases write so much, and wait for
# the disk so often, that the tests take a sixth less time there. It is at the end of
# target/scratch, and goes with this script, or when the next one makes its own.
use_scratch() {
    local link=$ROOT/target/scratch free
    drop_scratch
    # The lesser of what the folder takes and what the machine has; nothing where there are
    # no such figures.
    free=$({ df --output=avail /dev/shm && awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; } 2>/dev/null |
        awk '/^ *[0-9]+$/ && (!seen++ || $1 < least) { least = $1 } END { print least + 0 }') || free=0
    if [[ ! -w /dev/shm ]] || ((free < SCRATCH_KB)); then
        say "tests write to the disk: /dev/shm has no room"
        return
    fi
    FERRY_SCRATCH=$(mktemp -d /dev/shm/ferry.XXXXXXXX)
    mkdir -p "${link%/*}"
    ln -sfn "$FERRY_SCRATCH" "$link"
    export FERRY_SCRATCH TMPDIR=$FERRY_SCRATCH
    trap drop_scratch EXIT
}

drop_scratch() {
    local link=$ROOT/target/scratch folder
    [[ -L $link ]] || return 0
    folder=$(readlink "$link")
    [[ $folder != /dev/shm/ferry.* ]] || rm -rf "$folder"
    rm "$link"
}
