# shellcheck shell=bash
# Builds dist/: one folder that loads unpacked in Chromium and in Firefox.
#
# The same sources give the same bytes: versions are locked, and the paths of this
# machine are mapped away. dist/ is swapped in only when all of it is there.

DIST=$ROOT/dist

# What rustc enables for wasm32-unknown-unknown. wasm-opt must be told: the section
# that says so does not survive wasm-bindgen.
#
# Two of them are for gzip, which finds what repeats within 32 kB: functions that are
# called once are left where they are (inlined, each copy of a pattern becomes another
# one: 10 kB more), and instances of the same generic function stand together.
#
# low-memory-unused lets it fold small constants into the offsets of loads and stores. It
# takes for granted that no valid address lies so close to 4 GiB that adding 1 kB to it
# would wrap around; our memory is never that large.
WASM_OPT_FLAGS=(
    -Oz
    --converge
    --low-memory-unused
    --one-caller-inline-max-function-size=20
    --reorder-functions-by-name
    --enable-bulk-memory
    --enable-multivalue
    --enable-mutable-globals
    --enable-nontrapping-float-to-int
    --enable-reference-types
    --enable-sign-ext
    --strip-debug
    --strip-producers
)

# SHA-256 and AES in loops, where they would be unrolled: 2.9 kB less, gzipped, and
# sealing 64 KiB takes 2.0 ms for 1.9 (crates/client/tests/suite/measure.rs).
SMALL_CRYPTOGRAPHY='--cfg=sha2_backend_soft="compact" --cfg=aes_backend_soft="compact"'

# What popup and web app share.
STYLES=(crates/ui/styles/{tokens,controls,components,pages,devices}.css)

