//! Devices that vouch for one another, and what a lying server could make of it.

use ferry_protocol::device::{Fingerprint, FingerprintError};
use ferry_protocol::signature::SignatureError;
use ferry_protocol::trust::{
    Approval, ChainError, DeviceKeys, MAX_DEVICES, Statement, StatementError, TrustChain,
};
use ferry_protocol::{Bytes, DeviceId, UserId};
use proptest::prelude::*;

use crate::fixture::{Device, NOW, workspace};
use crate::frozen;

fn user(seed: u8) -> UserId {
    UserId::new(NOW, [seed; 10])
}

fn keys(device: &Device) -> DeviceKeys {
    DeviceKeys {
        device_key: device.key.public(),
        sealing_key: device.sealing_key(),
        sealing_key_signature: device.registration(),
    }
}

fn statement(of: &Device, by: &Device) -> Statement {
    Statement::new(
        (workspace(1), user(1)),
        of.key.public().device_id(),
        &of.sealing_key(),
        by.key.public().device_id(),
        NOW,
    )
}

fn approval(of: &Device, by: &Device) -> Approval {
    let statement = statement(of, by);
    let signature = by.key.sign(&statement.message());
    Approval {
        statement,
        signature,
        by: keys(by),
    }
}

/// The devices of these seeds, each approved by the next.
fn chain(seeds: impl IntoIterator<Item = u8>) -> TrustChain {
    let devices: Vec<_> = seeds.into_iter().map(Device::new).collect();
    TrustChain {
        device: keys(&devices[0]),
        approvals: devices
            .windows(2)
            .map(|pair| approval(&pair[0], &pair[1]))
            .collect(),
    }
}

fn refusal(chain: &TrustChain) -> Option<ChainError> {
    chain.verify(&workspace(1), &user(1)).err()
}

#[test]
fn the_frozen_fingerprint_and_statement_are_made_again() {
    let (device, approver) = (Device::new(1), Device::new(2));
    assert_eq!(keys(&device).fingerprint().to_string(), frozen::FINGERPRINT);
    let message = statement(&device, &approver).message();
    assert_eq!(
        crate::fixture::to_hex(&message),
        frozen::APPROVAL_MESSAGE.replace(' ', "")
    );
}

#[test]
fn a_fingerprint_is_read_as_people_type_it() {
    let fingerprint = keys(&Device::new(1)).fingerprint();
    let text = fingerprint.to_string();
    assert_eq!(text.len(), 24);
    for typed in [
        text.clone(),
        text.to_lowercase(),
        text.replace('-', ""),
        text.replace('-', " "),
        text.replace('1', "l").replace('0', "o"),
    ] {
        assert_eq!(typed.parse(), Ok(fingerprint), "{typed}");
    }
    for bad in ["", &text[1..], &format!("{text}0"), &text.replacen('-', "U", 1)] {
        assert_eq!(bad.parse::<Fingerprint>(), Err(FingerprintError), "{bad}");
    }
}

#[test]
fn a_fingerprint_tells_both_keys() {
    let (one, other) = (Device::new(1), Device::new(2));
    let of = |id: &Device, sealing: &Device| {
        Fingerprint::new(&id.key.public().device_id(), &sealing.sealing_key())
    };
    let all = [
        of(&one, &one),
        of(&one, &other),
        of(&other, &one),
        of(&other, &other),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all[i + 1..].iter().all(|b| a != b));
    }
}

#[test]
fn a_chain_leads_to_its_root() {
    for last in 1..=MAX_DEVICES as u8 {
        let verified = chain(1..=last).verify(&workspace(1), &user(1)).unwrap();
        let root = keys(&Device::new(last));
        assert_eq!(verified.root(), (root.id(), root.fingerprint()));
        let knows = |seed| {
            let id = Device::new(seed).key.public().device_id();
            verified.any(|known, _| *known == id)
        };
        assert!((1..=last).all(knows));
        assert!(!knows(last + 1));
    }
}

#[test]
fn a_chain_is_bounded_and_no_circle() {
    let most = MAX_DEVICES as u8;
    assert_eq!(refusal(&chain(1..=most + 1)), Some(ChainError::TooLong));
    assert_eq!(refusal(&chain([1, 2, 1])), Some(ChainError::Circle));
    assert_eq!(refusal(&chain([1, 1])), Some(ChainError::Circle));
}

