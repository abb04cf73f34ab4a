# shellcheck shell=bash
# The checks and test runners, each a function that fails when something is wrong.
# run.sh puts them in order, times them and counts.

check_formatting() {
    need_component rustfmt fmt
    cargo fmt --all --check
}

check_scripts() {
    need_system shellcheck:shellcheck
    shellcheck --external-sources build.sh .ci/run
}

check_clippy() {
    need_component clippy clippy
    cargo clippy --workspace --all-targets -- --deny warnings
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

# The tests of everything that runs outside a browser. The end-to-end package is
# apart: its libraries switch on features that would change what is tested here.
test_native() {
    cargo test --workspace --exclude ferry-e2e --no-fail-fast
}

# The tests of what runs inside a browser, in both, from one build.
test_wasm() {
    local package packages=()
    for package in "${WASM_TESTED[@]}"; do
        packages+=(--package "$package")
    done
    browser_capabilities >"$ROOT/target/webdriver.json"
    WASM_BINDGEN_TEST_WEBDRIVER_JSON=$ROOT/target/webdriver.json \
        WASM_BINDGEN_TEST_TIMEOUT=120 \
        wasm-pack test --mode no-install --headless \
        --chromedriver "$(command -v chromedriver)" --geckodriver "$(command -v geckodriver)" \
        . "${packages[@]}" --lib --test '*'
}

# Packages whose tests need a browser.
WASM_TESTED=(ferry-extension ferry-client ferry-popup)

browser_capabilities() {
    local sandbox=()
    ((EUID != 0)) || sandbox=('"--no-sandbox",')
    cat <<JSON
{
  "goog:chromeOptions": {
    "binary": "$(command -v chromium)",
    "args": ["--headless=new", ${sandbox[*]-} "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"]
  },
  "moz:firefoxOptions": {
    "binary": "$(command -v firefox-esr)",
    "args": ["-headless"]
  }
}
JSON
}

# The programs that the end-to-end tests and the demo start.
build_programs() {
    cargo build --package ferry-server --package ferry-worker --package ferry-demo-app
}

# test_e2e [ARGUMENTS OF THE TEST RUNNER]
test_e2e() {
    need_python_packages tests/e2e/django/requirements.txt
    build_programs
    cargo test --package ferry-e2e --no-fail-fast -- --test-threads 2 "$@"
}
