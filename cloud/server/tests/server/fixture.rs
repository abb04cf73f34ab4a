//! A server in this process, and people, accounts and a worker to go with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderValue;
use axum::middleware::map_request;
use axum::{Extension, Router};
use ferry_protocol::api::{DeviceState, Me};
use ferry_protocol::{AccountId, UnixMillis, UserId, WorkspaceId};
use ferry_server::admin::{self, AddAccount, AddUser, Admin};
use ferry_server::clock::{Clock, MockClock};
use ferry_server::config::{Config, DEFAULT_CHECK_EVERY_MS, MailConfig};
use ferry_server::forwarded::X_FORWARDED_FOR;
use ferry_server::mail::Mailer;
use ferry_server::openapi;
use ferry_server::random::{Random, SeededRandom};
use ferry_server::secrets::Secrets;
use ferry_server::state::{AppState, Parts};
use ferry_server::storage::{Erase, Storage, StorageError, workspaces};
use ferry_server::web::{File, Files};
use sqlx::Row as _;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::client::{Client, Transport, Worker};

/// Where the server in this process says that it is.
pub(crate) const BASE: &str = "http://ferry.test";

/// The one proxy that it trusts.
pub(crate) const PROXY: &str = "10.0.0.1";

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The app of every account.
pub(crate) const APP: &str = "github";

/// When every test begins.
const START: UnixMillis = UnixMillis(1_800_000_000_000);

/// Without a web app.
pub(crate) struct NoFiles;

impl Files for NoFiles {
    fn get(&self, _: &str) -> Option<File> {
        None
    }
}

