//! What an admin asks for: people, accounts, apps; and the audit trail.

use ferry_catalogue::{App, AppId};
use ferry_protocol::api::{
    AccountSettings, Apps, AuditPage, Devices, Invite, ListedUser, ManagedAccount, ManagedAccounts,
    NewAccount, Users,
};
use ferry_protocol::{AccountId, DeviceId, UserId};

use super::call::Call;
use super::{ApiError, Client};
use crate::{Device, Host, Method};

impl<H: Host, D: Device> Client<H, D> {
    /// `GET /v1/users`.
    pub async fn users(&self) -> Result<Vec<ListedUser>, ApiError> {
        self.people(Call::new(Method::Get, "/v1/users".to_owned())).await
    }

    /// `POST /v1/users`. Inviting the same address again sends another code.
    pub async fn invite(&self, invite: &Invite) -> Result<Vec<ListedUser>, ApiError> {
        self.people(Call::new(Method::Post, "/v1/users".to_owned()).body(invite))
            .await
    }

    /// `POST /v1/users/{user}/deprovision`.
    pub async fn deprovision(&self, user: UserId) -> Result<Vec<ListedUser>, ApiError> {
        self.people(Call::new(Method::Post, format!("/v1/users/{user}/deprovision")))
            .await
    }

    async fn people(&self, call: Call) -> Result<Vec<ListedUser>, ApiError> {
        let answer: Users = self.call(call).await?;
        Ok(answer.users)
    }

    /// `GET /v1/users/{user}/devices`.
    pub async fn devices_of(&self, user: UserId) -> Result<Devices, ApiError> {
        self.call(Call::new(Method::Get, format!("/v1/users/{user}/devices")))
            .await
    }

    /// `POST /v1/users/{user}/devices/{device}/disable`.
    pub async fn disable_device_of(&self, user: UserId, device: DeviceId) -> Result<Devices, ApiError> {
        self.call(Call::new(
            Method::Post,
            format!("/v1/users/{user}/devices/{device}/disable"),
        ))
        .await
    }

    /// `GET /v1/manage/accounts`.
    pub async fn managed_accounts(&self) -> Result<Vec<ManagedAccount>, ApiError> {
        self.managed(Call::new(Method::Get, "/v1/manage/accounts".to_owned()))
            .await
    }

    /// `POST /v1/manage/accounts`.
    pub async fn add_account(&self, new: &NewAccount) -> Result<Vec<ManagedAccount>, ApiError> {
        self.managed(Call::new(Method::Post, "/v1/manage/accounts".to_owned()).body(new))
            .await
    }

    /// `PUT /v1/manage/accounts/{account}`.
    pub async fn change_account(
        &self,
        account: AccountId,
        settings: &AccountSettings,
    ) -> Result<Vec<ManagedAccount>, ApiError> {
        let call = Call::new(Method::Put, format!("/v1/manage/accounts/{account}"));
        self.managed(call.body(settings)).await
    }

    async fn managed(&self, call: Call) -> Result<Vec<ManagedAccount>, ApiError> {
        let answer: ManagedAccounts = self.call(call).await?;
        Ok(answer.accounts)
    }

    /// `GET /v1/manage/apps`.
    pub async fn apps(&self) -> Result<Apps, ApiError> {
        self.call(Call::new(Method::Get, "/v1/manage/apps".to_owned()))
            .await
    }

    /// `PUT /v1/manage/apps/{app}`: adds the app, or replaces it.
    pub async fn put_app(&self, app: &App) -> Result<Apps, ApiError> {
        self.call(Call::new(Method::Put, format!("/v1/manage/apps/{}", app.id)).body(app))
            .await
    }

    /// `DELETE /v1/manage/apps/{app}`.
    pub async fn remove_app(&self, app: &AppId) -> Result<Apps, ApiError> {
        self.call(Call::new(Method::Delete, format!("/v1/manage/apps/{app}")))
            .await
    }

    /// `GET /v1/audit`: the newest events, or those before the one with this id.
    pub async fn audit(&self, before: Option<&str>) -> Result<AuditPage, ApiError> {
        let path = match before {
            Some(id) => format!("/v1/audit?before={id}"),
            None => "/v1/audit".to_owned(),
        };
        self.call(Call::new(Method::Get, path)).await
    }
}
