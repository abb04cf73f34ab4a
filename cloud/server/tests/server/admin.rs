//! The command line.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ferry_protocol::{Bytes, WorkspaceId};

use crate::process::{Process, run};

const PASSWORD: &str = "correct horse battery\n";

fn ok(folder: &Path, arguments: &[&str]) -> String {
    run(folder, arguments, PASSWORD).unwrap()
}

fn fails(folder: &Path, arguments: &[&str]) -> String {
    run(folder, arguments, PASSWORD).unwrap_err()
}

fn add_user(folder: &Path, workspace: &str, email: &str) -> Result<String, String> {
    let arguments = [
        "user",
        "add",
        "--workspace",
        workspace,
        "--email",
        email,
        "--name",
        "Ada",
        "--password-stdin",
    ];
    run(folder, &arguments, PASSWORD)
}

fn set_mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_database_that_is_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["workspace", "add", "Acme"]);
    let database = folder.join("ferry.db");
    let mode = std::fs::metadata(&database).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for mode in [0o644, 0o660] {
        set_mode(&database, mode);
        let complaint = fails(folder, &["workspace", "list"]);
        assert!(complaint.contains("chmod 600"), "{complaint}");
    }
    set_mode(&database, 0o600);
    ok(folder, &["workspace", "list"]);
}

#[test]
fn the_servers_own_keys_are_beside_the_database_and_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    drop(Process::start(folder));
    let file = folder.join("ferry.db.secrets");
    let secrets = std::fs::read_to_string(&file).unwrap();
    let keys = secrets.lines().filter_map(|line| line.split_once(' '));
    let keys: Vec<_> = keys.filter_map(|(_, key)| Bytes::decode(key).ok()).collect();
    assert_eq!(keys.len(), 2);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path != file {
            let bytes = std::fs::read(&path).unwrap();
            let holds = |key: &Bytes| bytes.windows(32).any(|window| window == key.0);
            assert!(!keys.iter().any(holds), "{}", path.display());
        }
    }
    set_mode(&file, 0o644);
    let complaint = Process::try_start(folder).err().expect("it does not start");
    assert!(complaint.contains("chmod 600"), "{complaint}");
}

#[test]
fn add_prints_the_id_and_list_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let workspace = ok(folder, &["workspace", "add", "Acme"]);
    workspace.parse::<WorkspaceId>().unwrap();
    assert_eq!(ok(folder, &["workspace", "list"]), format!("{workspace}\tAcme"));
    let user = add_user(folder, &workspace, "ada@example.com").unwrap();
    let listed = ok(folder, &["user", "list", "--workspace", &workspace]);
    assert_eq!(listed, format!("{user}\tada@example.com\tAda\tuser"));
    let account = ok(
        folder,
        &[
            "account",
            "add",
            "--workspace",
            &workspace,
            "--app",
            "github",
            "--name",
            "Our GitHub",
            "--identity",
            "octocat",
            "--owner",
            "ADA@example.com",
        ],
    );
    let listed = ok(folder, &["account", "list", "--workspace", &workspace]);
    assert_eq!(listed, format!("{account}\tgithub\tOur GitHub\toctocat"));
    let token = ok(
        folder,
        &[
            "worker-token",
            "add",
            "--workspace",
            &workspace,
            "--name",
            "first",
        ],
    );
    assert_eq!(token.len(), 43);
    let listed = ok(folder, &["worker-token", "list", "--workspace", &workspace]);
    assert!(listed.ends_with("\tfirst\tnot used yet"), "{listed}");
    assert!(!listed.contains(&token));
}

