//! What a lying server could hand out instead of a key of the pinned vault.

use ferry_protocol::catalogue::{SignedCatalogue, SignedCatalogueError};
use ferry_protocol::signature::{SignatureError, SigningKey};
use ferry_protocol::vault::{
    MAX_SUCCESSIONS, SealingKeyError, SignedSealingKey, Succession, VaultError, VaultIdentity,
};
use ferry_protocol::{Bytes, SealingKeyId, WorkspaceId};

use crate::fixture::{NOW, public, secret_key, workspace};

fn identity(seed: u8) -> SigningKey {
    SigningKey::generate([seed; 32]).unwrap()
}

fn sealing_key(by: &SigningKey, workspace: WorkspaceId) -> SignedSealingKey {
    let id = SealingKeyId::new(NOW, [7; 10]);
    let expires_at = NOW.plus(60_000);
    let public = public(&secret_key(7));
    let signature = by.sign(&SignedSealingKey::message(&id, &workspace, expires_at, &public));
    SignedSealingKey {
        id,
        workspace,
        expires_at,
        public,
        signature,
    }
}

#[test]
fn a_key_of_the_vault_is_accepted_until_it_expires() {
    let vault = identity(1);
    let key = sealing_key(&vault, workspace(1));
    let verify = |now| key.verify(&vault.public(), &workspace(1), now);
    assert_eq!(verify(NOW), Ok(()));
    assert_eq!(
        verify(key.expires_at),
        Ok(()),
        "nothing is sealed to it after this"
    );
    assert_eq!(verify(key.expires_at.plus(1)), Err(SealingKeyError::Expired));
}

#[test]
fn a_key_of_another_identity_is_refused() {
    let key = sealing_key(&identity(2), workspace(1));
    let refused = key.verify(&identity(1).public(), &workspace(1), NOW);
    assert_eq!(refused, Err(SealingKeyError::Signature(SignatureError::Wrong)));
}

#[test]
fn a_key_for_another_workspace_is_refused() {
    let vault = identity(1);
    let key = sealing_key(&vault, workspace(2));
    let refused = key.verify(&vault.public(), &workspace(1), NOW);
    assert_eq!(refused, Err(SealingKeyError::OtherWorkspace));
}

#[test]
fn a_key_changed_in_any_field_is_refused() {
    let vault = identity(1);
    let key = sealing_key(&vault, workspace(1));
    type Change = fn(&mut SignedSealingKey);
    let changes: [(&str, Change); 5] = [
        ("id", |key| key.id = SealingKeyId::new(NOW, [8; 10])),
        ("workspace", |key| key.workspace = workspace(2)),
        ("expiry", |key| key.expires_at = NOW.plus(600_000)),
        ("public", |key| key.public = public(&secret_key(8))),
        ("signature", |key| key.signature = Bytes(vec![0; 64])),
    ];
    for (what, change) in changes {
        let mut changed = key.clone();
        change(&mut changed);
        let refused = changed.verify(&vault.public(), &changed.workspace, NOW);
        assert!(
            matches!(refused, Err(SealingKeyError::Signature(_))),
            "{what}: {refused:?}"
        );
    }
}

/// The server shows `current` and says how it came to be; each step is signed by
/// the one who hands over, unless a test changes that.
fn vault(current: u8, steps: &[(u8, u8)]) -> VaultIdentity {
    let step = |(from, to): &(u8, u8)| {
        let (from, to) = (identity(*from), identity(*to).public());
        Succession {
            signature: from.sign(&Succession::message(&workspace(1), &to)),
            from: from.public(),
            to,
        }
    };
    VaultIdentity {
        current: identity(current).public(),
        successions: steps.iter().map(step).collect(),
    }
}

fn accept(vault: &VaultIdentity, pinned: u8) -> Result<(), VaultError> {
    vault.accept(&identity(pinned).public().thumbprint(), &workspace(1))
}

#[test]
fn the_pinned_identity_is_accepted() {
    assert_eq!(accept(&vault(1, &[]), 1), Ok(()));
    assert_eq!(
        accept(&vault(3, &[(1, 2), (2, 3)]), 3),
        Ok(()),
        "whatever came before"
    );
}

#[test]
fn an_heir_of_the_pinned_identity_is_accepted() {
    assert_eq!(accept(&vault(2, &[(1, 2)]), 1), Ok(()));
    assert_eq!(accept(&vault(3, &[(1, 2), (2, 3)]), 1), Ok(()));
    assert_eq!(
        accept(&vault(3, &[(1, 2), (2, 3)]), 2),
        Ok(()),
        "pinned on the way"
    );
}

