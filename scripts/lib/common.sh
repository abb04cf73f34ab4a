# shellcheck shell=bash
# What every part of build.sh uses: where things are, and how to speak.

ROOT=$PWD
TOOLS=$ROOT/target/tools

# The scripts name files under target/ and dist/; a target directory elsewhere
# would leave them looking at the wrong place.
unset CARGO_TARGET_DIR FERRY_SCRATCH
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
# the disk so often, that the tests take a sixth less time there. It goes with this script;
# it is locked as long as a program of this script's runs, and the next one removes it if
# this one was killed.
use_scratch() {
    local free
    sweep_scratch
    free=$(scratch_room)
    if [[ ! -w /dev/shm ]] || ((free < SCRATCH_KB)); then
        say "tests write to the disk: in memory, below /dev/shm, there is room for $free kB, and $SCRATCH_KB are needed"
        return
    fi
    # Again if another run swept it away before it was locked.
    FERRY_SCRATCH='' SCRATCH_LOCK=0
    until [[ $FERRY_SCRATCH -ef /proc/self/fd/$SCRATCH_LOCK ]]; do
        FERRY_SCRATCH=$(mktemp -d /dev/shm/ferry.XXXXXXXX)
        { exec {SCRATCH_LOCK}<"$FERRY_SCRATCH"; } 2>/dev/null || continue
        flock "$SCRATCH_LOCK"
    done
    export FERRY_SCRATCH TMPDIR=$FERRY_SCRATCH
    say "tests write to $FERRY_SCRATCH"
    trap 'rm -rf "$FERRY_SCRATCH"' EXIT
}

# What can be written below /dev/shm, in kB: the least of what it takes, what the machine has
# and what a container may use; 0 where that cannot be told.
scratch_room() {
    {
        df --output=avail /dev/shm || echo 0
        awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo
        cat /sys/fs/cgroup/memory.{max,current} |
            awk '{ at[NR] = $1 } END { if (at[1] ~ /^[0-9]+$/) print int((at[1] - at[2]) / 1024) }'
    } 2>/dev/null | awk '/^ *-?[0-9]+$/ && (!seen++ || $1 < least) { least = $1 } END { print least + 0 }' || true
}

# Removes the folders of ours that no program has locked.
sweep_scratch() {
    local folder lock
    for folder in /dev/shm/ferry.????????; do
        [[ -d $folder && ! -L $folder && -O $folder ]] || continue
        exec {lock}<"$folder"
        ! flock --nonblock "$lock" || rm -rf "$folder"
        exec {lock}<&-
    done
}
