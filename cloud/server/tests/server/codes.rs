//! Setting up a device, and the e-mailed code.

use axum::http::StatusCode;
use ferry_protocol::Bytes;
use ferry_protocol::api::{DeviceState, EnrolDevice, Me};
use ferry_protocol::problem::ProblemCode;
use futures_util::future::join_all;

use crate::client::Transport;
use crate::fixture::{ADA, BASE, PASSWORD, server_with_ada};

#[tokio::test]
async fn a_device_is_set_up_with_an_e_mailed_code() {
    let server = server_with_ada().await;
    let client = server.client();
    client.sign_in(ADA, PASSWORD).await;
    let me: Me = client.enrol("  Ada's\u{202E} laptop\u{7} ").await.ok();
    let device = me.device.unwrap();
    assert_eq!(
        (device.name.as_str(), device.state),
        ("Ada's laptop", DeviceState::AwaitingCode)
    );
    assert_eq!(device.id, client.device());
    let sent = client.send_code().await;
    assert_eq!(sent.to, "a•••@example.com");
    assert_eq!(sent.expires_at, client.now().plus(5 * 60 * 1000));
    let mail = server.mail();
    assert!(mail.contains("To: ada@example.com"), "{mail}");
    assert!(mail.contains("Subject: Your Ferry code"), "{mail}");
    assert!(mail.contains("Ada's laptop"), "{mail}");
    assert!(!mail.contains("http"), "{mail}");
    let me: Me = client.verify(&server.mailed_code()).await.ok();
    assert_eq!(me.device.unwrap().state, DeviceState::Trusted);
    // It was used up, and there is nothing more to verify.
    assert_eq!(
        client.verify(&server.mailed_code()).await.code(),
        ProblemCode::InvalidRequest
    );
    assert_eq!(
        server.trail().await[2..],
        [
            "user.signed_in",
            "device.enrolled",
            "device.code_sent",
            "device.trusted"
        ]
    );
}

#[tokio::test]
async fn a_code_may_be_typed_in_any_case_and_without_the_dash() {
    let server = server_with_ada().await;
    let forms: [fn(&str) -> String; 3] = [
        |code| code.to_lowercase().replace('-', ""),
        |code| format!(" {} ", code.replace('-', " ")),
        |code| code.replace('1', "l").replace('0', "o"),
    ];
    for form in forms {
        let client = server.untrusted(ADA).await;
        client.send_code().await;
        let code = form(&server.mailed_code());
        assert_eq!(client.verify(&code).await.status, StatusCode::OK, "{code}");
    }
}