#[test]
fn another_identity_is_refused() {
    assert_eq!(accept(&vault(2, &[]), 1), Err(VaultError::Unknown), "swapped");
    assert_eq!(
        accept(&vault(3, &[(2, 3)]), 1),
        Err(VaultError::Unknown),
        "another's heir"
    );
    assert_eq!(
        accept(&vault(1, &[(1, 2)]), 2),
        Err(VaultError::Unknown),
        "back to the old one"
    );
    assert_eq!(
        accept(&vault(4, &[(1, 2), (2, 3)]), 1),
        Err(VaultError::Broken),
        "the last link missing"
    );
    assert_eq!(
        accept(&vault(4, &[(1, 2), (3, 4)]), 1),
        Err(VaultError::Broken),
        "a link missing"
    );
    assert_eq!(
        accept(&vault(3, &[(2, 3), (1, 2)]), 1),
        Err(VaultError::Broken),
        "out of order"
    );
}

#[test]
fn a_succession_needs_the_old_identitys_signature() {
    let wrong = Err(VaultError::Signature(SignatureError::Wrong));
    for link in 0..2 {
        let mut forged = vault(3, &[(1, 2), (2, 3)]);
        let message = Succession::message(&workspace(1), &forged.successions[link].to);
        forged.successions[link].signature = identity(9).sign(&message);
        assert_eq!(accept(&forged, 1), wrong, "link {link} signed by another");

        let mut elsewhere = vault(3, &[(1, 2), (2, 3)]);
        let message = Succession::message(&workspace(2), &elsewhere.successions[link].to);
        elsewhere.successions[link].signature = identity(link as u8 + 1).sign(&message);
        assert_eq!(accept(&elsewhere, 1), wrong, "link {link} of another workspace");
    }
}

/// Signatures of one kind are worth nothing as another, even by the same key.
#[test]
fn a_sealing_keys_signature_is_no_succession() {
    let by = identity(1);
    let key = sealing_key(&by, workspace(1));
    let mut vault = vault(7, &[(1, 7)]);
    vault.successions[0].to = key.public;
    vault.successions[0].signature = key.signature;
    vault.current = key.public;
    assert_eq!(
        accept(&vault, 1),
        Err(VaultError::Signature(SignatureError::Wrong))
    );
}

#[test]
fn a_chain_without_end_is_refused() {
    let chain: Vec<(u8, u8)> = (1..=MAX_SUCCESSIONS as u8).map(|seed| (seed, seed + 1)).collect();
    let last = MAX_SUCCESSIONS as u8 + 1;
    assert_eq!(accept(&vault(last, &chain), 1), Ok(()));
    let mut longer = vault(last + 1, &chain);
    longer
        .successions
        .extend(vault(last + 1, &[(last, last + 1)]).successions);
    assert_eq!(accept(&longer, 1), Err(VaultError::TooMany));
}

#[test]
fn a_catalogue_is_taken_as_it_was_signed_and_no_other_way() {
    let vault = identity(1);
    let message = SignedCatalogue::message(&workspace(1), NOW, "[]");
    let good = SignedCatalogue {
        workspace: workspace(1),
        version: NOW,
        apps: "[]".to_owned(),
        signature: vault.sign(&message),
    };
    let verify = |change: &dyn Fn(&mut SignedCatalogue)| {
        let mut catalogue = good.clone();
        change(&mut catalogue);
        catalogue.verify(&vault.public(), &workspace(1))
    };
    assert_eq!(verify(&|_| {}), Ok(()));
    let wrong = Err(SignedCatalogueError::Signature(SignatureError::Wrong));
    assert_eq!(verify(&|it| it.workspace = workspace(2)), wrong);
    assert_eq!(verify(&|it| it.version = NOW.plus(1)), wrong);
    assert_eq!(verify(&|it| it.apps.push(' ')), wrong);
    assert_eq!(verify(&|it| it.signature = identity(2).sign(&message)), wrong);
    assert_eq!(
        good.verify(&vault.public(), &workspace(2)),
        Err(SignedCatalogueError::OtherWorkspace)
    );
    // What is signed for another purpose is worth nothing here.
    let key = sealing_key(&vault, workspace(1));
    assert_eq!(verify(&|it| it.signature = key.signature.clone()), wrong);
}
