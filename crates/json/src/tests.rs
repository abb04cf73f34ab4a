use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Malformed, Value, read, write, write_text, written_len};

/// Every form that messages, answers and records have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    Unit,
    Newtype(String),
    Struct {
        name: Option<String>,
        seconds: Option<f64>,
    },
    List(Vec<Form>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Whole {
    text: String,
    number: i64,
    small: u8,
    yes: bool,
    #[serde(default)]
    defaulted: Vec<String>,
    boxed: Box<Form>,
    map: BTreeMap<String, u32>,
    nothing: (),
}

fn form() -> impl Strategy<Value = Form> {
    let leaf = prop_oneof![
        Just(Form::Unit),
        any::<String>().prop_map(Form::Newtype),
        (any::<Option<String>>(), prop::option::of(-1e12..1e12))
            .prop_map(|(name, seconds)| Form::Struct { name, seconds }),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop::collection::vec(inner, 0..4).prop_map(Form::List)
    })
}

prop_compose! {
    fn whole()(
        text in any::<String>(),
        number in any::<i64>(),
        small in any::<u8>(),
        yes in any::<bool>(),
        defaulted in prop::collection::vec(any::<String>(), 0..4),
        boxed in form(),
        map in prop::collection::btree_map(any::<String>(), any::<u32>(), 0..4),
    ) -> Whole {
        Whole { text, number, small, yes, defaulted, boxed: Box::new(boxed), map, nothing: () }
    }
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in whole()) {
        for json in [serde_json::to_vec(&value), serde_json::to_vec_pretty(&value)] {
            prop_assert_eq!(read::<Whole>(&json.unwrap()), Ok(value.clone()));
        }
    }

    /// What `serde_json` refuses is refused, and what it takes is read alike, in
    /// texts with one byte changed.
    #[test]
    fn agrees_with_serde_json_on_damaged_text(value in whole(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut json = serde_json::to_vec(&value).unwrap();
        let at = at.index(json.len());
        json[at] = byte;
        let ours = read::<Whole>(&json);
        // JSON is UTF-8 (§8.1), also where `serde_json` skips it.
        let theirs = std::str::from_utf8(&json).ok().and_then(|json| serde_json::from_str(json).ok());
        prop_assert_eq!(ours.ok(), theirs);
    }

    #[test]
    fn serde_json_reads_what_is_written(value in whole()) {
        let json = write(&value).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Whole>(&json).unwrap(), value.clone());
        prop_assert_eq!(written_len(&value).unwrap(), json.len());
        prop_assert_eq!(write_text(&value).unwrap().into_bytes(), json);
    }

    #[test]
    fn a_value_of_any_form_is_read_alike(value in whole()) {
        let json = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(plain(&Value::read(&json).unwrap()), serde_json::to_value(&value).unwrap());
    }

    #[test]
    fn nothing_makes_it_panic(json in any::<Vec<u8>>()) {
        let _ = Value::read(&json);
        let _ = read::<Whole>(&json);
        let _ = read::<Form>(&json);
    }
}

#[test]
fn escapes_are_written_out() {
    let text = |json: &str| read::<String>(json.as_bytes()).ok();
    for (json, value) in [
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u00e9\u2028""#, "é\u{2028}"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""plain é 😀""#, "plain é 😀"),
    ] {
        assert_eq!(text(json).as_deref(), Some(value), "{json}");
    }
    for json in [r#""\x""#, r#""\u12""#, r#""\ud83d""#, r#""\ude00""#, r#"""#, ""] {
        assert_eq!(text(json), None, "{json}");
    }
}

