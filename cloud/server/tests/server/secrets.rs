//! Where the running server keeps its own keys.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use axum::http::Request;

use crate::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_keys_are_where_the_operator_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("elsewhere.keys");
    let arguments = ["--secrets-file".as_ref(), file.as_os_str()];
    let start = || Process::try_start_with(folder.path(), &arguments);
    let mut kept = None;
    for _ in 0..2 {
        let mut process = start().unwrap();
        let health = Request::get("/v1/health").body(Vec::new()).unwrap();
        process.client().send_raw(health).await.unwrap().no_content();
        let now = fs::read_to_string(&file).unwrap();
        assert!(now.contains("dpop-nonce ") && now.contains("email-code "));
        assert_eq!(*kept.get_or_insert_with(|| now.clone()), now, "made once");
        process.terminate();
        assert!(process.wait().success());
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join("ferry.db.secrets").exists());
    // Not one that others read.
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let refused = tokio::task::block_in_place(start);
    let complaint = refused.err().expect("it does not start");
    assert!(
        complaint.contains("elsewhere.keys") && complaint.contains("chmod 600"),
        "{complaint}"
    );
}
