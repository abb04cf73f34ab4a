//! The command line of the Ferry server.

mod cli;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use ferry_server::clock::SystemClock;
use ferry_server::random::SystemRandom;
use ferry_server::server::{self, Serve};
use ferry_server::{admin, server::ServeError};

use cli::{
    AccountCommand, AppCommand, Cli, Command, DeviceCommand, UserCommand, WorkerTokenCommand,
    WorkspaceCommand,
};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    let command = match cli.command {
        Command::Serve(options) => {
            cli::start_log(options.log_format);
            let serve = Serve::try_from(options)?;
            let stop = cli::stop_signal().map_err(ServeError::Io)?;
            return Ok(server::serve(&cli.database, serve, stop).await?);
        }
        Command::App(AppCommand::Check { file, fixtures }) => {
            return Ok(cli::print(&admin::check(&file, fixtures.as_deref())?)?);
        }
        other => other,
    };
    let admin = admin::Admin::open(&cli.database, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
    let lines = change(&admin, command).await;
    admin.close().await;
    cli::print(&lines?)?;
    Ok(())
}

/// Carries out a command, and returns what it prints.
async fn change(admin: &admin::Admin, command: Command) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    Ok(match command {
        // Handled before: these need no open database.
        Command::Serve(_) | Command::App(AppCommand::Check { .. }) => Vec::new(),
        Command::Workspace(WorkspaceCommand::Add { name, retention }) => {
            vec![admin::workspace(admin, &name, retention.0).await?.to_string()]
        }
        Command::Workspace(WorkspaceCommand::List) => admin::workspaces(admin).await?,
        Command::User(UserCommand::Add {
            workspace,
            email,
            name,
            admin: is_admin,
            password_stdin,
        }) => {
            let password = cli::read_password(password_stdin)?;
            let add = admin::AddUser {
                workspace,
                email,
                name,
                password,
                admin: is_admin,
            };
            vec![admin::user(admin, add).await?.to_string()]
        }
        Command::User(UserCommand::List { workspace }) => admin::users(admin, workspace).await?,
        Command::User(UserCommand::Deprovision { user }) => {
            admin::deprovision_user(admin, user).await?;
            Vec::new()
        }
        Command::Device(DeviceCommand::List { user }) => admin::devices(admin, user).await?,
        Command::Device(DeviceCommand::Disable { user, device }) => {
            admin::disable_device(admin, user, device).await?;
            Vec::new()
        }
        Command::App(AppCommand::Add { workspace, file }) => {
            vec![admin::app(admin, workspace, &file).await?.to_string()]
        }
        Command::App(AppCommand::List { workspace }) => admin::apps(admin, workspace).await?,
        Command::Account(AccountCommand::Add {
            workspace,
            app,
            name,
            identity,
            owners,
            collaborators,
        }) => {
            let add = admin::AddAccount {
                workspace,
                app,
                name,
                identity,
                owners,
                collaborators,
            };
            vec![admin::account(admin, add).await?.to_string()]
        }
        Command::Account(AccountCommand::List { workspace }) => admin::accounts(admin, workspace).await?,
        Command::WorkerToken(WorkerTokenCommand::Add { workspace, name }) => {
            vec![admin::worker_token(admin, workspace, &name).await?.to_string()]
        }
        Command::WorkerToken(WorkerTokenCommand::List { workspace }) => {
            admin::worker_tokens(admin, workspace).await?
        }
    })
}
