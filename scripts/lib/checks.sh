# shellcheck shell=bash
# The checks and test runners, each a function that fails when something is wrong.
# run.sh puts them in order, times them and counts.

check_formatting() {
    need_component rustfmt fmt
    cargo fmt --all --check
}

check_scripts() {
    need_system shellcheck:shellcheck
    shellcheck --check-sourced --external-sources build.sh .ci/run
}

# Once for what runs outside a browser, once for what runs inside.
check_clippy() {
    need_component clippy clippy
    cargo clippy --workspace --all-targets -- --deny warnings
    check_clippy_inside
}

check_clippy_inside() {
    need_component clippy clippy
    cargo clippy "${WASM_TESTED[@]/#/--package=}" --target wasm32-unknown-unknown --lib --tests \
        -- --deny warnings
}

# linted ARGUMENT …: cargo, with clippy as the compiler of what is ours. As a step of its
# own, `cargo clippy` goes through all libraries once more: four minutes, from nothing.
# Only tests are compiled so, and the programs that they start: clippy's compiler leaves
# out some optimisations. What ships is compiled by rustc alone.
linted() {
    need_component clippy clippy
    RUSTC_WORKSPACE_WRAPPER=clippy-driver CARGO_TERM_COLOR=never cargo "$@"
}

# Compiles all that runs outside a browser, and fails for a warning.
compile_tests() {
    local log=$LOGS/warnings.log
    {
        linted test "${OUTSIDE[@]}" --all-targets --no-run
        linted test "${END_TO_END[@]}" --no-run
    } 2>&1 | tee "$log"
    no_warnings "$log"
}

# Whether cargo, which printed this, warned of nothing: it shows the warnings of what was
# compiled before as well.
no_warnings() {
    grep --silent --extended-regexp '^warning: `.*generated [0-9]+ warning' "$1" || return 0
    say "the compiler warns of something, which counts as a failure: see $1"
    return 1
}

# Licences, sources, duplicates and bans need no network; the advisory database does.
check_dependencies() {
    need_cargo_deny
    cargo deny check bans licenses sources
    if ! timeout 20 getent hosts github.com >/dev/null; then
        say "advisories SKIPPED: their database cannot be reached from here"
        return
    fi
    cargo deny check advisories
}

check_dist() {
    need_npm_tools
    web-ext lint --source-dir "$DIST" --warnings-as-errors
}

# Shows every state of the popup in Chromium: fails on errors of the page's, on what
# sticks out, and on what axe-core calls serious. The pictures are in target/screenshots/popup.
# check_popup [SCALE]
check_popup() {
    need_npm_tools
    node popup/preview/preview.mjs --dist "$DIST" --out "$ROOT/target/screenshots/popup" \
        --axe "$TOOLS/node_modules/axe-core/axe.min.js" --chromium "$(command -v chromium)" --scale "${1:-1}"
}

# Everything that runs outside a browser. Always chosen as a whole, with all of its tests:
# which features the libraries are built with goes by what is chosen, and each other
# choice (one test target is another choice) would build most of them once more. The
# end-to-end package is apart: its libraries switch on features that would change what is
# tested here. So a unit test in tests/e2e/src would not run; tests/layers.rs sees that there
# is none.
OUTSIDE=(--workspace --exclude ferry-e2e)

# The end-to-end tests. Of the whole workspace, for the same reason: so chosen, only the
# libraries with those features are built once more.
END_TO_END=(--workspace --test e2e)

test_native() {
    linted test "${OUTSIDE[@]}" --no-fail-fast
}

# Our seals against an implementation in another language.
test_interoperation() {
    need_python_packages crates/protocol/tests/interop/requirements.txt
    FERRY_PYTHON=$VENV/bin/python linted test "${OUTSIDE[@]}" pyhpke -- --ignored
}

