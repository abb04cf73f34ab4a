//! Rules of sessions, without HTTP.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const FIREFOX: &str = "Firefox";

/// Distinct, which is all that the rules need.
fn counter() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

fn user(id: &str) -> &'static User {
    users::find(id).unwrap()
}

/// Sessions with one, of alice.
fn signed_in() -> (Sessions, Jar) {
    let mut sessions = Sessions::new(counter);
    let jar = sessions.sign_in(None, user("alice"), FIREFOX);
    (sessions, jar)
}

fn refusal(sessions: &mut Sessions, jar: &Jar) -> Option<Refusal> {
    sessions.check(jar, FIREFOX).err()
}

#[test]
fn one_user_signs_in() {
    let (mut sessions, jar) = signed_in();
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    assert_eq!(visitor.active, user("alice"));
    assert_eq!(visitor.identities, [user("alice")]);
}

#[test]
fn a_second_user_is_added_and_the_same_is_not() {
    let (mut sessions, jar) = signed_in();
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    let jar = sessions.sign_in(Some(&visitor), user("bob"), FIREFOX);
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    assert_eq!((visitor.active, visitor.identities.len()), (user("bob"), 2));
    let jar = sessions.sign_in(Some(&visitor), user("alice"), FIREFOX);
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    assert_eq!((visitor.active, visitor.identities.len()), (user("alice"), 2));
    assert!(sessions.switch(&visitor, user("carol")).is_none());
    let jar = sessions.switch(&visitor, user("bob")).unwrap();
    assert_eq!(sessions.check(&jar, FIREFOX).unwrap().active, user("bob"));
}

#[test]
fn the_session_is_bound_to_its_user_agent() {
    let (mut sessions, jar) = signed_in();
    assert_eq!(sessions.check(&jar, "Chrome").err(), Some(Refusal::OtherBrowser));
    assert_eq!(refusal(&mut sessions, &jar), None, "and it goes on in its own");
}

#[test]
fn every_cookie_counts() {
    let (mut sessions, jar) = signed_in();
    let other = sessions.sign_in(None, user("bob"), FIREFOX);
    let wrong = Jar {
        session: "x".into(),
        ..jar.clone()
    };
    assert_eq!(refusal(&mut sessions, &wrong), Some(Refusal::Ended));
    let wrong = Jar {
        partitioned: other.partitioned,
        ..jar.clone()
    };
    assert_eq!(
        refusal(&mut sessions, &wrong),
        Some(Refusal::Wrong(cookies::PARTITIONED))
    );
    let wrong = Jar {
        accounts: other.accounts,
        ..jar.clone()
    };
    assert_eq!(refusal(&mut sessions, &wrong), Some(Refusal::SignedOut));
    let wrong = Jar {
        active: "bob".into(),
        ..jar.clone()
    };
    assert_eq!(refusal(&mut sessions, &wrong), Some(Refusal::SignedOut));
    assert_eq!(refusal(&mut sessions, &jar), None);
    let wrong = Jar {
        rotating: other.rotating,
        ..jar.clone()
    };
    assert_eq!(refusal(&mut sessions, &wrong), Some(Refusal::Reused));
}

#[test]
fn the_rotating_token_and_its_predecessor_are_accepted() {
    let (mut sessions, mut jar) = signed_in();
    let first = jar.clone();
    let mut visitor = sessions.check(&jar, FIREFOX).unwrap();
    jar.rotating = sessions.visit(&mut visitor);
    assert_ne!(jar.rotating, first.rotating);
    assert_eq!(visitor.visits, 1);

    // The answer was lost: the newest is given again, and nothing moves on.
    let mut visitor = sessions.check(&first, FIREFOX).unwrap();
    assert_eq!(sessions.visit(&mut visitor), jar.rotating);
    assert_eq!(refusal(&mut sessions, &first), None);
    assert_eq!(refusal(&mut sessions, &jar), None);
}

#[test]
fn an_older_rotating_token_ends_the_session() {
    let (mut sessions, mut jar) = signed_in();
    let first = jar.clone();
    for _ in 0..2 {
        let mut visitor = sessions.check(&jar, FIREFOX).unwrap();
        jar.rotating = sessions.visit(&mut visitor);
    }
    assert_eq!(refusal(&mut sessions, &jar), None);
    assert_eq!(refusal(&mut sessions, &first), Some(Refusal::Reused));
    assert_eq!(
        refusal(&mut sessions, &jar),
        Some(Refusal::Ended),
        "for whoever held the newest, too"
    );
}

#[test]
fn one_identity_signs_out_then_the_other() {
    let (mut sessions, jar) = signed_in();
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    let both = sessions.sign_in(Some(&visitor), user("bob"), FIREFOX);
    let visitor = sessions.check(&both, FIREFOX).unwrap();
    let jar = sessions.sign_out(&visitor, user("bob")).unwrap();
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    assert_eq!((visitor.active, visitor.identities.len()), (user("alice"), 1));
    assert_eq!(refusal(&mut sessions, &both), Some(Refusal::SignedOut));
    assert!(sessions.sign_out(&visitor, user("alice")).is_none());
    assert_eq!(refusal(&mut sessions, &jar), Some(Refusal::Ended));
}

#[test]
fn signing_out_another_keeps_the_active_one() {
    let (mut sessions, jar) = signed_in();
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    let jar = sessions.sign_in(Some(&visitor), user("bob"), FIREFOX);
    let visitor = sessions.check(&jar, FIREFOX).unwrap();
    let jar = sessions.sign_out(&visitor, user("alice")).unwrap();
    assert_eq!(sessions.check(&jar, FIREFOX).unwrap().active, user("bob"));
}

#[test]
fn ending_everywhere_spares_the_others() {
    let (mut sessions, alone) = signed_in();
    let visitor = sessions.check(&alone, FIREFOX).unwrap();
    let both = sessions.sign_in(Some(&visitor), user("bob"), FIREFOX);
    let elsewhere = sessions.sign_in(None, user("alice"), FIREFOX);
    assert_eq!(sessions.end_everywhere(user("alice")), 2);
    assert_eq!(refusal(&mut sessions, &elsewhere), Some(Refusal::Ended));
    let visitor = sessions.check(&both, FIREFOX).unwrap();
    assert_eq!(visitor.identities, [user("bob")]);
    assert_eq!(sessions.end_everywhere(user("alice")), 0);
}
