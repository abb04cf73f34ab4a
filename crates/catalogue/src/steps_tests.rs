//! Each step, on what it takes, what it drops, and what is too much.

use super::*;

fn run(steps: &[Step], text: &str) -> Values {
    let mut values = Values::default();
    values.push(text.to_owned());
    steps.iter().fold(values, Values::step)
}

/// Every value was read.
fn whole(steps: &[Step], text: &str) -> Vec<String> {
    let values = run(steps, text);
    assert!(!values.dropped, "{steps:?} on {text:?} dropped something");
    values.texts
}

/// Something was dropped, and nothing is left.
fn nothing(steps: &[Step], text: &str) {
    assert_eq!(
        run(steps, text),
        Values {
            texts: vec![],
            dropped: true
        },
        "{steps:?} on {text:?}"
    );
}

#[test]
fn percent_decode() {
    let step = &[Step::PercentDecode];
    assert_eq!(whole(step, "u%3D%31%c3%A9+x"), ["u=1é+x"]);
    assert_eq!(whole(step, "100% %4 %zz %"), ["100% %4 %zz %"]);
    nothing(step, "%ff");
}

#[test]
fn base64_in_either_alphabet_padded_or_not() {
    let step = &[Step::Base64Decode];
    for text in ["Pz8/Pj4+YQ==", "Pz8_Pj4-YQ", "Pz8/Pj4+YQ"] {
        assert_eq!(whole(step, text), ["???>>>a"], "{text}");
    }
    for text in ["a", "a b", "/w==", "YQ=a"] {
        nothing(step, text);
    }
}

#[test]
fn jwt_claims_of_three_parts_only() {
    let step = &[Step::JwtClaims, Step::Json("/sub".into())];
    assert_eq!(whole(step, "e30.eyJzdWIiOiJ0Ml8xIn0.c2ln"), ["t2_1"]);
    for text in [
        "",
        "e30",
        "e30.eyJzdWIiOiJ0Ml8xIn0",
        "a.eyJzdWIiOiJ0Ml8xIn0.b.c",
        "a.!.b",
        "a.e30.b",
    ] {
        nothing(step, text);
    }
}

#[test]
fn unquote_takes_one_pair() {
    let step = &[Step::Unquote];
    assert_eq!(whole(step, "\"\"a\"\""), ["\"a\""]);
    for text in ["a", "\"a", "a\"", "\""] {
        assert_eq!(whole(step, text), [text]);
    }
}

#[test]
fn split_trim_after_before() {
    assert_eq!(
        whole(&[Step::Split("|".into()), Step::Trim], "| a | b||c "),
        ["a", "b", "c"]
    );
    assert_eq!(whole(&[Step::After("=".into())], "a=b=c"), ["b=c"]);
    assert_eq!(whole(&[Step::Before("=".into())], "a=b=c"), ["a"]);
    nothing(&[Step::After("=".into())], "abc");
    nothing(&[Step::Before("=".into())], "abc");
    let some = run(&[Step::Split("|".into()), Step::Before(":".into())], "1:a|2");
    assert_eq!(
        some,
        Values {
            texts: vec!["1".into()],
            dropped: true
        }
    );
}

#[test]
fn json_by_pointer() {
    let at = |pointer: &str| [Step::Json(pointer.into())];
    let text = r#"{"users":[{"n":"a"},{"n":7}],"on":true,"a/b":{"m~n":"x"},"map":{"k":"v","l":"w"}}"#;
    assert_eq!(whole(&at("/users/*/n"), text), ["a", "7"]);
    assert_eq!(whole(&at("/users/1/n"), text), ["7"]);
    assert_eq!(whole(&at("/a~1b/m~0n"), text), ["x"]);
    assert_eq!(whole(&at("/map/*"), text), ["v", "w"]);
    assert_eq!(whole(&at("/on"), text), ["true"]);
    assert_eq!(whole(&at(""), "\"text\""), ["text"]);
    assert_eq!(whole(&at("/*"), "[]"), [""; 0]);
    for pointer in [
        "/users/2/n",
        "/users/-/n",
        "/none",
        "users",
        "/map",
        "/users/*/n/deep",
    ] {
        nothing(&at(pointer), text);
    }
    for text in ["", "{", "[1] x", "null", "[[[[\"deep\"]]]]"] {
        nothing(&at(""), text);
    }
}

#[test]
fn json_numbers_that_would_be_rounded_are_no_identities() {
    let at = &[Step::Json(String::new())];
    assert_eq!(whole(at, "18446744073709551615"), ["18446744073709551615"]);
    assert_eq!(whole(at, "-5"), ["-5"]);
    for number in ["18446744073709551616", "1.5", "1e3"] {
        nothing(at, number);
    }
}