# The tests of what runs inside a browser, in both, from one build, with the cryptography
# that ships. Compiled by clippy as well, and a warning fails them. Both browsers at once:
# each waits for half of its time. Who comes second to compile finds all of it done.
test_wasm() {
    need_component clippy clippy
    mkdir -p "$LOGS"
    browser_capabilities >"$ROOT/target/webdriver.json"
    local packages=("$@") browser log status=0
    (($#)) || packages=("${WASM_TESTED[@]}")
    say "in Chromium and Firefox at once; as it goes: target/log/wasm-chrome.log, wasm-firefox.log"
    local -A running
    # Each in a process group of its own, which ends with this script: what a shell that is
    # not interactive starts in the background takes no notice of Ctrl-C.
    set -m
    for browser in chrome firefox; do
        wasm_pack_test "$browser" "${packages[@]/#/--package=}" >"$LOGS/wasm-$browser.log" 2>&1 &
        running[$browser]=$!
    done
    set +m
    local signal
    for signal in INT TERM; do
        # This shell then ends by the same signal, so that whoever started it ends as well.
        # shellcheck disable=SC2064 # as they are now
        trap "kill -- ${running[*]/#/-}; trap - $signal; kill -$signal \$BASHPID" $signal
    done
    for browser in chrome firefox; do
        log=$LOGS/wasm-$browser.log
        wait "${running[$browser]}" || status=1
        cat "$log"
        no_warnings "$log" || status=1
    done
    trap - INT TERM
    return $status
}

# wasm_pack_test BROWSER OPTION …: the options are for cargo
wasm_pack_test() {
    RUSTC_WORKSPACE_WRAPPER=clippy-driver \
        CARGO_TERM_COLOR=never \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$SMALL_CRYPTOGRAPHY \
        WASM_BINDGEN_TEST_WEBDRIVER_JSON=$ROOT/target/webdriver.json \
        WASM_BINDGEN_TEST_TIMEOUT=120 \
        wasm-pack test --mode no-install --headless "--$1" \
        --chromedriver "$(command -v chromedriver)" --geckodriver "$(command -v geckodriver)" \
        . "${@:2}" --lib --test '*'
}

# Packages whose tests need a browser.
WASM_TESTED=(ferry-extension ferry-client ferry-json ferry-popup ferry-ui ferry-web)

browser_capabilities() {
    local sandbox=()
    ((EUID != 0)) || sandbox=('"--no-sandbox",')
    cat <<JSON
{
  "goog:chromeOptions": {
    "binary": "$(command -v chromium)",
    "args": ["--headless=new", ${sandbox[*]-} "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"]
  },
  "moz:firefoxOptions": {
    "binary": "$(command -v firefox-esr)",
    "args": ["-headless"]
  }
}
JSON
}

# build_programs [OPTION …]: the programs that the demo and the benches start, as they
# ship. The server for itself: built with the worker, it would be linked with the code
# that opens seals.
build_programs() {
    cargo build "$@" --package ferry-worker --package ferry-demo-app
    cargo build "$@" --package ferry-server
}

# What the names of the end-to-end tests to run have in them; empty: all.
e2e_filter=()

test_e2e() {
    need_python_packages tests/e2e/django/requirements.txt
    need_python_packages tests/e2e/jupyter/requirements.txt
    need_verdaccio
    need_python_packages tests/e2e/mail/requirements.txt
    # The programs that they start: as the native tests have them built.
    linted test "${OUTSIDE[@]}" --no-run
    # One more at once than there are processors: they wait now and then. What the tests
    # print: the table of what is lossless.
    linted test "${END_TO_END[@]}" --no-fail-fast -- --test-threads $(($(nproc) + 1)) --show-output "${e2e_filter[@]}"
}

# The story of `./build.sh demo` without a display, by the program that the end-to-end tests
# have built beside themselves. It fails where a step of the story does not come about.
check_demo() {
    linted test "${END_TO_END[@]}" --no-run
    env --unset=DISPLAY target/debug/ferry-demo
}