/// A server, its database in a folder that goes with it.
pub(crate) struct Server {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) clock: Arc<MockClock>,
    pub(crate) random: Arc<SeededRandom>,
    pub(crate) state: AppState,
    pub(crate) router: Router,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mail = MailConfig::Outbox(folder.path().join("outbox"));
        Self::start_in(folder, mail).await
    }

    /// With mail that goes elsewhere than into the outbox.
    pub(crate) async fn start_with(mail: MailConfig) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), mail).await
    }

    /// With the files of a web app.
    pub(crate) async fn start_with_web(web: impl Files + 'static) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mail = MailConfig::Outbox(folder.path().join("outbox"));
        let clock = Arc::new(MockClock::new(START));
        let random = Arc::new(SeededRandom::new(0));
        Self::open(folder, mail, clock, random, Arc::new(web)).await
    }

    async fn start_in(folder: Arc<TempDir>, mail: MailConfig) -> Self {
        let clock = Arc::new(MockClock::new(START));
        let random = Arc::new(SeededRandom::new(0));
        Self::open(folder, mail, clock, random, Arc::new(NoFiles)).await
    }

    async fn open(
        folder: Arc<TempDir>,
        mail: MailConfig,
        clock: Arc<MockClock>,
        random: Arc<SeededRandom>,
        web: Arc<dyn Files>,
    ) -> Self {
        let parts = Parts {
            config: Config {
                public_url: BASE.parse().unwrap(),
                check_every_ms: DEFAULT_CHECK_EVERY_MS,
                trusted_proxies: vec![PROXY.parse().unwrap()],
            },
            secrets: Secrets::open(&folder.path().join("ferry.db.secrets"), &*random).unwrap(),
            storage: Storage::open(&folder.path().join("ferry.db")).await.unwrap(),
            mailer: Mailer::new(&mail).unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::clone(&random) as Arc<dyn Random>,
            web,
        };
        let state = AppState::new(parts).unwrap();
        Self {
            folder,
            clock,
            random,
            router: openapi::router(state.clone()),
            state,
        }
    }

    /// Closes it, and starts another one on the same database.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            folder,
            clock,
            random,
            state,
            ..
        } = self;
        state.storage().close().await;
        let mail = MailConfig::Outbox(folder.path().join("outbox"));
        Self::open(folder, mail, clock, random, Arc::new(NoFiles)).await
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("ferry.db")
    }

    pub(crate) fn admin(&self) -> Admin {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Admin::on(
            self.state.storage().clone(),
            clock,
            Arc::clone(&self.random) as Arc<dyn Random>,
        )
    }

    pub(crate) fn client(&self) -> Client {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Client::new(Transport::Router(self.router.clone()), BASE, clock)
    }

    /// A client that connects from one address, and has been forwarded for another.
    pub(crate) fn client_from(&self, peer: &str, forwarded_for: &str) -> Client {
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        let forwarded_for = HeaderValue::from_str(forwarded_for).unwrap();
        let router = self
            .router
            .clone()
            .layer(Extension(ConnectInfo(peer)))
            .layer(map_request(move |mut request: Request| {
                request
                    .headers_mut()
                    .insert(X_FORWARDED_FOR, forwarded_for.clone());
                std::future::ready(request)
            }));
        Client::new(
            Transport::Router(router),
            BASE,
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        )
    }

    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        admin::workspace(&self.admin(), name, workspaces::DEFAULT_RETENTION_MS)
            .await
            .unwrap()
    }

    pub(crate) async fn user(&self, workspace: WorkspaceId, email: &str) -> UserId {
        self.add_user(workspace, email, false).await
    }

    pub(crate) async fn admin_user(&self, workspace: WorkspaceId, email: &str) -> UserId {
        self.add_user(workspace, email, true).await
    }

    async fn add_user(&self, workspace: WorkspaceId, email: &str, admin: bool) -> UserId {
        let add = AddUser {
            workspace,
            email: email.to_owned(),
            name: email.split('@').next().unwrap().to_owned(),
            password: Zeroizing::new(PASSWORD.to_owned()),
            admin,
        };
        admin::user(&self.admin(), add).await.unwrap()
    }

    pub(crate) async fn account(
        &self,
        workspace: WorkspaceId,
        owners: &[&str],
        others: &[&str],
    ) -> AccountId {
        let texts = |emails: &[&str]| emails.iter().map(|email| (*email).to_owned()).collect();
        let add = AddAccount {
            workspace,
            app: APP.parse().unwrap(),
            name: "The account".to_owned(),
            identity: Some("octocat".to_owned()),
            owners: texts(owners),
            collaborators: texts(others),
        };
        admin::account(&self.admin(), add).await.unwrap()
    }

    /// Signs a person in on a new device that nobody trusts yet.
    pub(crate) async fn untrusted(&self, email: &str) -> Client {
        let client = self.client();
        client.sign_in(email, PASSWORD).await.ok::<serde_json::Value>();
        let name = format!("device {}", client.device());
        let me: Me = client.enrol(&name).await.ok();
        assert_eq!(me.device.unwrap().state, DeviceState::AwaitingCode);
        client
    }

    /// Signs a person in on a new device, and verifies it with the e-mailed code.
    pub(crate) async fn trusted(&self, email: &str) -> Client {
        let client = self.untrusted(email).await;
        client.send_code().await;
        let me: Me = client.verify(&self.mailed_code()).await.ok();
        assert_eq!(me.device.unwrap().state, DeviceState::Trusted);
        client
    }

    /// The newest mail, as it was written. Mail is named by time: the next one gets
    /// another.
    pub(crate) fn mail(&self) -> String {
        self.clock.advance(1);
        newest_mail(&self.folder.path().join("outbox"))
    }

    pub(crate) fn mailed_code(&self) -> String {
        code_in(&self.mail())
    }

    pub(crate) async fn worker(&self, workspace: WorkspaceId) -> Worker {
        let token = self.worker_token(workspace).await;
        Worker::sign_in(self.client(), &token).await
    }

    pub(crate) async fn worker_token(&self, workspace: WorkspaceId) -> String {
        admin::worker_token(&self.admin(), workspace, "worker")
            .await
            .unwrap()
            .to_string()
    }

    /// Runs one statement on the database: what no route does yet.
    pub(crate) async fn execute(&self, statement: &'static str) {
        execute(self.state.storage(), statement).await;
    }

    /// The same, for one that may fail.
    pub(crate) async fn try_execute(&self, statement: &'static str) -> Result<(), StorageError> {
        try_execute(self.state.storage(), statement).await
    }

    /// The number that a query gives.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let mut connection = self.state.storage().read().await.unwrap();
        sqlx::query(query)
            .fetch_one(&mut *connection)
            .await
            .unwrap()
            .get(0)
    }

    /// The actions of the audit trail, oldest first.
    pub(crate) async fn trail(&self) -> Vec<String> {
        let mut connection = self.state.storage().read().await.unwrap();
        let rows = sqlx::query("SELECT action FROM audit_events ORDER BY at, rowid");
        let rows = rows.fetch_all(&mut *connection).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

pub(crate) const ADA: &str = "ada@example.com";

/// A server with one person, and nothing else.
pub(crate) async fn server_with_ada() -> Server {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    server.user(workspace, ADA).await;
    server
}

/// Runs one statement on a database.
pub(crate) async fn execute(storage: &Storage, statement: &'static str) {
    try_execute(storage, statement).await.unwrap();
}

async fn try_execute(storage: &Storage, statement: &'static str) -> Result<(), StorageError> {
    let done = storage.write(Erase::Nothing, move |connection| {
        Box::pin(async move {
            sqlx::query(statement).execute(connection).await?;
            Ok::<_, StorageError>(())
        })
    });
    done.await
}

/// A workspace with an owner, a collaborator, an account and a worker with keys.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) workspace: WorkspaceId,
    pub(crate) account: AccountId,
    pub(crate) owner: Client,
    pub(crate) worker: Worker,
}

pub(crate) const OWNER: &str = "owner@example.com";
pub(crate) const COLLABORATOR: &str = "collaborator@example.com";

impl Scene {
    /// The owner has consented; there is no session yet.
    pub(crate) async fn set() -> Self {
        let server = Server::start().await;
        let workspace = server.workspace("Acme").await;
        server.user(workspace, OWNER).await;
        server.user(workspace, COLLABORATOR).await;
        let account = server.account(workspace, &[OWNER], &[COLLABORATOR]).await;
        let worker = server.worker(workspace).await;
        worker.supply(20).await;
        let owner = server.trusted(OWNER).await;
        owner.consent(account).await;
        Self {
            server,
            workspace,
            account,
            owner,
            worker,
        }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/accounts/{}{rest}", self.account)
    }
}

/// The newest mail in an outbox folder.
pub(crate) fn newest_mail(outbox: &Path) -> String {
    let mut files: Vec<_> = std::fs::read_dir(outbox)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    std::fs::read_to_string(files.last().expect("a mail")).unwrap()
}

/// The code in a mail: the line that has nothing else.
pub(crate) fn code_in(mail: &str) -> String {
    let code = mail
        .lines()
        .map(str::trim)
        .find(|line| line.len() == 9 && line.as_bytes()[4] == b'-');
    code.expect("a code").to_owned()
}
