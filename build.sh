#!/usr/bin/env bash
# Builds, shows and checks Ferry. What each command does: ./build.sh help
#
# Whatever a command needs and does not find is installed by the ordinary package
# managers, into target/ where possible; scripts/lib/tools.sh has the versions.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# shellcheck source=scripts/lib/common.sh
source scripts/lib/common.sh
# shellcheck source=scripts/lib/tools.sh
source scripts/lib/tools.sh
# shellcheck source=scripts/lib/dist.sh
source scripts/lib/dist.sh
# shellcheck source=scripts/lib/checks.sh
source scripts/lib/checks.sh
# shellcheck source=scripts/lib/run.sh
source scripts/lib/run.sh

usage() {
    cat <<'TEXT'
./build.sh          build the extension into dist/, for Chromium and Firefox alike,
                    and the web app into cloud/web/dist/, for the server's binary
./build.sh demo     server, worker, demo app and a browser with the extension loaded;
                    without a display the same story headless, with screenshots
./build.sh test     everything that CI runs
./build.sh bench    every figure of docs/performance.md
./build.sh lint     the checks of `test` that run no test: formatting, clippy,
                    dependencies, shell scripts; builds, web-ext lint, sizes
./build.sh wasm [PACKAGE …]
                    only the tests that run inside browsers
./build.sh e2e [FILTER …]
                    only the end-to-end tests, or those whose name holds a FILTER
./build.sh preview  pictures of every state of the popup, in target/screenshots/popup
./build.sh help     this text
TEXT
}

case "${1:-dist}" in
    dist)
        build_dist
        build_web
        ;;
    demo) run_demo ;;
    test) run_tests ;;
    bench) run_bench ;;
    lint) run_lint ;;
    preview) run_preview ;;
    wasm) run_wasm "${@:2}" ;;
    e2e) run_e2e "${@:2}" ;;
    help | -h | --help) usage ;;
    *)
        usage >&2
        exit 2
        ;;
esac
