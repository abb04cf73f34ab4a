//! Names and values that are odd, but legal, or that browsers take all the same.

/// How long a pair is at least that is here for its length, in bytes.
const LONG: usize = 1000;

/// Names and values as they stand at the start of a `Set-Cookie` line.
pub(super) fn pairs() -> Vec<Vec<u8>> {
    let long = "v".repeat(4095);
    let long_name = "n".repeat(4095);
    let half = "n".repeat(2048);
    let wide = "\u{20ac}".repeat(1365);
    let long = [
        format!("n={long}"),
        format!("{long_name}=v"),
        format!("{long_name}v="),
        format!("={long}v"),
        format!("{half}={half}"),
        format!("{half}={half}x"),
        format!("n={wide}"),
    ];
    let raw: [&[u8]; 12] = [
        b"latin1=gr\xfc\xdfe",
        b"gr\xfc\xdfe=latin1",
        b"continued=\x80\xbf",
        b"cut=\xe2\x82",
        b"overlong=\xc0\xaf",
        b"surrogate=\xed\xa0\x80",
        b"beyond=\xf4\x90\x80\x80",
        b"mixed=\xff\xef\xbf\xbd",
        b"delete=a\x7fb",
        b"control=a\x01b",
        b"tab=a\tb",
        b"ta\tb=a",
    ];
    let texts = [
        "=nameless",
        "nameless",
        "=",
        "empty=",
        "equals=a=b=c==",
        "==two",
        "quoted=\"v\"",
        "quoted=\" v \"",
        "quote=a\"b",
        "half=\"ab",
        "\"name\"=v",
        "spaces=a b  c",
        "space in name=v",
        "comma=a,b",
        "com,ma=v",
        "backslash=a\\b\\",
        "percent=%41%zz%",
        "plus=a+b",
        "json={\"a\":[1,\"b\"],\"c\":null}",
        "base64=AAECAw==/+",
        "utf8=grüße",
        "grüße=utf8",
        "emoji=\u{1F36A}",
        "\u{1F36A}=emoji",
        "replacement=\u{fffd}",
        "mark=\u{feff}x",
        "rtl=\u{202e}abc",
        "nbsp=\u{a0}v\u{a0}",
        "next-line=\u{85}v",
        "combining=e\u{301}",
        "composed=\u{e9}",
        "nonchar=\u{ffff}",
        "(paren)=v",
        "[bracket]=v",
        "{brace}=v",
        "<angle>=v",
        "col:on=v",
        "a/b=v",
        "a?b=v",
        "a@b=v",
        "$Version=1",
        "path=v",
        "expires=v",
        "secure=v",
        "__proto__=v",
        "constructor=v",
        "0=0",
        "n=true",
        "n=null",
        "n=undefined",
        "n=<script>alert(1)</script>",
    ];
    let texts = texts.iter().map(|text| text.as_bytes());
    let pairs = texts.chain(long.iter().map(String::as_bytes)).chain(raw);
    pairs.map(<[u8]>::to_vec).collect()
}

/// Those of them that are not long: a partition holds 10 KiB of a site.
pub(super) fn short_pairs() -> impl Iterator<Item = Vec<u8>> {
    pairs().into_iter().filter(|pair| pair.len() < LONG)
}

/// What a case is called by its pair.
pub(super) fn name(pair: &[u8]) -> String {
    String::from_utf8_lossy(pair).chars().take(40).collect()
}
