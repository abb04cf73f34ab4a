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