#[test]
fn unknown_members_are_skipped_whatever_they_hold() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct One {
        a: u8,
    }
    let json = r#"{"x":[1,{"y":"}]\""},null,-1.5e3,true,[]],"a":1,"z":{"a":{"a":2}},"s":"\u0041"}"#;
    assert_eq!(read(json.as_bytes()), Ok(One { a: 1 }));
    assert_eq!(read::<One>(br#"{"b":1}"#), Err(Malformed));
    assert_eq!(read::<One>(br#"{"a":1} x"#), Err(Malformed));
    assert_eq!(read::<One>(b" {\"a\":1}\n\t"), Ok(One { a: 1 }));
}

#[test]
fn numbers_follow_the_grammar() {
    for json in [
        "0",
        "-0",
        "-1",
        "1.5",
        "1e3",
        "1E-2",
        "-0.5e+1",
        "18446744073709551615",
        "1e308",
        "123456789012345678901234",
    ] {
        assert_eq!(
            read::<f64>(json.as_bytes()).ok(),
            serde_json::from_str(json).ok(),
            "{json}"
        );
        assert_eq!(
            read::<i64>(json.as_bytes()).ok(),
            serde_json::from_str(json).ok(),
            "{json}"
        );
        assert_eq!(
            read::<u8>(json.as_bytes()).ok(),
            serde_json::from_str(json).ok(),
            "{json}"
        );
    }
    for json in [
        "", "-", "01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1e999", "NaN", "Infinity", "1 2", "--1",
    ] {
        assert_eq!(read::<f64>(json.as_bytes()), Err(Malformed), "{json}");
        assert!(serde_json::from_str::<f64>(json).is_err(), "{json}");
    }
}

#[test]
fn depth_is_bounded() {
    for (depth, fine) in [(100, true), (200, false), (1_000_000, false)] {
        let json = format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(
            read::<serde::de::IgnoredAny>(json.as_bytes()).is_ok(),
            fine,
            "{depth}"
        );
    }
}

#[test]
fn values_may_be_read_before_their_form_is_known() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        A {
            list: Vec<Option<bool>>,
            real: f64,
            whole: i64,
        },
    }
    let json = br#"{"list":[true,null,false],"real":-1.5,"whole":-3,"kind":"A"}"#;
    let value = Tagged::A {
        list: vec![Some(true), None, Some(false)],
        real: -1.5,
        whole: -3,
    };
    assert_eq!(read(json), Ok(value));
    assert_eq!(read::<Tagged>(br#"{"kind":"B"}"#), Err(Malformed));
}

/// As `serde_json` has it.
fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(text) => serde_json::from_str(text).unwrap(),
        Value::Real(number) => (*number).into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().into(),
        Value::Object(members) => serde_json::Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
        ),
    }
}

#[test]
fn the_last_of_several_members_counts() {
    let value = Value::read(br#"{"a":1,"b":-0,"a":"x","c":18446744073709551616}"#).unwrap();
    assert_eq!(value.member("a"), Some(&Value::String("x".to_owned())));
    assert_eq!(value.member("b"), Some(&Value::Real(-0.0)));
    assert_eq!(value.member("c"), Some(&Value::Real(18446744073709551616.0)));
    assert_eq!(value.member("d"), None);
    for json in ["", "[", "[1,]", "{\"a\"}", "{a:1}", "nul", "[1] 2", "\"\\"] {
        assert_eq!(Value::read(json.as_bytes()), Err(Malformed), "{json}");
    }
}

#[test]
fn all_forms_are_written_as_serde_json_writes_them() {
    #[derive(Serialize)]
    enum Forms<'a> {
        Unit,
        Newtype(&'a str),
        Tuple(i8, u64, bool),
        Struct {
            none: Option<u8>,
            some: Option<char>,
            unit: (),
            list: Vec<i64>,
        },
    }
    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged<'a> {
        A { text: &'a str },
        B(One),
    }
    #[derive(Serialize)]
    struct One {
        #[serde(flatten)]
        map: BTreeMap<String, i16>,
    }
    #[derive(Serialize)]
    struct Pair(f64, f32);
    fn same(value: impl Serialize) {
        assert_eq!(
            write_text(&value).unwrap(),
            serde_json::to_string(&value).unwrap()
        );
    }
    same([
        Forms::Unit,
        Forms::Newtype("\u{0}\u{1f}\"\\/\n\r\t\u{8}\u{c}\u{7f}é😀"),
        Forms::Tuple(-128, u64::MAX, true),
    ]);
    same(Forms::Struct {
        none: None,
        some: Some('"'),
        unit: (),
        list: vec![i64::MIN, 0, i64::MAX],
    });
    same((
        Tagged::A { text: "x" },
        Tagged::B(One {
            map: [("k".to_owned(), -5)].into(),
        }),
    ));
    same((Pair(1.5, -0.25), f64::NAN, f64::INFINITY));
    same(BTreeMap::from([("a\"b", vec![0_u8; 0]), ("c", vec![1])]));
    assert_eq!(
        write(&BTreeMap::from([(1, 2)])),
        Err(Malformed),
        "keys are strings"
    );
}