build_dist() {
    need_rust
    need_wasm_target
    need_wasm_bindgen
    need_npm_tools

    say "building the extension"
    local new=$ROOT/target/dist.new old=$ROOT/target/dist.old
    rm -rf "$new" "$old"
    mkdir -p "$new/background" "$new/popup"
    cp manifest.json extension/*.js "$new/"
    cp -R extension/icons extension/_locales "$new/"
    cp popup/*.html popup/*.js "$new/popup/"
    # One style sheet: the popup's first paint waits for it.
    cat "${STYLES[@]}" popup/popup.css >"$new/popup/popup.css"
    # wasm-opt works on the background while the popup is compiled: each takes one
    # processor for the most part.
    compile ferry-extension
    bind ferry_extension "$new/background" &
    local binding=$!
    compile ferry-popup
    bind ferry_popup "$new/popup"
    wait "$binding"

    [[ ! -e $DIST ]] || mv "$DIST" "$old"
    mv "$new" "$DIST"
    rm -rf "$old"
    print_sizes
}

WEB=$ROOT/cloud/web/dist

# The web app, which the server takes into its binary. Also in the form that goes over
# the wire: what is larger than a packet beside itself, gzipped.
build_web() {
    need_rust
    need_wasm_target
    need_wasm_bindgen
    need_npm_tools

    say "building the web app"
    compile ferry-web

    local new=$ROOT/target/web.new file
    rm -rf "$new"
    mkdir -p "$new"
    cp cloud/web/static/* "$new/"
    cp -R cloud/web/icons "$new/"
    cat "${STYLES[@]}" cloud/web/{web,admin}.css >"$new/web.css"
    bind ferry_web "$new"
    for file in "$new"/*; do
        if [[ -f $file ]] && (($(wc -c <"$file") > 1400)); then
            gzip -9 -n -c "$file" >"$file.gz"
        fi
    done
    rm -rf "$WEB"
    mv "$new" "$WEB"
    print_size "$WEB" ferry_web_bg.wasm ferry_web.js web.css
}

# For gzip, as those of wasm-opt: LLVM inlines each function that is called once as well,
# however long. With this, none that has more than 8 bytes on the stack (7 kB less in the
# background).
#
# The stack lies below the data, so that it can overflow into nothing. Half a mebibyte,
# where rustc takes a whole one: addresses of data are a byte shorter then.
CODEGEN_FLAGS=(-C llvm-args=-inline-max-stacksize=8 -C link-arg=-zstack-size=524288)

# compile PACKAGE: the wasm of one crate, as what the browser loads and nothing else. In
# one go with the library that its tests link, all that is public would be kept as if
# somebody called it (6 kB more in the background).
compile() {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$(path_maps) $SMALL_CRYPTOGRAPHY" \
        cargo rustc --package "$1" --lib --crate-type cdylib \
        --target wasm32-unknown-unknown --profile wasm -- "${CODEGEN_FLAGS[@]}"
}

# Flags that keep this machine's paths out of panic messages.
path_maps() {
    local cargo_home=${CARGO_HOME:-$HOME/.cargo} sysroot
    sysroot=$(rustc --print sysroot)
    printf '%s' "--remap-path-prefix=$ROOT=/ferry" \
        " --remap-path-prefix=$cargo_home/registry/src=/crates" \
        " --remap-path-prefix=$sysroot=/rust"
}

# bind NAME FOLDER: JavaScript glue and optimised wasm of one crate. The outcome is
# kept by what went in, since wasm-opt takes longer than everything else.
bind() {
    local name=$1 folder=$2 wasm key kept new
    wasm=$ROOT/target/wasm32-unknown-unknown/wasm/$name.wasm
    key=$({
        cat "$wasm"
        echo "$(locked_version wasm-bindgen) ${WASM_OPT_FLAGS[*]}"
        cat scripts/npm/package-lock.json scripts/lib/dist.sh scripts/lib/traps.mjs
    } | sha256sum | cut -c 1-32)
    kept=$ROOT/target/bound/$name/$key
    if [[ ! -d $kept ]]; then
        rm -rf "$ROOT/target/bound/$name"
        mkdir -p "${kept%/*}"
        # Of this run alone: another may have been broken off, and be at work still.
        new=$(mktemp -d "$kept.XXXXXX")
        chmod 755 "$new"
        wasm-bindgen --target web --no-typescript --remove-producers-section \
            --out-dir "$new" --out-name "$name" "$wasm"
        node scripts/lib/traps.mjs "$TOOLS/node_modules/binaryen/index.js" \
            "$new/${name}_bg.wasm" "$new/trapping"
        wasm-opt "${WASM_OPT_FLAGS[@]}" "$new/trapping" -o "$new/${name}_bg.wasm"
        rm "$new/trapping"
        # JavaScript of a crate's that this one does not call.
        grep -q /snippets/ "$new/$name.js" || rm -rf "$new/snippets"
        mv -T "$new" "$kept"
    fi
    cp -R "$kept/." "$folder/"
}

# What each may weigh, gzipped, in bytes: it is loaded at every start.
declare -A LIMITS=([background]=177000 [popup]=174000 [web]=246000)

check_sizes() {
    local part file size status=0
    for part in "${!LIMITS[@]}"; do
        case $part in
            web) file=$WEB/ferry_web_bg.wasm ;;
            *) file=$(echo "$DIST/$part/"*.wasm) ;;
        esac
        size=$(gzip -9 -n -c "$file" | wc -c)
        say "$part: $size bytes of wasm, gzipped; at most ${LIMITS[$part]}"
        ((size <= LIMITS[$part])) || status=1
    done
    return $status
}

# print_size FOLDER FILE …
print_size() {
    local folder=$1 file
    printf '%-40s %10s %10s\n' "${folder#"$ROOT/"}/" raw gzipped
    for file in "${@:2}"; do
        printf '%-40s %10s %10s\n' "$file" "$(wc -c <"$folder/$file")" "$(gzip -9 -n -c "$folder/$file" | wc -c)"
    done
}

print_sizes() {
    print_size "$DIST" background/ferry_extension_bg.wasm background/ferry_extension.js \
        popup/ferry_popup_bg.wasm popup/ferry_popup.js
    say "dist/ is ready: load it unpacked in Chromium (chrome://extensions) or Firefox (about:debugging)"
}
