//! How many transfers one server process stores in a second, each durable (WAL,
//! `synchronous=FULL`, group commit) before it is answered, and how long an answer
//! takes. The server runs in a process of its own, on loopback; the load generator
//! shares the machine with it.
//!
//! Every measured request is what the extension sends: a `PUT` of 26 kB with an
//! access token, a proof with nonce and body hash, and a seal signed by the device.
//! Each replaces the session that the account had before, so the old one's bytes
//! are deleted and erased as well. Keys, seals and proofs are made beforehand.
//!
//! `cargo bench -p ferry-server --bench store -- [--transfers N] [--connections N]`
//! prints the figures, and how busy the machine was before and after: where other
//! programs run at the same time, they are lower bounds.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that panics has failed, and says where"
)]

#[path = "../tests/server/client/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod client;

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, Request};
use client::{Client, Transport, Worker, json};
use ferry_protocol::api::{Me, TransferOffer};
use ferry_protocol::{AccountId, TransferId};
use ferry_server::admin::{self, AddAccount, Admin};
use ferry_server::clock::SystemClock;
use ferry_server::random::SystemRandom;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

/// Size of the body of a transfer.
const BODY_BYTES: usize = 26_000;

/// Transfers to one account that are begun beforehand: the server reserves keys for no
/// more at once. So there are as many accounts as that needs, each connection has its
/// own, and goes through them in turn.
const TRANSFERS_EACH: usize = 8;

const PASSWORD: &str = "correct horse battery";

struct Options {
    transfers: usize,
    connections: usize,
}

