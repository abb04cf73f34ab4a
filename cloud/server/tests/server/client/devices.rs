//! What a device asks about a person's devices.

use axum::http::StatusCode;
use ferry_protocol::api::{ApprovalAnswer, Approve, AskApproval, Devices, ListedDevice, Me};
use ferry_protocol::trust::Statement;

use super::{Answer, Client};

impl Client {
    pub(crate) async fn ask_approval(&self) -> Answer {
        let browser = "Firefox on Linux".to_owned();
        self.post("/v1/device/approval", &AskApproval { browser }).await
    }

    /// The answer to that; waits for one.
    pub(crate) async fn approval(&self) -> ApprovalAnswer {
        self.get("/v1/device/approval").await.ok()
    }

    pub(crate) async fn devices(&self) -> Vec<ListedDevice> {
        self.get("/v1/devices").await.ok::<Devices>().devices
    }

    /// Another device, as it is listed to this one.
    pub(crate) async fn listed(&self, device: &Self) -> ListedDevice {
        let mut all = self.devices().await;
        all.retain(|listed| listed.id == device.device());
        all.pop().unwrap()
    }

    pub(crate) async fn deny(&self, device: &Self) -> Answer {
        self.post_empty(&format!("/v1/devices/{}/deny", device.device()))
            .await
    }

    pub(crate) async fn disable(&self, device: &Self) -> Answer {
        self.post_empty(&format!("/v1/devices/{}/disable", device.device()))
            .await
    }

    /// That this device approves another one of the same person.
    pub(crate) fn statement(&self, me: &Me, device: &Self) -> Statement {
        Statement::new(
            (me.workspace.id, me.user.id),
            device.device(),
            &device.sealing_key.public(),
            self.device(),
            self.now(),
        )
    }

    /// Approves another device with this one.
    pub(crate) async fn approve(&self, device: &Self) -> Answer {
        let me = self.get("/v1/me").await;
        if me.status != StatusCode::OK {
            return me;
        }
        let (path, approve) = self.approval_of(&me.ok(), device);
        self.post(&path, &approve).await
    }

    /// The path and the body that approve another device.
    pub(crate) fn approval_of(&self, me: &Me, device: &Self) -> (String, Approve) {
        let statement = self.statement(me, device);
        let signature = self.key.sign(&statement.message());
        let path = format!("/v1/devices/{}/approve", device.device());
        (path, Approve { statement, signature })
    }
}
