//! What admins do in the web app: a person is invited, gets an account to look at, and
//! is deprovisioned.

use anyhow::Result;
use ferry_e2e::Stage;
use ferry_e2e::cloud::{ADMIN, Mail, PASSWORD, Person};
use ferry_e2e::web::WebApp;

use crate::django::with_alice_and;

crate::in_both_browsers!(an_invited_person_comes_in_and_is_deprovisioned);

const NEW: Person = Person {
    email: "nina@example.test",
    name: "Nina New",
};

async fn an_invited_person_comes_in_and_is_deprovisioned(stage: &Stage) -> Result<()> {
    let (_django, setting) = with_alice_and(stage, |plan| plan.mail = Mail::Smtp).await?;
    let cloud = &setting.cloud;
    let admin = WebApp::open(&setting.browser, cloud).await?;
    admin.set_up(cloud, ADMIN).await?;
    admin.click("nav-people").await?;
    admin.click("invite").await?;
    admin.fill("invite-name", NEW.name).await?;
    admin.fill("invite-email", NEW.email).await?;
    admin.click("invite-submit").await?;
    let code = cloud.invitation_code(NEW).await?;

    let (browser, _popup) = setting.second_browser(stage).await?;
    let invited = WebApp::open(&browser, cloud).await?;
    invited.click("to-invitation").await?;
    invited.fill("invitation-email", NEW.email).await?;
    // As it is typed off a screen.
    invited
        .fill("invitation-code", &code.to_lowercase().replace('-', " "))
        .await?;
    invited.fill("invitation-password", PASSWORD).await?;
    invited.fill("invitation-again", PASSWORD).await?;
    invited.click("invitation-submit").await?;
    invited.notice_with("invitation-accepted").await?;
    invited.click("to-sign-in").await?;
    invited.set_up(cloud, NEW).await?;
    invited.find("empty").await?;

    admin.show().await?;
    admin.click("nav-manage-accounts").await?;
    admin.click("edit-account").await?;
    let role = format!(
        "[data-testid=person-access][data-email='{}'] option[value=collaborator]",
        NEW.email
    );
    admin.press(&role).await?;
    admin.click("save-account").await?;
    admin.find("managed-account").await?;
    invited.show().await?;
    invited.click("refresh").await?;
    invited.find("account-card").await?;

    admin.show().await?;
    admin.click("nav-people").await?;
    let end = format!("[data-testid=deprovision][aria-label='Deprovision {}']", NEW.name);
    admin.press(&end).await?;
    admin.click("deprovision-confirm").await?;
    admin.find("past-people").await?;
    invited.show().await?;
    invited.click("refresh").await?;
    invited.find("sign-in-submit").await?;
    Ok(())
}
