//! Workers: signing in, the vault identity, and one-time keys.

use ferry_protocol::Bytes;
use ferry_protocol::SealingKeyId;
use ferry_protocol::api::{Account, KeySupply, KeysDestroyed, SupplyKeys, WorkerSignedIn};
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::vault::{SignedSealingKey, Succession, VaultIdentity};

use crate::client::Worker;
use crate::client::worker::sign_in_worker;
use crate::fixture::{Scene, Server};

const MINUTE: i64 = 60 * 1000;

#[tokio::test]
async fn a_worker_token_is_bound_to_the_first_key() {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    let token = server.worker_token(workspace).await;
    let worker = Worker::sign_in(server.client(), &token).await;
    assert_eq!(worker.workspace, workspace);
    let identity = VaultIdentity {
        current: worker.vault.public(),
        successions: Vec::new(),
    };
    // The same key again, but neither another key nor another token.
    sign_in_worker(&worker.client, &token, identity.clone())
        .await
        .ok::<WorkerSignedIn>();
    let thief = server.client();
    let answer = sign_in_worker(&thief, &token, identity.clone()).await;
    assert_eq!(answer.code(), ProblemCode::InvalidToken);
    let answer = sign_in_worker(&thief, "unknown", identity).await;
    assert_eq!(answer.code(), ProblemCode::InvalidToken);
}

#[tokio::test]
async fn another_vault_identity_must_be_signed_by_the_one_before() {
    let server = Server::start().await;
    let workspace = server.workspace("Acme").await;
    let token = server.worker_token(workspace).await;
    let worker = Worker::sign_in(server.client(), &token).await;
    assert_eq!(worker.supply(3).await.available, 3);
    let next = SigningKey::generate(worker.client.bytes()).unwrap();
    let identity = |signer: &SigningKey| {
        let signature = signer.sign(&Succession::message(&workspace, &next.public()));
        let succession = Succession {
            from: worker.vault.public(),
            to: next.public(),
            signature,
        };
        VaultIdentity {
            current: next.public(),
            successions: vec![succession],
        }
    };
    let unsigned = VaultIdentity {
        current: next.public(),
        successions: Vec::new(),
    };
    for bad in [unsigned, identity(&next)] {
        let answer = sign_in_worker(&worker.client, &token, bad).await;
        assert_eq!(answer.code(), ProblemCode::VaultIdentityRejected);
    }
    let good = identity(&worker.vault);
    sign_in_worker(&worker.client, &token, good.clone())
        .await
        .ok::<WorkerSignedIn>();
    // What the old one signed is of no use any more, and the old one does not come back.
    let key = worker.sealing_key(worker.client.now().plus(MINUTE * 60));
    let answer = worker
        .client
        .post("/v1/worker/sealing-keys", &SupplyKeys { keys: vec![key] })
        .await;
    assert_eq!(answer.code(), ProblemCode::InvalidRequest);
    let work = worker.work().await;
    assert_eq!((work.keys.available, work.keys.destroy.len()), (0, 3));
    let old = VaultIdentity {
        current: worker.vault.public(),
        successions: Vec::new(),
    };
    let answer = sign_in_worker(&worker.client, &token, old).await;
    assert_eq!(answer.code(), ProblemCode::VaultIdentityRejected);
    // A second worker of the workspace brings the same identity, and its chain is kept.
    let second = server.client();
    let bare = VaultIdentity {
        current: next.public(),
        successions: Vec::new(),
    };
    sign_in_worker(&second, &server.worker_token(workspace).await, bare)
        .await
        .ok::<WorkerSignedIn>();
    server.user(workspace, "ada@example.com").await;
    assert_eq!(
        server.trusted("ada@example.com").await.me().await.vault,
        Some(good)
    );
}

#[tokio::test]
async fn only_keys_that_the_vault_signed_are_taken() {
    let scene = Scene::set().await;
    let worker = &scene.worker;
    let good = worker.sealing_key(worker.client.now().plus(MINUTE * 60));
    let elsewhere = scene.server.workspace("Elsewhere").await;
    let foreign = {
        let message = SignedSealingKey::message(&good.id, &elsewhere, good.expires_at, &good.public);
        SignedSealingKey {
            workspace: elsewhere,
            signature: worker.vault.sign(&message),
            ..good.clone()
        }
    };
    let bad = [
        SignedSealingKey {
            signature: Bytes(vec![1; 64]),
            ..good.clone()
        },
        SignedSealingKey {
            id: worker.client.id(SealingKeyId::new),
            ..good.clone()
        },
        SignedSealingKey {
            expires_at: good.expires_at.plus(1),
            ..good.clone()
        },
        SignedSealingKey {
            public: worker.vault.public(),
            ..good.clone()
        },
        worker.sealing_key(worker.client.now().plus(-1)),
        foreign,
    ];
    for bad in bad {
        // The good one with it is not taken either.
        let keys = vec![good.clone(), bad];
        let problem = worker
            .client
            .post("/v1/worker/sealing-keys", &SupplyKeys { keys })
            .await
            .problem();
        assert_eq!(problem.code, ProblemCode::InvalidRequest);
        assert!(problem.detail.contains("key 1"), "{}", problem.detail);
    }
    assert_eq!(worker.work().await.keys.available, 20);
    let many = SupplyKeys {
        keys: vec![good.clone(); 257],
    };
    assert_eq!(
        worker.client.post("/v1/worker/sealing-keys", &many).await.code(),
        ProblemCode::InvalidRequest
    );
    // The same key twice is one key.
    for _ in 0..2 {
        let keys = vec![good.clone()];
        let supply: KeySupply = worker
            .client
            .post("/v1/worker/sealing-keys", &SupplyKeys { keys })
            .await
            .ok();
        assert_eq!(supply.available, 21);
    }
    assert_eq!(worker.supply(256).await.available, 277);
}

#[tokio::test]
async fn destroyed_keys_are_named_until_the_worker_says_so() {
    let scene = Scene::set().await;
    scene.owner.transfer(scene.account, b"sealed").await;
    scene.owner.delete(&scene.path("/session")).await.ok::<Account>();
    let named = scene.worker.work().await.keys.destroy;
    assert_eq!(named.len(), 1);
    assert_eq!(scene.worker.work().await.keys.destroy, named);
    // Another workspace's worker cannot say so, and what is not to be destroyed is left alone.
    let elsewhere = scene.server.workspace("Elsewhere").await;
    let foreign = scene.server.worker(elsewhere).await;
    let path = "/v1/worker/sealing-keys/destroyed";
    foreign
        .client
        .post(path, &KeysDestroyed { keys: named.clone() })
        .await
        .ok::<KeySupply>();
    assert_eq!(scene.worker.work().await.keys.destroy, named);
    let supply: KeySupply = scene
        .worker
        .client
        .post(path, &KeysDestroyed { keys: named })
        .await
        .ok();
    assert_eq!((supply.available, supply.destroy.len()), (19, 0));
}
