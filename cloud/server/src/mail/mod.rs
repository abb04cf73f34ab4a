//! E-mail: through an SMTP server if one is configured, else as files into an
//! outbox folder.

mod outbox;

use std::time::Duration;

use lettre::message::header::ContentTransferEncoding;
use lettre::message::header::ContentType;
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::code::{Code, InvitationCode};
use crate::config::MailConfig;
use crate::stamp::Stamp;
use outbox::Outbox;

/// Who mail in the outbox folder is from.
const OUTBOX_FROM: &str = "Ferry <ferry@localhost>";

/// How long a mail server may take over one step. Shorter than a request may take, so
/// that whoever asked is told.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The address of the mail server.
    #[error("the SMTP URL is not usable: {0}; write smtps://user:password@mail.example.com")]
    Url(lettre::transport::smtp::Error),
    /// The sender.
    #[error("the sender is not an e-mail address: {0}")]
    From(#[from] lettre::address::AddressError),
    /// The outbox folder.
    #[error("the mail outbox folder cannot be used: {0}")]
    Outbox(std::io::Error),
}

/// Why one mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The recipient is no e-mail address.
    #[error("the recipient is not an e-mail address: {0}")]
    Recipient(#[from] lettre::address::AddressError),
    /// The message could not be put together.
    #[error("the message could not be put together: {0}")]
    Message(#[from] lettre::error::Error),
    /// The mail server did not take it.
    #[error("the mail server did not take the message: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// The file could not be written.
    #[error("the message could not be written to the outbox folder: {0}")]
    Outbox(#[from] std::io::Error),
}

/// What an invitation says. No `Debug`: the code.
pub struct Invitation<'a> {
    /// E-mail address of the person who is invited.
    pub to: &'a str,
    /// Name of the admin who invites.
    pub by: &'a str,
    /// Name of the workspace.
    pub workspace: &'a str,
    /// Where the code is entered: the same for everybody.
    pub url: &'a str,
    /// The code.
    pub code: &'a InvitationCode,
}

/// Sends mail.
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Outbox(Outbox),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

impl Mailer {
    /// As configured. Nothing is sent yet, and no server is asked.
    pub fn new(config: &MailConfig) -> Result<Self, MailSetupError> {
        match config {
            MailConfig::Outbox(folder) => Ok(Self {
                from: OUTBOX_FROM.parse()?,
                way: Way::Outbox(Outbox::new(folder.clone()).map_err(MailSetupError::Outbox)?),
            }),
            MailConfig::Smtp { url, from } => {
                let transport =
                    AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(MailSetupError::Url)?;
                Ok(Self {
                    from: from.parse()?,
                    way: Way::Smtp(transport.timeout(Some(TIMEOUT)).build()),
                })
            }
        }
    }

    /// Sends the code that verifies a device. Never a link: who gets used to
    /// following links in such mail follows the wrong one some day.
    pub async fn send_code(
        &self,
        stamp: &Stamp,
        to: &str,
        device_name: &str,
        code: &Code,
    ) -> Result<(), MailError> {
        let text = format!(
            "Your Ferry code is:\r\n\r\n    {code}\r\n\r\n\
             Type it on the device \"{device_name}\" to set it up.\r\n\
             It is good for 5 minutes, on that device only.\r\n\r\n\
             If you are not setting up a device now, somebody else knows your\r\n\
             password: do not give the code to anybody, and tell your admin.\r\n"
        );
        self.send(stamp, to, "Your Ferry code", text).await
    }

    /// Sends an invitation. The address in it is the same for everybody: the code is
    /// typed, and in no link, which browsers and proxies would keep.
    pub async fn send_invitation(&self, stamp: &Stamp, invitation: &Invitation<'_>) -> Result<(), MailError> {
        let Invitation {
            to,
            by,
            workspace,
            url,
            code,
        } = invitation;
        let text = format!(
            "{by} invites you to the workspace \"{workspace}\" of Ferry.\r\n\r\n\
             Open {url}\r\n\
             and enter your e-mail address, this code, and a password of your own:\r\n\r\n    {code}\r\n\r\n\
             It is good for 7 days.\r\n\r\n\
             If you do not expect this, ignore it: nothing happens without you.\r\n"
        );
        self.send(stamp, to, "You are invited to Ferry", text).await
    }

    async fn send(&self, stamp: &Stamp, to: &str, subject: &str, text: String) -> Result<(), MailError> {
        let body = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(
            Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).unwrap_or_else(Body::new),
        );
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse::<Address>()?))
            .subject(subject)
            .date(std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(stamp.now.0).unwrap_or(0)))
            .singlepart(body)?;
        match &self.way {
            Way::Outbox(outbox) => outbox.put(stamp, &message.formatted()).await?,
            Way::Smtp(transport) => {
                transport.send(message).await?;
            }
        }
        Ok(())
    }
}
