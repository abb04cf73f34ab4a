//! What a seal is bound to: change anything, and it does not open.

use ferry_protocol::session::{self, Expected, Header, OpenError, SealError, SealedSession};
use ferry_protocol::{AccountId, Bytes, MAX_SEALED_BYTES, SealingKeyId, TransferId, WorkspaceId};
use p256::SecretKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{Account, NOW, dh, public, secret_key};
use crate::hpke_interop;

/// Bound in the header, each on its own.
const HEADER_FIELDS: [&str; 9] = [
    "version",
    "transfer",
    "workspace",
    "account",
    "app",
    "device",
    "sealing_key",
    "consent",
    "captured_at",
];

fn header_json(account: &Account) -> Value {
    serde_json::to_value(&account.header).unwrap()
}

fn refusal(sealed: &SealedSession, account: &Account, expected: &Expected<'_>) -> OpenError {
    match session::open(sealed, &account.vault, expected) {
        Ok(_) => panic!("opened: {}", String::from_utf8_lossy(sealed.header.as_ref())),
        Err(error) => error,
    }
}

/// What the worker would expect if it believed this header.
fn believing<'a>(header: &Header, account: &'a Account) -> Expected<'a> {
    Expected {
        workspace: header.workspace,
        account: header.account,
        transfer: header.transfer,
        sealing_key: header.sealing_key,
        ..account.expected()
    }
}

/// Refused at each of three lines: by the signature; when somebody has the device
/// key too, by what the worker expects; when the worker is deceived on that as
/// well, by the seal itself.
fn refused_with_header(account: &Account, header: &[u8]) {
    let mut sealed = account.sealed();
    sealed.header = Bytes(header.to_vec());
    assert!(matches!(
        refusal(&sealed, account, &account.expected()),
        OpenError::Signature(_)
    ));
    account.device.sign_again(&mut sealed);
    let second = refusal(&sealed, account, &account.expected());
    match Header::from_bytes(header) {
        Err(error) => assert_eq!(second, OpenError::Header(error)),
        Ok(header) if header.device != account.header.device => {
            assert_eq!(
                refusal(&sealed, account, &believing(&header, account)),
                OpenError::Mismatch("device")
            );
        }
        Ok(header) => {
            assert!(
                matches!(second, OpenError::Mismatch(_) | OpenError::Seal),
                "{second:?}"
            );
            assert_eq!(
                refusal(&sealed, account, &believing(&header, account)),
                OpenError::Seal
            );
        }
    }
}

#[test]
fn a_session_opens_to_what_was_sealed() {
    let account = Account::new(1);
    let opened = session::open(&account.sealed(), &account.vault, &account.expected()).unwrap();
    assert_eq!(opened.header, account.header);
    assert!(opened.payload == account.payload);
}

#[test]
fn every_header_field_is_among_those_tested() {
    let header = header_json(&Account::new(1));
    let mut fields: Vec<&str> = header.as_object().unwrap().keys().map(String::as_str).collect();
    let mut listed = HEADER_FIELDS.to_vec();
    fields.sort_unstable();
    listed.sort_unstable();
    assert_eq!(fields, listed);
}

#[test]
fn a_header_field_of_another_account_is_refused() {
    let (one, other) = (Account::new(1), Account::new(2));
    let mut swapped = 0;
    for (account, foreign) in [(&one, header_json(&other)), (&other, header_json(&one))] {
        for field in HEADER_FIELDS {
            let mut header = header_json(account);
            if field == "version" {
                header[field] = json!(2);
            } else {
                assert_ne!(header[field], foreign[field], "the accounts share their {field}");
                header[field] = foreign[field].clone();
            }
            refused_with_header(account, header.to_string().as_bytes());
            swapped += 1;
        }
    }
    assert_eq!(swapped, 18);
}