#[test]
fn a_workspace_may_have_apps_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let workspace = ok(folder, &["workspace", "add", "Acme"]);
    let file = folder.join("app.toml");
    let file_name = file.to_str().unwrap();
    let add = ["app", "add", "--workspace", &workspace, file_name];
    let definition = |id: &str| {
        format!(
            "id = \"{id}\"\nname = \"Wiki\"\ndomains = [\"wiki.example.com\"]\n\
             sign_in = \"https://wiki.example.com/login\"\ncheck = \"https://wiki.example.com/me\"\n\
             [signed_in]\nall = [\"session\"]\n"
        )
    };
    assert!(fails(folder, &add).contains("cannot be read"));
    // All that is wrong, each with its line, as `app check` says it.
    let wrong = definition("custom-wiki")
        .replace("\"Wiki\"", "\" Wiki\"")
        .replace("wiki.example.com/me", "wiki.example.org/me");
    std::fs::write(&file, wrong).unwrap();
    let said = fails(folder, &add);
    let lines: Vec<_> = said.lines().collect();
    let [title, name, page] = lines[..] else {
        panic!("{said}");
    };
    assert_eq!(title, format!("ferry-server: 2 problems in {file_name}"));
    let unclean = "name: has white space at an end, or characters that cannot be seen";
    assert_eq!(name, format!("{file_name}:2: {unclean}"));
    let elsewhere = "check: \"https://wiki.example.org/me\" is not on one of the app's domains";
    assert_eq!(page, format!("{file_name}:5: {elsewhere}"));
    assert_eq!(fails(folder, &["app", "check", file_name]), said);
    std::fs::write(&file, definition("wiki")).unwrap();
    assert!(fails(folder, &add).contains("custom-wiki"));
    std::fs::write(&file, definition("custom-wiki")).unwrap();
    assert_eq!(ok(folder, &add), "custom-wiki");
    let listed = ok(folder, &["app", "list", "--workspace", &workspace]);
    assert!(
        listed.starts_with("custom-wiki\tWiki\twiki.example.com\n"),
        "{listed}"
    );
    assert!(listed.contains("\ngithub\t"), "{listed}");
    add_user(folder, &workspace, "ada@example.com").unwrap();
    let account = |workspace: &str| {
        let email = "ada@example.com";
        let arguments = [
            "account",
            "add",
            "--workspace",
            workspace,
            "--app",
            "custom-wiki",
            "--name",
            "W",
            "--owner",
            email,
        ];
        run(folder, &arguments, "")
    };
    account(&workspace).unwrap();
    let elsewhere = ok(folder, &["workspace", "add", "Elsewhere"]);
    assert!(account(&elsewhere).unwrap_err().contains("no app custom-wiki"));
}

