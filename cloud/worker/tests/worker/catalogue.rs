//! The worker delivers the catalogue of supported apps, signed by the vault identity.
//! (The server of these tests refuses a signature that is not.)

use std::fs;

use ferry_catalogue::App;
use ferry_protocol::UnixMillis;
use ferry_protocol::catalogue::SignedCatalogue;

use crate::app::TestApp;
use crate::ferry::Ferry;
use crate::process::Place;

const NEW: &str = r#"
id = "new"
name = "New"
domains = ["new.example"]
sign_in = "https://new.example/in"
check = "https://new.example/me"
"#;

fn held(ferry: &Ferry) -> SignedCatalogue {
    ferry.known().catalogue.clone().expect("it is delivered")
}

fn apps(catalogue: &SignedCatalogue) -> Vec<App> {
    ferry_catalogue::read_catalogue(&catalogue.apps).unwrap()
}

#[tokio::test]
async fn the_catalogue_is_delivered_at_the_start_and_again_when_it_is_another() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    // Ready means delivered.
    assert!(place.run().await.terminate().await.success());
    let first = held(&ferry);
    assert_eq!(apps(&first), ferry_catalogue::builtin());
    assert!(place.run().await.terminate().await.success());
    assert_eq!(held(&ferry), first, "the same again is not delivered anew");

    let folder = place.path().join("apps");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("new.toml"), NEW).unwrap();
    let folder = folder.to_str().unwrap();
    let run = async || {
        let mut worker = place.start(&["run", "--apps", folder]);
        assert_eq!(worker.line().await, "ready");
        assert!(worker.terminate().await.success());
        held(&ferry)
    };
    let second = run().await;
    assert!(second.version > first.version);
    let added = apps(&second);
    assert_eq!(added.len(), apps(&first).len() + 1);
    assert!(added.iter().any(|app| app.id.as_str() == "new"));

    // What was delivered before is from a clock that was ahead: it goes on from there.
    let ahead = UnixMillis(second.version.0 + 1_000_000_000);
    let of_another_clock = SignedCatalogue {
        version: ahead,
        ..second.clone()
    };
    ferry.known().catalogue = Some(of_another_clock);
    let third = run().await;
    assert_eq!((third.version, &third.apps), (ahead.plus(1), &second.apps));

    // Another identity signs the same apps anew, since devices know no other any more.
    let renewed = place.command(&["identity", "--renew"]).output().await.unwrap();
    assert!(renewed.status.success());
    let fourth = run().await;
    assert_eq!((fourth.version, &fourth.apps), (ahead.plus(2), &second.apps));
}

#[tokio::test]
async fn a_worker_does_not_start_with_apps_that_are_wrong() {
    let (app, ferry) = (TestApp::start().await, Ferry::start().await);
    let place = Place::new(&ferry, &app);
    let file = place.path().join("new.toml");
    fs::write(&file, NEW.replace("new.example/me", "elsewhere.example/me")).unwrap();
    let token = place.path().join("token");
    let mut worker = place.start(&[
        "run",
        "--apps",
        place.path().to_str().unwrap(),
        "--token-file",
        token.to_str().unwrap(),
    ]);
    assert!(!worker.wait().await.success());
    let expected = format!("{}:6: check: ", file.display());
    assert!(worker.log().contains(&expected), "{}", worker.log());
    assert!(ferry.known().catalogue.is_none());
    assert_eq!(ferry.known().sign_ins, 0);
}