fn options() -> Options {
    let mut options = Options {
        transfers: 10_000,
        connections: 32,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            arguments
                .next()
                .and_then(|text| text.parse().ok())
                .expect("a number")
        };
        match argument.as_str() {
            "--transfers" => options.transfers = number(),
            "--connections" => options.connections = number(),
            // What cargo adds.
            "--bench" => {}
            other => panic!("unknown option {other}: --transfers N, --connections N"),
        }
    }
    options
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let options = options();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let server = Server::start(folder.path());
    let queues = prepare(&server, folder.path(), &options).await;
    let count: usize = queues.iter().map(VecDeque::len).sum();
    let load_before = load();
    let cpu_before = [server.cpu(), cpu("self")];
    let begun = now();
    let runs: Vec<_> = queues
        .into_iter()
        .map(|queue| tokio::spawn(run(server.address, queue)))
        .collect();
    let mut latencies = Vec::with_capacity(count);
    for run in runs {
        latencies.extend(run.await.expect("no request fails"));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let [server_cpu, own_cpu] = [server.cpu() - cpu_before[0], cpu("self") - cpu_before[1]];
    latencies.sort_unstable();
    let percentile = |p: usize| latencies[(latencies.len() - 1) * p / 100].as_secs_f64() * 1000.0;
    #[expect(clippy::print_stdout, reason = "this is what it is for")]
    #[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    {
        println!(
            "stored transfers: {:.0} per second, p50 {:.1} ms, p99 {:.1} ms ({count} of {} kB over {} \
             connections, synchronous=FULL; CPU time of each: server {:.2} ms, load generator beside it {:.2} ms)",
            count as f64 / seconds,
            percentile(50),
            percentile(99),
            BODY_BYTES / 1000,
            options.connections,
            server_cpu * 1000.0 / count as f64,
            own_cpu * 1000.0 / count as f64,
        );
        println!(
            "load of the machine before and after: {load_before}; {} (processes in 1, 5 and 15 minutes), on {} \
             processors",
            load(),
            std::thread::available_parallelism().expect("Linux tells it"),
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// How many processes wanted to run, on average over 1, 5 and 15 minutes.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").expect("Linux tells it");
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// CPU time that a process has used, in seconds: how the figures compare on a machine
/// that does other things as well.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux tells it");
    // proc_pid_stat(5): after the name in brackets, utime and stime are the 12th and
    // the 13th, in ticks, of which Linux shows 100 in a second.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number"))
        .sum::<f64>()
        / 100.0
}

/// Sends the requests of one connection, one after the other.
async fn run(address: SocketAddr, queue: VecDeque<Request<Full<Bytes>>>) -> Vec<Duration> {
    let mut connection = connect(address).await;
    let mut latencies = Vec::with_capacity(queue.len());
    for request in queue {
        let begun = now();
        let response = connection
            .send_request(request)
            .await
            .expect("the server answers");
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .expect("the server answers whole")
            .to_bytes();
        latencies.push(begun.elapsed());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }
    latencies
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    sender
}

/// The requests to measure, for each connection. The transfers are begun, so that
/// each has its one-time key; they are begun in the order in which they are sent, as
/// the one that began last wins.
async fn prepare(server: &Server, folder: &Path, options: &Options) -> Vec<VecDeque<Request<Full<Bytes>>>> {
    let workspace = cli(folder, &["workspace", "add", "Bench"], "");
    let token = cli(
        folder,
        &[
            "worker-token",
            "add",
            "--workspace",
            &workspace,
            "--name",
            "bench",
        ],
        "",
    );
    let worker = Worker::sign_in(server.client(), &token).await;
    let each = options.transfers.div_ceil(options.connections);
    for supplied in (0..each * options.connections).step_by(256) {
        worker
            .supply(256.min(each * options.connections - supplied))
            .await;
    }
    let mut people = Vec::new();
    for number in 0..options.connections {
        people.push(person(server, folder, &workspace, number, each.div_ceil(TRANSFERS_EACH)).await);
    }
    let queues = people
        .into_iter()
        .map(|(owner, accounts)| tokio::spawn(queue(owner, accounts, each)));
    let queues: Vec<_> = queues.collect();
    let mut prepared = Vec::new();
    for queue in queues {
        prepared.push(queue.await.expect("every transfer begins"));
    }
    prepared
}

/// A person with a trusted device, who owns accounts and has consented.
async fn person(
    server: &Server,
    folder: &Path,
    workspace: &str,
    number: usize,
    accounts: usize,
) -> (Client, Vec<AccountId>) {
    let email = format!("owner-{number}@example.com");
    let user = [
        "user",
        "add",
        "--workspace",
        workspace,
        "--email",
        &email,
        "--name",
        "Owner",
        "--password-stdin",
    ];
    cli(folder, &user, PASSWORD);
    let owner = server.client();
    owner.sign_in(&email, PASSWORD).await.ok::<serde_json::Value>();
    owner.enrol("Laptop").await.ok::<Me>();
    owner.send_code().await;
    owner
        .verify(&mailed_code(&folder.join("outbox")))
        .await
        .ok::<Me>();
    // As the command line does, but in one process for all.
    let database = folder.join("ferry.db");
    let admin = Admin::open(&database, Arc::new(SystemClock), Arc::new(SystemRandom));
    let admin = admin.await.expect("the database");
    let mut added = Vec::with_capacity(accounts);
    for _ in 0..accounts {
        let add = AddAccount {
            workspace: workspace.parse().expect("the id of a workspace"),
            app: "github".parse().expect("the id of an app"),
            name: "A".to_owned(),
            identity: None,
            owners: vec![email.clone()],
            collaborators: Vec::new(),
        };
        added.push(admin::account(&admin, add).await.expect("the account is added"));
    }
    admin.close().await;
    for account in &added {
        owner.consent(*account).await;
    }
    (owner, added)
}

async fn queue(owner: Client, accounts: Vec<AccountId>, count: usize) -> VecDeque<Request<Full<Bytes>>> {
    let mut seen = Vec::new();
    for account in accounts {
        seen.push(owner.account(account).await);
    }
    let mut queue = VecDeque::with_capacity(count);
    for account in seen.iter().cycle().take(count) {
        let transfer = owner.id(TransferId::new);
        let offer: TransferOffer = owner.begin(account.id, transfer).await.ok();
        let header = owner.header(
            account,
            offer.sealing_key.workspace,
            transfer,
            offer.sealing_key.id,
        );
        // All but the ciphertext, which takes four characters for three bytes.
        let rest = json(&owner.seal(&header, &[])).len();
        let body = json(&owner.seal(&header, &vec![7; (BODY_BYTES - rest) * 3 / 4]));
        let path = format!("/v1/accounts/{}/transfers/{transfer}", account.id);
        let proof = owner.proof(&owner.claims(&Method::PUT, &path, &body));
        let request = owner.request(&Method::PUT, &path, body, &proof);
        queue.push_back(request.map(|body| Full::new(Bytes::from(body))));
    }
    queue
}

/// The server's process; killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let mut child = program(folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--mail-outbox"])
            .arg(folder.join("outbox"))
            // As in production, but for the log, which would be measured as well.
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the server says where it listens");
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .expect("the server is ready");
        let address = address.parse().expect("an address");
        Self { child, address }
    }

    fn cpu(&self) -> f64 {
        cpu(&self.child.id().to_string())
    }

    fn client(&self) -> Client {
        let base = format!("http://{}", self.address);
        Client::new(Transport::Tcp(self.address), &base, Arc::new(SystemClock))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, if this fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferry-server"));
    command.env_clear().arg("--database").arg(folder.join("ferry.db"));
    command
}

/// Runs an admin command, and returns what it prints.
fn cli(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = program(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child
        .stdin
        .take()
        .expect("it is piped")
        .write_all(input.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout)
        .expect("text")
        .trim_end()
        .to_owned()
}

fn mailed_code(outbox: &Path) -> String {
    let mails = std::fs::read_dir(outbox)
        .expect("the outbox")
        .map(|entry| entry.expect("a file").path());
    let newest = mails.max().expect("a mail");
    let mail = std::fs::read_to_string(newest).expect("text");
    let code = mail
        .lines()
        .map(str::trim)
        .find(|line| line.len() == 9 && line.as_bytes()[4] == b'-');
    code.expect("a code").to_owned()
}
