//! Requests and responses of the server, by who sends them.
//!
//! Every request carries a `DPoP` proof and `Authorization: DPoP <token>`, but for signing
//! in and accepting an invitation, which have no token yet; `/v1/health` and
//! `/openapi.json` take neither. Paths are below the server's base address.
//!
//! | Route | Body | Answer | Who |
//! |---|---|---|---|
//! | `POST /v1/sign-in` | [`SignIn`] | [`SignedIn`] | anyone, with a key |
//! | `POST /v1/sign-out` | – | 204 | any device |
//! | `GET /v1/me` | – | [`Me`] | any device |
//! | `PUT /v1/device` | [`EnrolDevice`] | [`Me`] | any device |
//! | `POST /v1/device/code` | – | [`CodeSent`] | a device not yet trusted |
//! | `POST /v1/device/verify` | [`VerifyCode`] | [`Me`] | a device not yet trusted |
//! | `POST /v1/device/approval` | [`AskApproval`] | [`ApprovalAnswer`] | a device not yet trusted |
//! | `GET /v1/device/approval` | – | [`ApprovalAnswer`], once there is one | any device |
//! | `GET /v1/devices` | – | [`Devices`] | a trusted device |
//! | `POST /v1/devices/{device}/approve` | [`Approve`] | [`Devices`] | a trusted device of the same person |
//! | `POST /v1/devices/{device}/deny` | – | [`Devices`] | a trusted device of the same person |
//! | `POST /v1/devices/{device}/disable` | – | [`Devices`] | a trusted device of the same person |
//! | `POST /v1/invitation/accept` | [`AcceptInvitation`] | 204 | anyone, with a key |
//! | `GET /v1/users` | – | [`Users`] | an admin |
//! | `POST /v1/users` | [`Invite`] | [`Users`] | an admin |
//! | `POST /v1/users/{user}/deprovision` | – | [`Users`] | an admin |
//! | `GET /v1/users/{user}/devices` | – | [`Devices`] | an admin |
//! | `POST /v1/users/{user}/devices/{device}/disable` | – | [`Devices`] | an admin |
//! | `GET /v1/manage/accounts` | – | [`ManagedAccounts`] | an admin |
//! | `POST /v1/manage/accounts` | [`NewAccount`] | [`ManagedAccounts`] | an admin |
//! | `PUT /v1/manage/accounts/{account}` | [`AccountSettings`] | [`ManagedAccounts`] | an admin |
//! | `GET /v1/manage/apps` | – | [`Apps`] | an admin |
//! | `PUT /v1/manage/apps/{app}` | [`ferry_catalogue::App`] | [`Apps`] | an admin |
//! | `DELETE /v1/manage/apps/{app}` | – | [`Apps`] | an admin |
//! | `GET /v1/audit` | – | [`AuditPage`]: of all, or of what concerns the person | a trusted device |
//! | `GET /v1/catalogue` | – | [`SignedCatalogue`](crate::catalogue::SignedCatalogue) | a trusted device |
//! | `GET /v1/accounts` | – | [`Accounts`] | a trusted device |
//! | `GET /v1/accounts/{account}` | – | [`Account`] | a trusted device |
//! | `POST /v1/accounts/{account}/consents` | [`GiveConsent`] | [`Consent`] | an owner |
//! | `DELETE /v1/accounts/{account}/consents/{consent}` | – | 204 | an owner |
//! | `POST /v1/accounts/{account}/transfers` | [`BeginTransfer`] | [`TransferOffer`] | an owner |
//! | `PUT /v1/accounts/{account}/transfers/{transfer}` | [`crate::session::SealedSession`] | [`Account`] | an owner |
//! | `DELETE /v1/accounts/{account}/session` | – | [`Account`] | an owner |
//! | `POST /v1/accounts/{account}/session/check` | – | [`Account`] | an owner |
//! | `POST /v1/worker/sign-in` | [`WorkerSignIn`] | [`WorkerSignedIn`] | a worker |
//! | `POST /v1/worker/sealing-keys` | [`SupplyKeys`] | [`KeySupply`] | a worker |
//! | `POST /v1/worker/sealing-keys/destroyed` | [`KeysDestroyed`] | [`KeySupply`] | a worker |
//! | `POST /v1/worker/catalogue` | [`SignedCatalogue`](crate::catalogue::SignedCatalogue) | [`CatalogueHeld`] | a worker |
//! | `POST /v1/worker/work` | [`AskForWork`] | [`Work`] | a worker |
//! | `POST /v1/worker/sessions/{transfer}/report` | [`Report`] | 204 | a worker |
//! | `POST /v1/worker/accounts/{account}/session` | [`TakeSession`] | [`LeasedSession`] | a worker |
//! | `GET /v1/health` | – | 204 | anyone |
//! | `GET /openapi.json` | – | this table, generated | anyone |

mod account;
mod audit;
mod device;
mod devices;
mod manage;
mod worker;

pub use account::*;
pub use audit::*;
pub use device::*;
pub use devices::*;
pub use manage::*;
pub use worker::*;