#[test]
fn a_header_written_otherwise_is_refused() {
    let account = Account::new(1);
    let text = String::from_utf8(account.header.to_bytes()).unwrap();
    // The same header to a reader, but not the same bytes.
    refused_with_header(&account, format!("{text} ").as_bytes());
    refused_with_header(&account, text.replacen(':', ": ", 1).as_bytes());
    // Not a header: a member missing, more, twice.
    for field in HEADER_FIELDS {
        let mut header = header_json(&account);
        let value = header.as_object_mut().unwrap().remove(field).unwrap();
        refused_with_header(&account, header.to_string().as_bytes());
        let twice = text.replacen('{', &format!(r#"{{"{field}":{value},"#), 1);
        refused_with_header(&account, twice.as_bytes());
    }
    let mut more = header_json(&account);
    more["more"] = json!(1);
    refused_with_header(&account, more.to_string().as_bytes());
    for nothing in ["", "null", "[]", "{}"] {
        refused_with_header(&account, nothing.as_bytes());
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let id = |bytes: [u8; 10]| json!(WorkspaceId::new(NOW, bytes));
    prop_oneof![
        any::<[u8; 10]>().prop_map(id),
        any::<[u8; 32]>().prop_map(|bytes| json!(Bytes::from(bytes))),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u8>().prop_map(|number| json!(number)),
        "[a-z0-9-]{1,64}".prop_map(|text| json!(text)),
        any::<String>().prop_map(|text| json!(text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_header_field_of_any_other_value_is_refused(
        field in prop::sample::select(&HEADER_FIELDS[..]),
        value in any_value(),
    ) {
        let account = Account::new(1);
        let mut header = header_json(&account);
        prop_assume!(header[field] != value);
        header[field] = value;
        refused_with_header(&account, header.to_string().as_bytes());
    }
}

#[test]
fn parts_of_two_seals_do_not_go_together() {
    let (one, other) = (Account::new(1), Account::new(2));
    let (a, b) = (one.sealed(), other.sealed());
    let parts = |sealed: &SealedSession| {
        (
            sealed.header.clone(),
            sealed.enc.clone(),
            sealed.ciphertext.clone(),
        )
    };
    for mix in 1..15_u8 {
        let pick = |bit: u8, a: &Bytes, b: &Bytes| if mix >> bit & 1 == 0 { a.clone() } else { b.clone() };
        let mixed = SealedSession {
            header: pick(0, &a.header, &b.header),
            enc: pick(1, &a.enc, &b.enc),
            ciphertext: pick(2, &a.ciphertext, &b.ciphertext),
            signature: pick(3, &a.signature, &b.signature),
        };
        for (account, original) in [(&one, &a), (&other, &b)] {
            refusal(&mixed, account, &account.expected());
            // With all the parts but the signature, signing again makes it whole.
            if parts(&mixed) != parts(original) {
                let mut signed = mixed.clone();
                account.device.sign_again(&mut signed);
                refusal(&signed, account, &account.expected());
            }
        }
    }
}

#[test]
fn every_changed_byte_is_refused() {
    type Part = fn(&mut SealedSession) -> &mut Bytes;
    let parts: [(&str, Part); 4] = [
        ("header", |sealed| &mut sealed.header),
        ("enc", |sealed| &mut sealed.enc),
        ("ciphertext", |sealed| &mut sealed.ciphertext),
        ("signature", |sealed| &mut sealed.signature),
    ];
    let account = Account::new(1);
    let sealed = account.sealed();
    let mut changes = 0;
    for (what, part) in parts {
        for index in 0..part(&mut sealed.clone()).0.len() {
            for mask in [0x01, 0x80] {
                let mut changed = sealed.clone();
                part(&mut changed).0[index] ^= mask;
                let refused = refusal(&changed, &account, &account.expected());
                assert!(
                    matches!(refused, OpenError::Signature(_)),
                    "{what} {index}: {refused:?}"
                );
                if what != "signature" {
                    // And by the seal, were the signature not there.
                    account.device.sign_again(&mut changed);
                    refusal(&changed, &account, &account.expected());
                }
                changes += 1;
            }
        }
        for cut in [0, 1, part(&mut sealed.clone()).0.len() - 1] {
            let mut changed = sealed.clone();
            part(&mut changed).0.truncate(cut);
            refusal(&changed, &account, &account.expected());
        }
        let mut longer = sealed.clone();
        part(&mut longer).0.push(0);
        refusal(&longer, &account, &account.expected());
    }
    let len =
        sealed.header.0.len() + sealed.enc.0.len() + sealed.ciphertext.0.len() + sealed.signature.0.len();
    assert_eq!(changes, 2 * len);
    println!("{changes} changes of one byte refused");
}

#[test]
fn a_seal_for_another_transfer_is_refused() {
    let account = Account::new(1);
    let sealed = account.sealed();
    let expected = account.expected();
    let cases = [
        (
            "workspace",
            Expected {
                workspace: WorkspaceId::new(NOW, [99; 10]),
                ..expected
            },
        ),
        (
            "account",
            Expected {
                account: AccountId::new(NOW, [99; 10]),
                ..expected
            },
        ),
        (
            "transfer",
            Expected {
                transfer: TransferId::new(NOW, [99; 10]),
                ..expected
            },
        ),
        (
            "sealing key",
            Expected {
                sealing_key: SealingKeyId::new(NOW, [99; 10]),
                ..expected
            },
        ),
    ];
    for (what, expected) in cases {
        assert_eq!(refusal(&sealed, &account, &expected), OpenError::Mismatch(what));
    }
}

#[test]
fn a_seal_of_another_device_is_refused() {
    let (account, other) = (Account::new(1), Account::new(2));
    let sealed = account.sealed();
    let expected = account.expected();
    let other_sealing_key = Expected {
        device_sealing_key: &other.device_sealing_key,
        ..expected
    };
    assert!(matches!(
        refusal(&sealed, &account, &other_sealing_key),
        OpenError::Registration(_)
    ));
    let other_registration = Expected {
        device_sealing_key_signature: other.registration.as_ref(),
        ..expected
    };
    assert!(matches!(
        refusal(&sealed, &account, &other_registration),
        OpenError::Registration(_)
    ));
    let other_device = Expected {
        device_key: &other.device_key,
        device_sealing_key: &other.device_sealing_key,
        device_sealing_key_signature: other.registration.as_ref(),
        ..expected
    };
    assert!(matches!(
        refusal(&sealed, &account, &other_device),
        OpenError::Signature(_)
    ));
}

#[test]
fn a_seal_to_another_key_is_refused() {
    let (account, other) = (Account::new(1), Account::new(2));
    let sealed = account.device.seal(
        &account.header,
        &account.payload,
        &other.vault.public(),
        &account.ephemeral,
    );
    assert_eq!(refusal(&sealed, &account, &account.expected()), OpenError::Seal);
}

/// Whoever steals a one-time key can make HPKE messages that seem to be of any
/// sender (RFC 9180 §9.1.1): DH(skS, pkR) = DH(skR, pkS). The device's signature
/// is what they lack.
#[test]
fn a_stolen_vault_key_does_not_forge_a_device() {
    let account = Account::new(1);
    let stolen = SecretKey::from_slice(account.vault.to_bytes().as_slice()).unwrap();
    let ephemeral = secret_key(66);
    let input = ferry_protocol::hpke::SenderInput {
        recipient: &account.vault.public(),
        sender: &account.device_sealing_key,
        enc: *public(&ephemeral).sec1(),
        dh_ephemeral: &dh(&ephemeral, &account.vault.public()),
        dh_static: &dh(&stolen, &account.device_sealing_key),
    };
    let forged = session::seal(&account.header, &account.payload, &input).unwrap();

    // HPKE itself is taken in.
    use ::hpke::Deserializable;
    let mut context = hpke_interop::receiver(
        hpke_interop::Private::from_bytes(account.vault.to_bytes().as_slice()).unwrap(),
        hpke_interop::Public::from_bytes(account.device_sealing_key.sec1()).unwrap(),
        &hpke_interop::Encapped::from_bytes(forged.enc.as_ref()).unwrap(),
        b"ferry/session/v1",
    );
    assert!(
        context
            .open(forged.ciphertext.as_ref(), forged.header.as_ref())
            .is_ok()
    );

    // We are not.
    let by_the_thief = Account::new(2).device.key.sign(&forged.message());
    for signature in [
        by_the_thief,
        account.sealed().signature,
        Bytes(vec![1; 64]),
        Bytes(Vec::new()),
    ] {
        let sealed = forged.clone().signed(signature);
        assert!(matches!(
            refusal(&sealed, &account, &account.expected()),
            OpenError::Signature(_)
        ));
    }
}

#[test]
fn a_payload_that_contradicts_its_header_is_not_sealed() {
    let (account, other) = (Account::new(1), Account::new(2));
    let input = ferry_protocol::hpke::SenderInput {
        recipient: &account.vault.public(),
        sender: &account.device_sealing_key,
        enc: [4; 65],
        dh_ephemeral: &[1; 32],
        dh_static: &[2; 32],
    };
    let seal = |header: &Header, payload| session::seal(header, payload, &input).map(|_| ());
    assert_eq!(seal(&account.header, &account.payload), Ok(()));
    let app = Header {
        app: other.header.app.clone(),
        ..account.header.clone()
    };
    let consent = Header {
        consent: other.header.consent,
        ..account.header.clone()
    };
    let version = Header {
        version: 2,
        ..account.header.clone()
    };
    for header in [app, consent, version] {
        assert_eq!(seal(&header, &account.payload), Err(SealError::Inconsistent));
    }
    let mut endless = account.payload.clone();
    endless.jar.cookies[0].expires = Some(f64::NAN);
    let refused = Err(SealError::Payload(session::PayloadError::Expiry));
    assert_eq!(seal(&account.header, &endless), refused);
    let mut large = account.payload.clone();
    large.jar.cookies[0].value = "x".repeat(MAX_SEALED_BYTES * 3 / 4);
    assert_eq!(seal(&account.header, &large), Err(SealError::TooLarge));
}

/// A payload that contradicts its header, by a device that does not check, is not
/// opened either.
#[test]
fn a_payload_that_contradicts_its_header_is_not_opened() {
    let (account, other) = (Account::new(1), Account::new(2));
    let mut app = Account::new(1);
    app.payload.app = other.payload.app.clone();
    let mut consent = Account::new(1);
    consent.payload.consent = other.payload.consent.clone();
    for (what, contradicting) in [("app", app), ("consent", consent)] {
        let sealed = seal_unchecked(&contradicting);
        assert_eq!(
            refusal(&sealed, &account, &account.expected()),
            OpenError::Mismatch(what)
        );
    }
    assert!(session::open(&seal_unchecked(&account), &account.vault, &account.expected()).is_ok());
}

/// Without the checks of [`session::seal`].
fn seal_unchecked(account: &Account) -> SealedSession {
    let recipient = account.vault.public();
    let input = ferry_protocol::hpke::SenderInput {
        recipient: &recipient,
        sender: &account.device_sealing_key,
        enc: *public(&account.ephemeral).sec1(),
        dh_ephemeral: &dh(&account.ephemeral, &recipient),
        dh_static: &dh(&account.device.sealing, &recipient),
    };
    let header = account.header.to_bytes();
    let mut context = ferry_protocol::hpke::SenderContext::new(&input, b"ferry/session/v1");
    let mut sealed = SealedSession {
        ciphertext: context
            .seal(&header, &account.payload.encode().unwrap())
            .unwrap()
            .into(),
        header: header.into(),
        enc: input.enc.into(),
        signature: Bytes(Vec::new()),
    };
    account.device.sign_again(&mut sealed);
    sealed
}
