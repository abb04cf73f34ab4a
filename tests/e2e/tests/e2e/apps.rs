//! The apps themselves behave as the other tests take for granted.

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Setup;
use ferry_e2e::django::Django;
use ferry_e2e::extension::Extension;

crate::in_both_browsers!(django_greets_whoever_signed_in);

async fn django_greets_whoever_signed_in(stage: &Stage) -> Result<()> {
    let django = Django::start(&stage.subfolder("django")?).await?;
    let folder = stage.subfolder("browser")?;
    let setup = Setup {
        folder: &folder,
        extension: Extension::built()?,
        other: None,
        authority: None,
        display: None,
    };
    let browser = stage.browser(setup).await?;
    ensure!(django.signed_in_as(&browser).await?.is_none());
    django.sign_in(&browser, "alice").await?;
    django.forget_sessions().await?;
    ensure!(django.signed_in_as(&browser).await?.is_none());
    django.sign_in(&browser, "bob").await?;
    django.sign_out(&browser).await?;
    ensure!(django.signed_in_as(&browser).await?.is_none());
    Ok(())
}
