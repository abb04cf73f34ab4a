//! HTTP/1.1 on the bytes themselves: a library would refuse some of the header lines
//! that the tests send, and tidy up those that they receive.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest head or body, in bytes: room for all cookies of a site.
const LONGEST: usize = 4 << 20;

/// A request.
pub(super) struct Request {
    /// Method.
    pub(super) method: String,
    /// Host, without the port.
    pub(super) host: String,
    /// Path, without the query.
    pub(super) path: String,
    /// What stands behind the path's question mark.
    pub(super) query: String,
    /// The values of all `Cookie` lines, as they came, one after the other.
    pub(super) cookie: Vec<u8>,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A field of the query, percent-decoding left to the caller.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.query.split('&');
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Reads the one request of a connection; `None` if there is none.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<Request>> {
    let mut kept = Vec::new();
    let end = loop {
        if let Some(at) = kept.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        ensure!(kept.len() < LONGEST, "a head that does not end");
        if stream.read_buf(&mut kept).await? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = kept.drain(..end + 4).collect();
    let mut lines = head[..end]
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let [method, target, _] = first.split(' ').collect::<Vec<_>>()[..] else {
        bail!("no request line: {first}");
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        host: String::new(),
        path: path.to_owned(),
        query: query.to_owned(),
        cookie: Vec::new(),
        body: Vec::new(),
    };
    let mut length = 0;
    for line in lines {
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .context("a header line")?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        // One space stands before the value; all else is the value's.
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &*name.to_ascii_lowercase() {
            b"host" => {
                let host = String::from_utf8_lossy(value).into_owned();
                request.host = host.split(':').next().unwrap_or_default().to_owned();
            }
            b"cookie" => request.cookie.extend_from_slice(value),
            b"content-length" => length = String::from_utf8_lossy(value).trim().parse()?,
            _ => {}
        }
    }
    ensure!(length < LONGEST, "a body that is too long");
    while kept.len() < length {
        ensure!(
            stream.read_buf(&mut kept).await? > 0,
            "a body that ends too early"
        );
    }
    request.body = kept.drain(..length).collect();
    Ok(Some(request))
}

/// What is answered.
#[derive(Default)]
pub(super) struct Answer {
    /// Raw values of `Set-Cookie`.
    pub(super) cookies: Vec<Vec<u8>>,
    /// A page.
    pub(super) html: String,
}

/// Sends an answer, and ends the connection: each host is asked a few times only, and a
/// browser that keeps connections to hundreds of them has none left for more.
pub(super) async fn write(stream: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> Result<()> {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n".to_vec();
    bytes.extend_from_slice(b"Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n");
    bytes.extend_from_slice(b"Connection: close\r\n");
    for cookie in &answer.cookies {
        bytes.extend_from_slice(b"Set-Cookie: ");
        bytes.extend_from_slice(cookie);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", answer.html.len()).as_bytes());
    bytes.extend_from_slice(answer.html.as_bytes());
    stream.write_all(&bytes).await?;
    Ok(stream.shutdown().await?)
}