#[test]
fn an_apps_file_can_be_checked_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = |path: &str| repository.join(path).to_str().unwrap().to_owned();
    let cases = named("crates/catalogue/tests/fixtures");
    for file in [
        "crates/catalogue/apps/slack.toml",
        "docs/examples/django-admin.toml",
        "docs/examples/jupyter.toml",
        "docs/examples/verdaccio.toml",
    ] {
        let file = named(file);
        let said = ok(folder, &["app", "check", &file]);
        let [valid, untried] = said.lines().collect::<Vec<_>>()[..] else {
            panic!("{said}");
        };
        assert!(valid.ends_with("is a valid app"), "{said}");
        assert!(untried.starts_with("No case was tried"), "{said}");
        assert!(untried.ends_with("--fixtures FILE"), "{said}");
        let said = ok(folder, &["app", "check", &file, "--fixtures", &cases]);
        assert!(said.contains("cases come out as recorded: "), "{said}");
        assert!(!said.contains("No case was tried"), "{said}");
    }
    let file = folder.join("app.toml");
    let file_name = file.to_str().unwrap();
    let check = ["app", "check", file_name];
    assert!(fails(folder, &check).contains("cannot be read"));
    let definition = "id = \"custom-wiki\"\nname = \"Wiki \"\ndomains = [\"wiki.com\", \"wiki\"]\n\
                      sign_in = \"https://wiki.com/in\"\ncheck = \"https://wiki.org/me\"\n";
    std::fs::write(&file, definition).unwrap();
    let said = fails(folder, &check);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], format!("ferry-server: 3 problems in {file_name}"));
    for (line, number) in lines[1..].iter().zip([2, 3, 5]) {
        assert!(line.starts_with(&format!("{file_name}:{number}: ")), "{said}");
    }
    assert_eq!(lines.len(), 4);
    let definition = definition
        .replace("Wiki ", "Wiki")
        .replace(", \"wiki\"", "")
        .replace("wiki.org", "wiki.com");
    std::fs::write(&file, definition).unwrap();
    ok(folder, &check);
    let cases = folder.join("custom-wiki.toml");
    let check = [&check[..], &["--fixtures", folder.to_str().unwrap()]].concat();
    assert!(fails(folder, &check).contains("custom-wiki.toml cannot be read"));
    let case = "[[case]]\nname = \"signed out\"\ncookies = [[\"a\", \"1\"]]\noutcome = \"signed-out\"\n";
    std::fs::write(&cases, case).unwrap();
    let said = fails(folder, &check);
    let otherwise =
        "custom-wiki.toml:1: case \"signed out\" expects \"signed-out\", but \"unknown\" came out";
    assert!(said.contains(otherwise), "{said}");
    let by_name = ["app", "check", file_name, "--fixtures", cases.to_str().unwrap()];
    assert_eq!(fails(folder, &by_name), said);
    assert!(!folder.join("ferry.db").exists());
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let workspace = ok(folder, &["workspace", "add", "Acme"]);
    let nobody = "01890000-0000-7000-8000-000000000000";
    assert!(fails(folder, &["workspace", "add", " "]).contains("name is empty"));
    assert!(
        add_user(folder, nobody, "ada@example.com")
            .unwrap_err()
            .contains("no workspace")
    );
    assert!(
        add_user(folder, &workspace, "ada")
            .unwrap_err()
            .contains("not an e-mail address")
    );
    let short = [
        "user",
        "add",
        "--workspace",
        &workspace,
        "--email",
        "a@b.c",
        "--name",
        "A",
        "--password-stdin",
    ];
    assert!(
        run(folder, &short, "short\n")
            .unwrap_err()
            .contains("at least 8 characters")
    );
    add_user(folder, &workspace, "ada@example.com").unwrap();
    assert!(
        add_user(folder, &workspace, " ADA@example.com")
            .unwrap_err()
            .contains("already")
    );
    let account = |app: &str, people: &[&str]| {
        let fixed = [
            "account",
            "add",
            "--workspace",
            &workspace,
            "--app",
            app,
            "--name",
            "A",
        ];
        run(folder, &[&fixed, people].concat(), "").unwrap_err()
    };
    assert!(account("github", &[]).contains("--owner"));
    assert!(account("nothing", &["--owner", "ada@example.com"]).contains("no app nothing"));
    assert!(account("github", &["--owner", "bob@example.com"]).contains("bob@example.com"));
    let twice = ["--owner", "ada@example.com", "--collaborator", "ADA@example.com"];
    assert!(account("github", &twice).contains("more than one role"));
    assert_eq!(ok(folder, &["account", "list", "--workspace", &workspace]), "");
    assert!(fails(folder, &["serve", "--listen", "127.0.0.1:0"]).contains("--mail-outbox"));
}

#[test]
fn the_database_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let _process = Process::start(folder.path());
    for file in ["ferry.db", "ferry.db-wal", "ferry.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{file} {mode:o}");
    }
}

#[test]
fn two_that_start_at_once_share_one_database() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let folder = folder.path();
            scope.spawn(move || ok(folder, &["workspace", "add", name]));
        }
    });
    assert_eq!(ok(folder.path(), &["workspace", "list"]).lines().count(), 4);
}

#[test]
fn devices_are_listed_and_disabled_and_people_deprovisioned() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let workspace = ok(folder, &["workspace", "add", "Acme"]);
    let user = add_user(folder, &workspace, "ada@example.com").unwrap();
    assert_eq!(ok(folder, &["device", "list", "--user", &user]), "");
    // As an identifier may begin with a dash, which is no option.
    let nobodys = Bytes(vec![0xF8; 32]).encode();
    assert!(nobodys.starts_with('-'), "{nobodys}");
    let complaint = fails(
        folder,
        &["device", "disable", "--user", &user, "--device", &nobodys],
    );
    assert!(complaint.contains("no such device"), "{complaint}");
    assert_eq!(ok(folder, &["user", "deprovision", "--user", &user]), "");
    ok(folder, &["user", "deprovision", "--user", &user]);
    assert!(ok(folder, &["user", "list", "--workspace", &workspace]).contains("deprovisioned"));
}