#[test]
fn json_keys_of_objects() {
    let keys = |pointer: &str| [Step::JsonKeys(pointer.into())];
    assert_eq!(
        whole(&keys("/teams"), r#"{"teams":{"T1":{},"T2":null}}"#),
        ["T1", "T2"]
    );
    assert_eq!(whole(&keys(""), "{}"), [""; 0]);
    nothing(&keys(""), "[1]");
}

#[test]
fn json_too_deep_is_dropped() {
    nothing(&[Step::Json(String::new())], &"[".repeat(1 << 20));
}

#[test]
fn html_becomes_text() {
    let text = |html: &str| whole(&[Step::HtmlText], html).remove(0);
    assert_eq!(
        text("<b>Al</b>ice\n  <i title=\"a > b\">Smith</i>"),
        "Alice Smith"
    );
    assert_eq!(
        text("&lt;b&gt; &amp;amp; &quot;&apos;&#65;&#x42;"),
        "<b> &amp; \"'AB"
    );
    assert_eq!(text("a<!-- x > y -->b<!-- open"), "ab");
    assert_eq!(
        text("1 < 2 && 3 &nbsp; &#xffffffff; &#; &"),
        "1 < 2 && 3 &nbsp; &#xffffffff; &#; &"
    );
    assert_eq!(text("a<b"), "a");
    assert_eq!(text("a<"), "a<");
}

#[test]
fn a_rule_holds_64_values() {
    let text = vec!["1"; MAX_VALUES].join("|");
    assert_eq!(whole(&[Step::Split("|".into())], &text).len(), MAX_VALUES);
    let more = run(&[Step::Split("|".into())], &format!("{text}|1"));
    assert_eq!((more.texts.len(), more.dropped), (MAX_VALUES, true));
}

#[test]
fn no_step_makes_more_text() {
    let steps = [
        Step::PercentDecode,
        Step::Base64Decode,
        Step::JwtClaims,
        Step::Unquote,
        Step::Trim,
        Step::Split("a".into()),
        Step::After("a".into()),
        Step::Before("n".into()),
        Step::Json("/*".into()),
        Step::JsonKeys(String::new()),
        Step::JsonText(String::new()),
        Step::JsonText("/*".into()),
        Step::Where("/a=1".into()),
        Step::Unless("/a=2".into()),
        Step::HtmlText,
    ];
    let texts = [
        "%41%41",
        "QUFB",
        "e30.eyJzdWIiOiJ0Ml8xIn0.c2ln",
        "\"a\"",
        " a ",
        "banana",
        "[1,22,\"x\",true]",
        "{\"a\":1}",
        "[1e9,\"\\u0001\\n\\u00e9\",{\"a\":[null,0.5]}]",
        "&lt;&#65;&#9; x",
    ];
    for step in &steps {
        for text in texts {
            let total: usize = run(std::slice::from_ref(step), text)
                .texts
                .iter()
                .map(String::len)
                .sum();
            assert!(total <= text.len(), "{step:?} on {text:?}");
        }
    }
}

#[test]
fn json_text_is_what_was_read() {
    let at = |pointer: &str| vec![Step::JsonText(pointer.into())];
    let text = r#" { "a" : [ 1, "x\"\\\/\n\u0001\u001f", [ true , false, null ], {} ], "a~b": -0.5 } "#;
    assert_eq!(
        whole(&at("/a/*"), text),
        ["1", r#""x\"\\/\n\u0001\u001f""#, "[true,false,null]", "{}"]
    );
    let all = r#"{"a":[1,"x\"\\/\n\u0001\u001f",[true,false,null],{}],"a~b":-0}"#;
    assert_eq!(whole(&at(""), text), [all]);
    let short = r#""\b\t\n\f\ré""#;
    assert_eq!(whole(&at(""), short), [short]);
    let around_the_limits = r#""\u000f\u0010\u001f !""#;
    assert_eq!(whole(&at(""), around_the_limits), [around_the_limits]);
    assert_eq!(whole(&at(""), "18446744073709551615"), ["18446744073709551615"]);
    nothing(&at("/b"), text);
    nothing(&at(""), "{");
}

/// Never longer, and the same to every step after it.
#[test]
fn json_text_changes_nothing() {
    for text in [
        "\"\\u0007\\u000b\\u007f\"",
        "[1e300,2.5,1.0]",
        "{\"\\t\":\"\\u00e9\",\"\":{}}",
        "[[],[[]]]",
    ] {
        let written = whole(&[Step::JsonText(String::new())], text).remove(0);
        assert!(written.len() <= text.len(), "{text} became {written}");
        for step in [
            Step::Json("/*".into()),
            Step::JsonKeys(String::new()),
            Step::Json(String::new()),
        ] {
            let step = std::slice::from_ref(&step);
            assert_eq!(run(step, &written), run(step, text), "{step:?} {text}");
        }
    }
}

#[test]
fn parts_of_json_are_kept_or_left_out() {
    let parts = Step::JsonText("/*".into());
    let list = r#"[{"s":1,"n":"a"},{"s":"1","n":"b"},{"s":2,"n":"c"},{"n":"d"},{"s":[1],"n":"e"}]"#;
    let name = Step::Json("/n".into());
    let unless = [parts.clone(), Step::Unless("/s=1".into()), name.clone()];
    assert_eq!(whole(&unless, list), ["c", "d", "e"]);
    let found = run(&[parts, Step::Where("/s=1".into()), name], list);
    assert_eq!((found.texts, found.dropped), (strings(&["a", "b"]), true));
    let is = |condition: &str| whole(&[Step::Where(condition.into())], r#"{"a=b":["x","y"],"c":""}"#);
    assert_eq!(is("/c=").len(), 1);
    // One of several is enough; the first sign ends the pointer.
    nothing(&[Step::Where("/a=b=x".into())], r#"{"a=b":"x"}"#);
    assert_eq!(
        whole(&[Step::Where("/*=y".into())], r#"["x","y"]"#),
        [r#"["x","y"]"#]
    );
    assert_eq!(whole(&[Step::Unless("/*=y".into())], r#"["x","y"]"#), [""; 0]);
    for text in ["", "x", "{\"s\":1", "1"] {
        nothing(&[Step::Where("/s=1".into())], text);
    }
    for text in ["", "x", "{\"s\":1"] {
        nothing(&[Step::Unless("/s=1".into())], text);
    }
    for condition in ["", "/s", "s=1"] {
        nothing(&[Step::Where(condition.into())], "{\"s\":1}");
    }
    nothing(&[Step::Unless("/s".into())], "{\"s\":1}");
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}
