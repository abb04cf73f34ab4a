//! E-mail: through a mail server, which this test plays, and as files.

use std::os::unix::fs::PermissionsExt as _;

use axum::http::StatusCode;
use ferry_protocol::api::Invite;
use ferry_protocol::problem::ProblemCode;
use ferry_server::config::MailConfig;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::client::Client;
use crate::fixture::{Server, code_in};

const ADA: &str = "ada@example.com";

/// What the mail server was told, up to the end of a message.
#[derive(Debug, Default)]
struct Received {
    from: String,
    to: String,
    message: String,
}

/// A mail server (RFC 5321) that answers each `RCPT` with this, and hands on what it
/// took.
async fn mail_server(rcpt: &'static str) -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (taken, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(session(stream, rcpt, taken.clone()));
        }
    });
    (url, mails)
}

async fn session(stream: TcpStream, rcpt: &'static str, taken: mpsc::UnboundedSender<Received>) {
    let mut stream = BufReader::new(stream);
    let mut received = Received::default();
    stream.write_all(b"220 mail.test\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return;
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250 mail.test",
            "MAIL" => {
                received.from = line.to_owned();
                "250 OK"
            }
            "RCPT" => {
                received.to = line.to_owned();
                rcpt
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.unwrap();
                while !received.message.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut received.message).await.unwrap();
                }
                taken.send(std::mem::take(&mut received)).unwrap();
                "250 OK"
            }
            "NOOP" | "RSET" => "250 OK",
            "QUIT" => "221 bye",
            _ => "502 what?",
        };
        stream
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .unwrap();
    }
}

async fn awaiting_code(url: String) -> (Server, Client) {
    let from = "Ferry <ferry@example.com>".to_owned();
    let server = Server::start_with(MailConfig::Smtp { url, from }).await;
    let workspace = server.workspace("Acme").await;
    server.user(workspace, ADA).await;
    let client = server.untrusted(ADA).await;
    (server, client)
}

#[tokio::test]
async fn a_code_arrives_through_the_mail_server() {
    let (url, mut mails) = mail_server("250 OK").await;
    let (_server, client) = awaiting_code(url).await;
    client.send_code().await;
    let mail = mails.recv().await.unwrap();
    assert!(mail.from.contains("<ferry@example.com>"), "{}", mail.from);
    assert!(mail.to.contains("<ada@example.com>"), "{}", mail.to);
    assert!(
        mail.message.contains("Subject: Your Ferry code"),
        "{}",
        mail.message
    );
    let answer = client.verify(&code_in(&mail.message)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_that_the_mail_server_refuses_is_not_counted_as_sent() {
    let (url, mut mails) = mail_server("550 there is nobody of that name").await;
    let (server, client) = awaiting_code(url).await;
    // Three codes in a quarter of an hour are the most.
    for _ in 0..4 {
        let answer = client.post_empty("/v1/device/code").await;
        assert_eq!(answer.headers["retry-after"], "1");
        let problem = answer.problem();
        assert_eq!((problem.status, problem.code), (503, ProblemCode::Unavailable));
        assert!(
            problem.detail.contains("could not be e-mailed"),
            "{}",
            problem.detail
        );
        assert!(!problem.detail.contains("nobody"), "{}", problem.detail);
    }
    assert_eq!(server.number("SELECT COUNT(*) FROM email_codes").await, 0);
    assert!(mails.try_recv().is_err());
    assert_eq!(
        client.verify("0000-0000").await.code(),
        ProblemCode::CodeExpired,
        "there is no code to try"
    );
    let trail = server.trail().await;
    assert_eq!(
        trail[trail.len() - 2..],
        ["device.code_sent", "device.code_not_sent"]
    );
}

#[tokio::test]
async fn an_invitation_that_the_mail_server_refuses_is_not_counted_as_sent() {
    let (url, mut mails) = mail_server("550 there is nobody of that name").await;
    let (server, client) = awaiting_code(url).await;
    server.execute("UPDATE users SET admin = 1").await;
    // No code arrives either.
    server
        .execute("UPDATE devices SET state = 'trusted', trusted_at = 0")
        .await;
    let bob = Invite {
        email: "bob@example.com".to_owned(),
        name: "Bob".to_owned(),
        admin: false,
    };
    // Three in a quarter of an hour are the most.
    for _ in 0..4 {
        let problem = client.post("/v1/users", &bob).await.problem();
        assert_eq!((problem.status, problem.code), (503, ProblemCode::Unavailable));
    }
    assert_eq!(server.number("SELECT COUNT(*) FROM invitations_sent").await, 0);
    assert!(mails.try_recv().is_err());
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_is_a_clear_problem() {
    // Bound and closed again: nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let (server, client) = awaiting_code(url).await;
    let problem = client.post_empty("/v1/device/code").await.problem();
    assert_eq!((problem.status, problem.code), (503, ProblemCode::Unavailable));
    assert_eq!(server.number("SELECT COUNT(*) FROM email_codes").await, 0);
}

#[tokio::test]
async fn mail_in_the_outbox_is_for_its_owner_only() {
    let server = Server::start().await;
    let outbox = server.folder.path().join("outbox");
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(outbox.clone()), 0o700);
    // Whatever the folder allows.
    std::fs::set_permissions(&outbox, std::fs::Permissions::from_mode(0o755)).unwrap();
    let workspace = server.workspace("Acme").await;
    server.user(workspace, ADA).await;
    server.untrusted(ADA).await.send_code().await;
    let mails: Vec<_> = std::fs::read_dir(&outbox)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(mails.len(), 1);
    assert_eq!(mode(mails[0].clone()), 0o600);
}
