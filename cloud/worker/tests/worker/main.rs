//! The worker with a real Chromium, a real app over HTTPS, and a server that is the
//! test's own. Needs Chromium and `certutil` (Debian: chromium, libnss3-tools).

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod app;
mod automation;
mod catalogue;
mod check;
mod device;
mod egress;
mod ferry;
mod process;
mod restore;
mod setting;
mod storage;
mod trust;
mod whole_loop;