#[tokio::test]
async fn a_code_lasts_five_minutes() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    client.send_code().await;
    let code = server.mailed_code();
    server.clock.advance(5 * 60 * 1000);
    assert_eq!(client.verify(&code).await.code(), ProblemCode::CodeExpired);
    let sent = client.send_code().await;
    let code = server.mailed_code();
    server.clock.advance(sent.expires_at.0 - client.now().0 - 1);
    assert_eq!(client.verify(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_may_be_tried_five_times() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    assert_eq!(
        client.verify("0000-0000").await.code(),
        ProblemCode::CodeExpired,
        "none was sent"
    );
    client.send_code().await;
    let code = server.mailed_code();
    for left in (0..5).rev() {
        let problem = client.verify("0000-0000").await.problem();
        assert_eq!(problem.code, ProblemCode::CodeWrong);
        assert!(problem.detail.contains(&left.to_string()), "{}", problem.detail);
    }
    assert_eq!(client.verify(&code).await.code(), ProblemCode::CodeExpired);
    let server = server.restart().await;
    let client = client.over(Transport::Router(server.router.clone()), BASE);
    assert_eq!(client.verify(&code).await.code(), ProblemCode::CodeExpired);
    // A new one starts afresh.
    client.send_code().await;
    assert_eq!(client.verify(&server.mailed_code()).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_five_hundred_guesses_at_once_five_are_looked_at() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    client.send_code().await;
    let guesses = (0..500).map(|guess| {
        let client = client.over(Transport::Router(server.router.clone()), BASE);
        tokio::spawn(async move { client.verify(&format!("{guess:08}")).await.code() })
    });
    let codes: Vec<_> = join_all(guesses).await.into_iter().map(Result::unwrap).collect();
    let count = |code| codes.iter().filter(|found| **found == code).count();
    assert_eq!(
        (count(ProblemCode::CodeWrong), count(ProblemCode::CodeExpired)),
        (5, 495)
    );
    assert_eq!(server.number("SELECT tries FROM email_codes").await, 5);
    let code = server.mailed_code();
    let server = server.restart().await;
    let client = client.over(Transport::Router(server.router.clone()), BASE);
    assert_eq!(client.verify(&code).await.code(), ProblemCode::CodeExpired);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_gives_no_guesses_back() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    client.send_code().await;
    for _ in 0..3 {
        assert_eq!(client.verify("0000-0000").await.code(), ProblemCode::CodeWrong);
    }
    let server = server.restart().await;
    let guesses = (0..50).map(|guess| {
        let client = client.over(Transport::Router(server.router.clone()), BASE);
        tokio::spawn(async move { client.verify(&format!("{guess:08}")).await.code() })
    });
    let codes: Vec<_> = join_all(guesses).await.into_iter().map(Result::unwrap).collect();
    let looked_at = codes.iter().filter(|code| **code == ProblemCode::CodeWrong);
    assert_eq!((codes.len(), looked_at.count()), (50, 2));
}

#[tokio::test]
async fn the_newest_code_voids_the_older_ones() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    client.send_code().await;
    let older = server.mailed_code();
    client.send_code().await;
    let newer = server.mailed_code();
    assert_ne!(older, newer);
    assert_eq!(client.verify(&older).await.code(), ProblemCode::CodeWrong);
    assert_eq!(client.verify(&newer).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_for_one_device_voids_that_of_another() {
    let server = server_with_ada().await;
    let (first, second) = (server.untrusted(ADA).await, server.untrusted(ADA).await);
    first.send_code().await;
    let older = server.mailed_code();
    second.send_code().await;
    assert_eq!(first.verify(&older).await.code(), ProblemCode::CodeExpired);
    assert_eq!(second.verify(&older).await.code(), ProblemCode::CodeWrong);
    assert_eq!(second.verify(&server.mailed_code()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_works_on_its_device_only() {
    let server = server_with_ada().await;
    let (first, second) = (server.untrusted(ADA).await, server.untrusted(ADA).await);
    first.send_code().await;
    let code = server.mailed_code();
    assert_eq!(second.verify(&code).await.code(), ProblemCode::CodeExpired);
    assert_eq!(first.verify(&code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn codes_are_limited_to_three_in_fifteen_minutes_and_ten_a_day() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    let other = server.untrusted(ADA).await;
    let mut sent = 0;
    for _ in 0..4 {
        for _ in 0..3 {
            // The limit is the person's, whichever the device.
            let sender = if sent % 2 == 0 { &client } else { &other };
            let answer = sender.post_empty("/v1/device/code").await;
            if sent < 10 {
                assert_eq!(answer.status, StatusCode::OK);
                sent += 1;
            } else {
                assert_eq!(answer.code(), ProblemCode::CodeLimit);
            }
        }
        assert_eq!(
            client.post_empty("/v1/device/code").await.code(),
            ProblemCode::CodeLimit
        );
        server.clock.advance(15 * 60 * 1000);
    }
    assert_eq!(sent, 10);
    server.clock.advance(24 * 60 * 60 * 1000);
    client.send_code().await;
}

#[tokio::test]
async fn the_code_itself_is_kept_nowhere() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    client.send_code().await;
    let code = server.mailed_code();
    let plain = code.replace('-', "");
    for file in ["ferry.db", "ferry.db-wal"] {
        let bytes = std::fs::read(server.folder.path().join(file)).unwrap();
        for text in [&code, &plain] {
            assert!(
                !bytes.windows(text.len()).any(|window| window == text.as_bytes()),
                "{file}"
            );
        }
    }
}

#[tokio::test]
async fn names_are_unique_among_a_persons_devices() {
    let server = server_with_ada().await;
    let (first, second) = (server.untrusted(ADA).await, server.untrusted(ADA).await);
    first.enrol("Laptop").await.ok::<Me>();
    for same in [" ｌａｐｔｏｐ ", "LAP\u{200D}TOP", "lapto\u{FE0F}p\u{3164}"] {
        let problem = second.enrol(same).await.problem();
        assert_eq!(problem.code, ProblemCode::DeviceNameTaken, "{same}");
        assert!(problem.detail.contains("choose another"), "{}", problem.detail);
    }
    // A device keeps its own name; another person has other devices; a disabled one frees its name.
    first.enrol("LAPTOP").await.ok::<Me>();
    let elsewhere = server.workspace("Elsewhere").await;
    server.user(elsewhere, "bob@example.com").await;
    let bob = server.untrusted("bob@example.com").await;
    bob.enrol("Laptop").await.ok::<Me>();
    server
        .execute("UPDATE devices SET state = 'disabled' WHERE name = 'LAPTOP'")
        .await;
    second.enrol("laptop").await.ok::<Me>();
    for bad in ["", " \u{200B} ", "\u{3164}", "\u{2800}\u{FE0F}", &"x".repeat(101)] {
        assert_eq!(second.enrol(bad).await.code(), ProblemCode::InvalidRequest);
    }
}

#[tokio::test]
async fn a_sealing_key_must_be_signed_and_a_trusted_device_keeps_its_own() {
    let server = server_with_ada().await;
    let client = server.untrusted(ADA).await;
    let other = server.untrusted(ADA).await;
    let good = client.enrolment("Laptop");
    let unsigned = EnrolDevice {
        sealing_key_signature: Bytes(vec![1; 64]),
        ..good.clone()
    };
    let short = EnrolDevice {
        sealing_key_signature: Bytes(vec![1]),
        ..good.clone()
    };
    let others = EnrolDevice {
        name: "Laptop".to_owned(),
        ..other.enrolment("x")
    };
    for bad in [unsigned, short, others] {
        assert_eq!(
            client.put("/v1/device", &bad).await.code(),
            ProblemCode::InvalidRequest
        );
    }
    client.send_code().await;
    client.verify(&server.mailed_code()).await.ok::<Me>();
    let me: Me = client.put("/v1/device", &good).await.ok();
    assert_eq!(me.device.unwrap().name, "Laptop");
    let device = client.device();
    let changed = EnrolDevice {
        sealing_key: other.sealing_key.public(),
        sealing_key_signature: client.key.sign(&ferry_protocol::device::sealing_key_message(
            &device,
            &other.sealing_key.public(),
        )),
        ..good
    };
    assert_eq!(
        client.put("/v1/device", &changed).await.code(),
        ProblemCode::InvalidRequest
    );
    assert_eq!(
        client.post_empty("/v1/device/code").await.code(),
        ProblemCode::InvalidRequest
    );
}

#[tokio::test]
async fn the_vault_is_told_to_trusted_devices_only() {
    let scene = crate::fixture::Scene::set().await;
    let untrusted = scene.server.untrusted(crate::fixture::OWNER).await;
    assert_eq!(untrusted.me().await.vault, None);
    assert_eq!(
        scene.owner.me().await.vault.unwrap().current,
        scene.worker.vault.public()
    );
}