#[test]
fn what_a_lying_server_makes_up_is_refused() {
    let good = || chain([1, 2, 3]);
    assert_eq!(refusal(&good()), None);
    type Lie = fn(&mut TrustChain);
    let lies: [(&str, Lie, ChainError); 9] = [
        (
            "a sealing key of its own",
            |chain| chain.device.sealing_key = Device::new(9).sealing_key(),
            ChainError::SealingKey,
        ),
        (
            "a sealing key of its own further up",
            |chain| chain.approvals[0].by.sealing_key = Device::new(9).sealing_key(),
            ChainError::SealingKey,
        ),
        (
            "a device of its own at the bottom",
            |chain| chain.device = keys(&Device::new(9)),
            ChainError::OtherDevice,
        ),
        (
            "a device of its own in the middle",
            |chain| chain.approvals[0] = approval(&Device::new(1), &Device::new(9)),
            ChainError::OtherDevice,
        ),
        (
            "the right approver's name on its own approval",
            |chain| {
                let forged = &mut chain.approvals[0];
                forged.signature = Device::new(9).key.sign(&forged.statement.message());
            },
            ChainError::Statement(StatementError::Signature(SignatureError::Wrong)),
        ),
        (
            "its own approval, under the right approver's keys",
            |chain| {
                chain.approvals[0] = Approval {
                    by: keys(&Device::new(2)),
                    ..approval(&Device::new(1), &Device::new(9))
                };
            },
            ChainError::Statement(StatementError::Approver),
        ),
        (
            "an approval of another person's",
            |chain| {
                let approval = &mut chain.approvals[1];
                approval.statement.user = user(2);
                approval.signature = Device::new(3).key.sign(&approval.statement.message());
            },
            ChainError::OtherPerson,
        ),
        (
            "an approval from another workspace",
            |chain| {
                let approval = &mut chain.approvals[1];
                approval.statement.workspace = workspace(2);
                approval.signature = Device::new(3).key.sign(&approval.statement.message());
            },
            ChainError::OtherPerson,
        ),
        (
            "an approval of another sealing key",
            |chain| {
                let approval = &mut chain.approvals[0];
                approval.statement.sealing_key = Device::new(9).sealing_key().thumbprint().into();
                approval.signature = Device::new(2).key.sign(&approval.statement.message());
            },
            ChainError::OtherDevice,
        ),
    ];
    for (what, lie, expected) in lies {
        let mut chain = good();
        lie(&mut chain);
        assert_eq!(refusal(&chain), Some(expected), "{what}");
    }
    // Leaving approvals out only names another root, which is for the worker to know.
    let mut shorter = good();
    shorter.approvals.pop();
    let verified = shorter.verify(&workspace(1), &user(1)).unwrap();
    assert_eq!(verified.root().0, Device::new(2).key.public().device_id());
    // The wrong person, or the wrong workspace, altogether.
    for (workspace, user) in [(workspace(2), user(1)), (workspace(1), user(2))] {
        assert_eq!(good().verify(&workspace, &user), Err(ChainError::OtherPerson));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One bit of one field of a statement, and the signature holds no longer.
    #[test]
    fn a_statement_changed_anywhere_is_refused(field in 0..7_usize, byte in 0..32_usize, bit in 0..8_u32) {
        let (device, approver) = (Device::new(1), Device::new(2));
        let good = approval(&device, &approver);
        let mut changed = good.clone();
        let flip = |bytes: &mut [u8]| {
            let byte = byte % bytes.len();
            bytes[byte] ^= 1 << bit;
        };
        // Of identifiers, the part that a version of UUID does not fix.
        let mut id = [1_u8; 10];
        flip(&mut id);
        let mut device_id = changed.statement.device.0;
        let mut approver_id = changed.statement.approver.0;
        match field {
            0 => changed.statement.workspace = ferry_protocol::WorkspaceId::new(NOW, id),
            1 => changed.statement.user = UserId::new(NOW, id),
            2 => { flip(&mut device_id); changed.statement.device = DeviceId(device_id); }
            3 => flip(&mut changed.statement.sealing_key.0),
            4 => { flip(&mut approver_id); changed.statement.approver = DeviceId(approver_id); }
            5 => changed.statement.at.0 ^= 1 << (byte as u32 % 8 * 8 + bit),
            _ => flip(&mut changed.signature.0),
        }
        // Two UUIDs may differ in bits that are set over: nothing was changed then.
        prop_assume!(changed != good);
        let key = approver.key.public();
        prop_assert_eq!(good.statement.verify(&key, good.signature.as_ref()), Ok(()));
        prop_assert!(changed.statement.verify(&key, changed.signature.as_ref()).is_err());
    }

    /// Nothing of a chain can be exchanged for the same part of another one.
    #[test]
    fn a_chain_with_a_part_of_another_is_refused(at in 0..3_usize, part in 0..6_usize) {
        let mut mixed = chain([1, 2, 3, 4]);
        let other = chain([5, 6, 7, 8]);
        let (link, others) = (&mut mixed.approvals[at], &other.approvals[at]);
        match part {
            0 => link.statement = others.statement.clone(),
            1 => link.signature = others.signature.clone(),
            2 => link.by = others.by.clone(),
            3 => link.by.device_key = others.by.device_key,
            4 => link.by.sealing_key = others.by.sealing_key,
            _ => *link = others.clone(),
        }
        prop_assert!(refusal(&mixed).is_some());
    }

    /// Approvals in any other order lead nowhere.
    #[test]
    fn a_chain_out_of_order_is_refused(order in Just([0, 1, 2]).prop_shuffle()) {
        let good = chain([1, 2, 3, 4]);
        let mut shuffled = good.clone();
        shuffled.approvals = order.iter().map(|i| good.approvals[*i].clone()).collect();
        prop_assert_eq!(refusal(&shuffled).is_none(), order == [0, 1, 2]);
    }
}

#[test]
fn a_chain_comes_out_of_json_as_it_went_in() {
    let chain = chain([1, 2, 3]);
    let json = serde_json::to_string(&chain).unwrap();
    assert_eq!(serde_json::from_str::<TrustChain>(&json).unwrap(), chain);
    // A statement's thumbprint of another length is no other device's.
    let mut short = chain;
    let approval = &mut short.approvals[0];
    approval.statement.sealing_key = Bytes(vec![]);
    approval.signature = Device::new(2).key.sign(&approval.statement.message());
    assert_eq!(refusal(&short), Some(ChainError::OtherDevice));
}
