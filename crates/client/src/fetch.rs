//! Clock, random numbers and network as browsers have them, in pages and workers
//! alike.

use ferry_protocol::UnixMillis;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, Headers, Request, RequestCache, RequestCredentials, RequestInit, RequestRedirect, Response,
};
use zeroize::Zeroizing;

use crate::{Host, HttpRequest, HttpResponse, NetworkError};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch_raw(request: &Request) -> Promise;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// The browser's `fetch`, `Date` and `crypto`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserHost;

impl Host for BrowserHost {
    #[expect(clippy::disallowed_methods, reason = "this is where browsers' time enters")]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole milliseconds, far below 2^53"
    )]
    fn now(&self) -> UnixMillis {
        UnixMillis(js_sys::Date::now() as i64)
    }

    fn random(&self, bytes: &mut [u8]) {
        // It gives at most 65,536 bytes at once (Web Cryptography API §10.1.1).
        for part in bytes.chunks_mut(65_536) {
            #[expect(
                clippy::expect_used,
                reason = "it throws only when asked for more than it gives"
            )]
            get_random_values(part).expect("random numbers");
        }
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NetworkError> {
        let request = build(&request).map_err(|_| NetworkError::Unreachable)?;
        let response = settle(fetch_raw(&request)).await?;
        let response: Response = response.unchecked_into();
        let body = response.array_buffer().map_err(|error| network_error(&error))?;
        let body = Uint8Array::new(&settle(body).await?).to_vec();
        Ok(HttpResponse {
            status: response.status(),
            nonce: response.headers().get("DPoP-Nonce").ok().flatten(),
            body: Zeroizing::new(body),
        })
    }
}

fn build(request: &HttpRequest) -> Result<Request, JsValue> {
    let headers = Headers::new()?;
    headers.set("Accept", "application/json")?;
    headers.set("DPoP", &request.proof)?;
    if let Some(authorization) = &request.authorization {
        headers.set("Authorization", authorization)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    // Cookies of the server's web pages are no business of the API's.
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    // A redirect would carry the token to wherever the answer says.
    init.set_redirect(RequestRedirect::Error);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(request.timeout_ms)));
    if let Some(body) = &request.body {
        headers.set("Content-Type", "application/json")?;
        init.set_body(&Uint8Array::from(body.as_slice()));
    }
    init.set_headers(&headers);
    Request::new_with_str_and_init(&request.url, &init)
}

async fn settle(promise: Promise) -> Result<JsValue, NetworkError> {
    JsFuture::from(promise)
        .await
        .map_err(|error| network_error(&error))
}

/// A time limit that was reached rejects with a `TimeoutError`, all else with a
/// `TypeError` that says nothing more.
fn network_error(error: &JsValue) -> NetworkError {
    match error.dyn_ref::<web_sys::DomException>() {
        Some(error) if error.name() == "TimeoutError" => NetworkError::Timeout,
        _ => NetworkError::Unreachable,
    }
}
