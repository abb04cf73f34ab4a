use ferry_bridge::{DenyDevice, DisableDevice, ListDevices, Request};
use ferry_client::Keyring as _;
use ferry_protocol::DeviceId;
use ferry_protocol::api::{DeviceState, Devices, ListedDevice};

use super::*;
use crate::testing::{TestBackground, World, ask, run};

async fn listed(background: &TestBackground, device: DeviceId) -> ListedDevice {
    let list: Devices = ask(background, Request::ListDevices(ListDevices {}))
        .await
        .unwrap();
    let mut devices = list.devices.into_iter();
    devices.find(|listed| listed.id == device).unwrap()
}

fn approve(shown: &ListedDevice) -> Request {
    Request::ApproveDevice(ApproveDevice {
        device: shown.id,
        sealing_key: shown.keys.sealing_key.thumbprint().into(),
    })
}

#[test]
fn what_was_compared_is_what_is_signed() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let phone = world.server().other_device_asks();
        let shown = listed(&background, phone).await;
        let after: Devices = ask(&background, approve(&shown)).await.unwrap();
        assert!(
            after
                .devices
                .iter()
                .all(|device| device.state == DeviceState::Trusted)
        );
        // The server verified the signature; this is what was signed.
        let own = world.keyring.load().await.unwrap().unwrap();
        let statement = world.server().approved.borrow()[0].clone();
        assert_eq!((statement.device, statement.approver), (phone, own.id()));
        assert_eq!(
            statement.sealing_key.as_ref(),
            shown.keys.sealing_key.thumbprint()
        );
    });
}

#[test]
fn keys_that_changed_after_they_were_compared_are_not_approved() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let phone = world.server().other_device_asks();
        let shown = listed(&background, phone).await;
        world.server().swap_sealing_key(phone);
        let refused = ask::<Devices, _, _>(&background, approve(&shown)).await;
        assert_eq!(refused.unwrap_err().code, "approval-rejected");
        assert_eq!(world.server().device_state(phone), DeviceState::PendingApproval);
    });
}

#[test]
fn devices_are_denied_and_disabled() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        let phone = world.server().other_device_asks();
        let deny = Request::DenyDevice(DenyDevice { device: phone });
        ask::<Devices, _, _>(&background, deny).await.unwrap();
        assert_eq!(world.server().device_state(phone), DeviceState::AwaitingCode);
        let disable = Request::DisableDevice(DisableDevice { device: phone });
        ask::<Devices, _, _>(&background, disable).await.unwrap();
        assert_eq!(world.server().device_state(phone), DeviceState::Disabled);
        assert!(world.server().approved.borrow().is_empty());
    });
}

#[test]
fn why_not_is_told() {
    run(async {
        let world = World::default();
        let background = world.ready().await;
        world.server().offline.set(true);
        let refused = ask::<Devices, _, _>(&background, Request::ListDevices(ListDevices {})).await;
        assert_eq!(refused.unwrap_err().code, "server-unreachable");
    });
}
