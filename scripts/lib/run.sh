# shellcheck shell=bash
# The commands of build.sh: which steps each takes, how long they took, what they found.

LOGS=$ROOT/target/log

PASSED=0
FAILED=0
REPORT=()

# step NAME FUNCTION: runs it, shows and keeps what it prints, and goes on whatever
# comes of it. Counts the tests by the lines in which the runners sum up; a step
# that fails without a failed test is one failure.
step() {
    local name=$1 function=$2 log start status passed failed
    log=$LOGS/${name// /-}.log
    mkdir -p "$LOGS"
    say "$name"
    start=$SECONDS
    set +e
    (
        set -e
        "$function"
    ) 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    read -r passed failed < <(count_tests "$log")
    if [[ $function == test_* ]] && ((status == 0 && passed == 0)); then
        say "$name: no test ran"
        status=1
    fi
    ((status == 0 || failed > 0)) || failed=1
    PASSED=$((PASSED + passed))
    FAILED=$((FAILED + failed))
    REPORT+=("$(printf '%-16s %-7s %4d:%02d %8d %8d' "$name" "$( ((status == 0)) && echo ok || echo FAILED)" \
        $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60)) "$passed" "$failed")")
    return 0
}

# Of `test result: ok. 12 passed; 0 failed; …`, as cargo test and
# wasm-bindgen-test-runner both print it.
count_tests() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /^test result: / {
            for (i = 2; i <= NF; i++) {
                if ($i == "passed;") passed += $(i - 1)
                if ($i == "failed;") failed += $(i - 1)
            }
        }
        END { print passed + 0, failed + 0 }'
}

finish() {
    echo
    printf '%-16s %-7s %7s %8s %8s\n' step result time passed failed
    printf '%s\n' "${REPORT[@]}"
    printf '%-16s %-7s %4d:%02d\n' total '' $((SECONDS / 60)) $((SECONDS % 60))
    echo
    echo "$PASSED passed, $FAILED failed"
    ((FAILED == 0))
}

run_lint() {
    step tools need_lint_tools
    step formatting check_formatting
    step scripts check_scripts
    step dependencies check_dependencies
    step clippy check_clippy
    step extension build_dist
    step "web app" build_web
    step "web-ext lint" check_dist
    step sizes check_sizes
    finish
}

run_tests() {
    step tools need_all_tools
    step formatting check_formatting
    step scripts check_scripts
    step dependencies check_dependencies
    rm -rf "$DIST"
    step extension build_dist
    step "web app" build_web
    step "web-ext lint" check_dist
    step sizes check_sizes
    use_scratch
    # The server takes in the web app: compiled after that, it is compiled once.
    step "clippy" compile_tests
    step "native tests" test_native
    step interoperation test_interoperation
    step "wasm tests" test_wasm
    step "popup" check_popup
    step "end to end" test_e2e
    step "demo" check_demo
    finish
}

need_lint_tools() {
    need_npm_tools
    need_rust_lint_tools
}

need_rust_lint_tools() {
    need_rust
    need_component rustfmt fmt
    need_component clippy clippy
    need_system shellcheck:shellcheck
    need_wasm_target
    need_wasm_bindgen
    need_cargo_deny
}

# What is loaded comes while the processors are busy with what is built. Of Debian's
# packages all come before: two that install them at once are in each other's way.
need_all_tools() {
    need_rust
    need_system shellcheck:shellcheck
    need_system_browsers
    need_display_tools
    need_venv
    (
        need_npm_tools
        need_verdaccio
        need_python_packages tests/e2e/django/requirements.txt
        need_python_packages tests/e2e/jupyter/requirements.txt
        need_python_packages tests/e2e/mail/requirements.txt
        need_python_packages crates/protocol/tests/interop/requirements.txt
    ) &
    local loading=$!
    need_rust_lint_tools
    need_wasm_pack
    need_geckodriver
    wait "$loading"
}

run_e2e() {
    need_browsers
    need_display_tools
    build_dist
    build_web
    e2e_filter=("$@")
    use_scratch
    step "end to end" test_e2e
    finish
}

# run_wasm [PACKAGE …]
run_wasm() {
    need_rust
    need_wasm_target
    need_wasm_bindgen
    need_wasm_pack
    need_browsers
    use_scratch
    test_wasm "$@"
}

run_preview() {
    need_system chromium:chromium
    build_dist
    check_popup 2
    say "the pictures are in target/screenshots/popup"
}

run_demo() {
    need_system chromium:chromium chromedriver:chromium-driver certutil:libnss3-tools
    build_dist
    build_web
    build_programs
    cargo build --package ferry-e2e --bin ferry-demo
    exec target/debug/ferry-demo
}

run_bench() {
    need_browsers
    build_dist
    build_web
    say "seal and open"
    cargo bench --package ferry-protocol
    say "sessions stored a second"
    cargo bench --package ferry-server --bench store
    say "from click to stored, and first paint"
    build_programs --release
    cargo run --release --package ferry-e2e --bin ferry-bench
}
