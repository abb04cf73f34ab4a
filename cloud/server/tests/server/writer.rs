//! The one writer: whose proof was used before, among jobs of all kinds in one batch.

use ferry_protocol::{TransferId, UnixMillis};
use ferry_server::storage::jti::{Claim, Reused};
use ferry_server::storage::keys::Reservation;
use ferry_server::storage::{Erase, Storage, StorageError};
use futures_util::join;
use tokio::sync::oneshot;

use crate::fixture::Scene;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Reused,
    ItsOwn,
    Storage,
}

impl From<Reused> for Refusal {
    fn from(_: Reused) -> Self {
        Self::Reused
    }
}

impl From<StorageError> for Refusal {
    fn from(_: StorageError) -> Self {
        Self::Storage
    }
}

fn claim(jti: &str) -> Claim {
    Claim::new(&[0; 32], jti, UnixMillis(i64::MAX))
}

/// A write that comes to this.
async fn write(storage: &Storage, result: Result<u8, Refusal>) -> Result<u8, Refusal> {
    let operation = storage.write(Erase::Nothing, move |_| Box::pin(async move { result }));
    operation.await
}

/// The same, if this proof was not used before.
async fn once(storage: &Storage, jti: &str, result: Result<u8, Refusal>) -> Result<u8, Refusal> {
    let operation = storage.claim_and_write(claim(jti), Erase::Nothing, move |_| {
        Box::pin(async move { result })
    });
    operation.await
}

async fn panics(storage: &Storage, jti: &str) -> Result<u8, Refusal> {
    let operation = storage.claim_and_write(claim(jti), Erase::Nothing, |_| {
        Box::pin(async { panic!("one caller's bad luck") })
    });
    operation.await
}

/// An upload that nothing is known of: it is refused, for one reason or the other.
async fn upload(storage: &Storage, jti: &str, reservation: Reservation) -> Result<u8, Refusal> {
    let upload = storage.upload(claim(jti), reservation, |_, _| {
        Box::pin(async { Err(Refusal::ItsOwn) })
    });
    upload.await
}

#[tokio::test]
async fn each_job_of_a_batch_has_the_verdict_on_its_own_proof() {
    let scene = Scene::set().await;
    let storage = scene.server.state.storage();
    let reservation = Reservation {
        transfer: scene.owner.id(TransferId::new),
        account: scene.account,
        user: scene.owner.me().await.user.id,
        device: scene.owner.device(),
    };
    let (begin, begun) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    let busy = storage.write(Erase::Nothing, move |_| {
        Box::pin(async move {
            begin.send(()).unwrap();
            ended.await.unwrap();
            Ok::<_, Refusal>(0)
        })
    });
    // While the writer is busy, all of the others are queued, in this order: one batch.
    let others = async {
        begun.await.unwrap();
        join!(
            write(storage, Ok(1)),
            once(storage, "a", Ok(2)),
            storage.claim(claim("b")),
            write(storage, Ok(3)),
            upload(storage, "g", reservation),
            upload(storage, "b", reservation),
            once(storage, "a", Ok(4)),
            write(storage, Err(Refusal::ItsOwn)),
            once(storage, "b", Ok(5)),
            once(storage, "c", Err(Refusal::ItsOwn)),
            panics(storage, "d"),
            write(storage, Ok(6)),
            once(storage, "e", Ok(7)),
            async { end.send(()).unwrap() },
        )
    };
    let (busy, others) = join!(busy, others);
    assert_eq!(busy, Ok(0));
    let (w1, a, b, w2, g, b_upload, a_again, w3, b_again, c, d, w4, e, ()) = others;
    assert_eq!([w1, w2, w3, w4], [Ok(1), Ok(3), Err(Refusal::ItsOwn), Ok(6)]);
    assert!(b.unwrap(), "the first use of b");
    assert_eq!([a, e], [Ok(2), Ok(7)]);
    assert_eq!([a_again, b_again], [Err(Refusal::Reused); 2]);
    assert_eq!([g, b_upload], [Err(Refusal::ItsOwn), Err(Refusal::Reused)]);
    assert_eq!([c, d], [Err(Refusal::ItsOwn), Err(Refusal::Storage)]);
    // Whatever came of it, a proof that was there is used.
    for jti in ["a", "b", "c", "d", "e", "g"] {
        assert_eq!(once(storage, jti, Ok(8)).await, Err(Refusal::Reused), "{jti}");
    }
    assert_eq!(once(storage, "f", Ok(9)).await, Ok(9));
}
