//! What the pages show, from what is known.

use ferry_bridge::{Phase, Profile, State, Transfer};
use ferry_client::device_name;
use ferry_protocol::UnixMillis;
use ferry_protocol::api::Account;
use ferry_protocol::vault::fingerprint_text;

use crate::background::Memory;
use crate::browser::Platform;
use crate::consent;
use crate::records::{Owner, Session};
use crate::trust::{self, Trust};

/// Everything that the pages show.
pub(crate) fn state<P: Platform>(memory: &Memory<P>, now: UnixMillis, user_agent: &str) -> State {
    let transfers = memory.transfers.records();
    State {
        phase: phase(memory, now, user_agent),
        transfers: transfers
            .map(|record| Transfer {
                account: record.account,
                started: record.started,
                step: record.step.clone(),
            })
            .collect(),
    }
}

fn phase<P: Platform>(memory: &Memory<P>, now: UnixMillis, user_agent: &str) -> Phase {
    let (enrolment, accounts) = (&memory.enrolment, &memory.accounts.accounts);
    let (Some(owner), Some(session)) = (&enrolment.owner, &enrolment.session) else {
        return Phase::SignedOut {
            server: enrolment.server.as_ref().map(ToString::to_string),
            email: enrolment.email.clone(),
            notice: enrolment.notice.clone(),
        };
    };
    let profile = profile(owner, session);
    match &session.me.device {
        Some(device) if session.is_trusted() => Phase::Ready {
            profile,
            device_name: device.name.clone(),
            vault_fingerprint: memory
                .pin()
                .and_then(|pin| Some(fingerprint_text(&pin.fingerprint.to_array().ok()?))),
            accounts: accounts
                .iter()
                .map(|account| with_given_consent(account, &memory.trust))
                .collect(),
            shown: accounts.iter().map(trust::shown).collect(),
            fetched_at: memory.accounts.fetched_at.unwrap_or(UnixMillis(0)),
            stale: memory.stale.clone(),
        },
        device => Phase::SetUp {
            suggested_name: match device {
                Some(device) => device.name.clone(),
                None => device_name::suggest(&profile.user.name, user_agent),
            },
            profile,
            code: session
                .code
                .clone()
                .filter(|code| device.is_some() && now < code.expires_at),
            approval: session.approval.clone().filter(|_| device.is_some()),
        },
    }
}

/// The account, with its consent if that counts: if it was given here.
fn with_given_consent(account: &Account, trust: &Trust) -> Account {
    Account {
        consent: consent::given(account, trust).cloned(),
        ..account.clone()
    }
}

fn profile(owner: &Owner, session: &Session) -> Profile {
    Profile {
        server: owner.server.to_string(),
        user: session.me.user.clone(),
        workspace: session.me.workspace.clone(),
    }
}
