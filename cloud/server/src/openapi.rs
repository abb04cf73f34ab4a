//! The router, and the OpenAPI document that is generated with it: a route cannot
//! be in one of them only.

use axum::routing::get;
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::routes::{
    accounts, approval, approve, audit, catalogue, consents, device, devices, health, manage, sessions,
    sign_in, transfers, users, worker, worker_keys,
};
use crate::state::AppState;
use crate::{middleware, web};

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/openapi.json";

/// All routes but that of the document itself, and the document.
fn routes() -> (Router<AppState>, OpenApi) {
    OpenApiRouter::with_openapi(empty_document())
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(sign_in::sign_out))
        .routes(routes!(sign_in::me))
        .routes(routes!(device::enrol))
        .routes(routes!(device::send_code))
        .routes(routes!(device::verify))
        .routes(routes!(approval::ask, approval::answer))
        .routes(routes!(devices::list))
        .routes(routes!(approve::approve))
        .routes(routes!(approve::deny))
        .routes(routes!(devices::disable))
        .routes(routes!(users::list, users::invite))
        .routes(routes!(users::accept))
        .routes(routes!(users::deprovision))
        .routes(routes!(manage::list_accounts, manage::add_account))
        .routes(routes!(manage::change_account))
        .routes(routes!(manage::list_apps))
        .routes(routes!(manage::put_app, manage::remove_app))
        .routes(routes!(audit::page))
        .routes(routes!(devices::list_of_user))
        .routes(routes!(devices::disable_of_user))
        .routes(routes!(catalogue::get))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::get))
        .routes(routes!(consents::give))
        .routes(routes!(consents::revoke))
        .routes(routes!(transfers::begin))
        .routes(routes!(transfers::store))
        .routes(routes!(sessions::delete))
        .routes(routes!(sessions::check))
        .routes(routes!(worker_keys::sign_in))
        .routes(routes!(worker_keys::supply))
        .routes(routes!(worker_keys::destroyed))
        .routes(routes!(catalogue::deliver))
        .routes(routes!(worker::work))
        .routes(routes!(worker::report))
        .routes(routes!(worker::take))
        .routes(routes!(health::health))
        .split_for_parts()
}

/// The document.
pub fn document() -> OpenApi {
    routes().1
}

/// The whole server as one service: the API, and the web app for whatever is not of it.
pub fn router(state: AppState) -> Router {
    let (router, document) = routes();
    router
        .route(
            DOCUMENT_PATH,
            get(move || std::future::ready(Json(document.clone()))),
        )
        .fallback(web::serve)
        .method_not_allowed_fallback(middleware::method_not_allowed)
        .layer(CatchPanicLayer::custom(middleware::on_panic))
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            middleware::finish,
        ))
        .with_state(state)
}

fn empty_document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Ferry")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Stores sealed sessions. Every request but those to /v1/health and /openapi.json carries a DPoP \
             proof (RFC 9449, ES256) with the nonce of the last answer's DPoP-Nonce header and, unless it is a \
             GET, a claim `bh`: base64url of the SHA-256 of the body. All but the two sign-ins and accepting an invitation carry \
             `Authorization: DPoP <access token>` as well. Errors are problem documents (RFC 9457) with a \
             stable `code`.",
        ))
        .build();
    let proof = ApiKey::Header(ApiKeyValue::with_description(
        "DPoP",
        "A DPoP proof, RFC 9449 section 4",
    ));
    let token = ApiKey::Header(ApiKeyValue::with_description(
        "Authorization",
        "`DPoP <access token>`",
    ));
    let mut document = OpenApiBuilder::new().info(info).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("proof", SecurityScheme::ApiKey(proof));
    components.add_security_scheme("token", SecurityScheme::ApiKey(token));
    document
}
